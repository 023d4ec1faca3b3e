"use strict";
const field = document.getElementById("filter");
if (field) {
  document.getElementById("filtering").hidden = false;
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const each of document.querySelectorAll("[data-stack]")) {
      each.hidden = !each.dataset.stack.toLowerCase().includes(wanted);
    }
  });
}
