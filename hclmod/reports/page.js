"use strict";
const bar = document.getElementById("filtering");
if (bar) {
  const [stack, rule, effect, review] = ["filter", "rule", "effect", "review"].map((id) => document.getElementById(id));
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const shown = (each) => (!rule.value || each.dataset.rule === rule.value)
    && (!effect.value || each.dataset.effect === effect.value)
    && (!review.checked || each.dataset.kind === "person");
  const apply = () => {
    const name = stack.value.trim().toLowerCase();
    const some = rule.value || effect.value || review.checked;
    for (const each of all("[data-kind]")) each.hidden = !shown(each);
    for (const each of all("[data-stack]")) {
      const items = all("[data-kind]", each);
      each.hidden = !each.dataset.stack.toLowerCase().includes(name)
        || Boolean(some && items.length && items.every((item) => item.hidden));
    }
    for (const each of all(".quiet")) each.hidden = all("[data-stack]", each).every((one) => one.hidden);
  };
  bar.hidden = false;
  bar.addEventListener("input", apply);
  apply();
}
