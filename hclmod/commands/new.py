"""`hclmod new rule`: a rule that works from the first minute, with a case that changes and one that must not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod.errors import HclmodError
from hclmod.rulekit import loading

if TYPE_CHECKING:
    from pathlib import Path

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_RULE = '''"""Set `wait = true` on Helm releases. (A working example: say in one sentence what your rule does.)

Why: say why somebody wants this, with the incident or the documentation that shows it.

Left alone: say what the rule looks at and does not change.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, change, fixes, note


def check(release: Block, context: Context, /, *, value: str = "true") -> Iterator[Finding]:
    """Yield a finding for each release."""
    wait = release.attribute("wait")
    if wait is not None:
        yield note(wait, "set-already", f"`wait` is already {wait.value.text}")
        return
    yield change(
        release.title,
        "not-set",
        f"`wait = {value}` is set",
        lambda: fixes.ensure_attribute(release, "wait", value.encode(), after="chart"),
    )


rule = Rule(check, kinds=("helm_release",))
'''
_EXAMPLE = """-- before/main.tf --
resource "helm_release" "web" {
  name  = "web"
  chart = "web"
}
-- after/main.tf --
resource "helm_release" "web" {
  name  = "web"
  chart = "web"
  wait  = true
}
"""
_KEPT = """-- case.toml --
says = ["already false"]
-- before/main.tf --
resource "helm_release" "web" {
  name = "web"
  wait = false
}
"""


def new_rule(rule: str, rules: Path, fixtures: Path) -> tuple[Path, ...]:
    """Write the files of a new rule; nothing is overwritten, and no built-in rule's id is taken."""
    if not _ID.fullmatch(rule):
        raise HclmodError(
            f"`{rule}` is no id of a rule", hint="ImageUse small letters, digits and hyphens: drop-old-label."
        )
    if rule in loading.every():
        hint = "Choose another id: `hclmod rules` lists those that are taken."
        raise HclmodError(f"`{rule}` is the id of a built-in rule", hint=hint)
    topic = fixtures / rule / "basics"
    texts = {
        rules / f"{rule.replace('-', '_')}.py": _RULE,
        topic / "example.txtar": _EXAMPLE,
        topic / "leaves_what_is_set.txtar": _KEPT,
    }
    if present := [path for path in texts if path.exists()]:
        raise HclmodError(f"{present[0]} exists", hint="Choose another id, or remove what is there.")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tuple(texts)
