"""`hclmod new rule`: a rule that works from the first minute, with a case that changes and one that must not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod import files
from hclmod.errors import HclmodError
from hclmod.rulekit import folders, mistakes
from hclmod.rulekit.rule import BLOCKS

if TYPE_CHECKING:
    from pathlib import Path

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

_RULE = '''"""Set `{attribute} = true` on each `{kind}`. (Say in one sentence what your rule does.)

Why: Say why somebody wants this, with the incident or the documentation that shows it.

Left alone: Say what the rule looks at and does not change.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, change, fixes, note


def check(block: Block, context: Context, /, *, value: str = "true") -> Iterator[Finding]:
    """Yield one finding for each block.

    `value`: the value to set.
    """
    attribute = block.attribute("{attribute}")
    if attribute is not None:
        yield note(attribute, "set-already", f"`{attribute}` is already {{attribute.value.text}}")
        return
    message = f"sets `{attribute} = {{value}}`"
    yield change(block.title, "not-set", message, lambda: fixes.ensure_attribute(block, "{attribute}", value.encode()))


rule = Rule(check, kinds=("{kind}",))
'''


def new_rule(
    rule: str, rules: Path, fixtures: Path, *, kind: str = "helm_release", attribute: str = ""
) -> tuple[Path, ...]:
    """Write the files of a new rule; nothing is overwritten, and no built-in rule's id is taken.

    The rule looks at blocks of a kind and sets an attribute there.
    """
    attribute = attribute or ("wait" if kind == "helm_release" else "enabled")
    _check(rule, kind, attribute)
    topic = fixtures / rule / "basics"
    texts = {
        rules / f"{rule.replace('-', '_')}.py": _RULE.format(kind=kind, attribute=attribute),
        topic / "example.txtar": f"-- before/main.tf --\n{_block(kind, attribute)}"
        f"-- after/main.tf --\n{_block(kind, attribute, 'true')}",
        topic / "leaves_what_is_set.txtar": f'-- case.toml --\ncodes = ["{rule}/set-already"]\n'
        f"-- before/main.tf --\n{_block(kind, attribute, 'false')}",
    }
    if present := [path for path in texts if path.exists()]:
        raise HclmodError(f"{present[0]} exists", hint="Choose another id, or remove what is there.")
    for path, text in texts.items():
        files.save(path, text.encode())
    return tuple(texts)


def _check(rule: str, kind: str, attribute: str) -> None:
    if not _ID.fullmatch(rule):
        raise HclmodError(
            f"`{rule}` is not the id of a rule", hint="Use small letters, digits and hyphens: drop-old-label."
        )
    if rule in folders.every():
        hint = "Choose another id: `hclmod rules` lists those that are taken."
        raise HclmodError(f"`{rule}` is the id of a built-in rule", hint=hint)
    if not mistakes.is_kind(kind):
        raise HclmodError(f"`{kind}` is not a kind of block", hint=mistakes.KINDS)
    if not _NAME.fullmatch(attribute):
        raise HclmodError(f"`{attribute}` is not the name of an attribute", hint="Write one such as `wait`.")


def _block(kind: str, attribute: str, value: str = "") -> str:
    """A block of a kind for the cases, in which the attribute has a value or is missing."""
    block, dot, label = kind.partition(".")
    block, label = (block, label) if dot or block in BLOCKS else ("resource", block)
    labels = {"terraform": (), "resource": (label or "null_resource", "web"), "data": (label or "aws_ami", "web")}
    head = " ".join((block, *(f'"{each}"' for each in labels.get(block, (label or "web",)))))
    other = "source" if block == "module" else "name"
    items = {"description" if attribute == other else other: '"./web"' if block == "module" else '"web"'}
    items |= {attribute: value} if value else {}
    width = max(map(len, items))
    lines = "".join(f"  {name:<{width}} = {text}\n" for name, text in items.items())
    return f"{head} {{\n{lines}}}\n"
