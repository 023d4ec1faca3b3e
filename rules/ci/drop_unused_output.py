"""Remove the outputs of a job that only a job read which this run has removed.

Why: The tag of the image went from the build to the deploy. Nobody reads it any more.

Left alone: Outputs that something else reads or may read, and those that nobody read before this run. The steps that
make them stay, because tags of images use them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import Block, Context, Finding, Rule, YamlFile, YamlHooks, YamlPair, change, removal

from ._pipelines import ACTIONS, Pipeline, Unit, is_pipeline, pipeline
from .drop_needs import REMOVING


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /) -> Iterator[Finding]:
    """Yield the removal of each output that was read and is not any more."""
    each, before = pipeline(file), pipeline(context.yaml[file.path])
    removed = any(rule in REMOVING for rule, _ in context.changed)
    if each is None or before is None or each.platform not in ACTIONS or not removed:
        return
    for unit in each.units:
        outputs = unit.node.pair("outputs") if unit.node else None
        unread = (
            [pair for pair in outputs.value.pairs if _is_lost(unit, pair, each, before)]
            if outputs and (outputs.value)
            else []
        )
        if outputs and outputs.value and len(unread) == len(outputs.value.pairs):
            yield _dropped(unit, outputs, "its outputs")
        else:
            for pair in unread:
                yield _dropped(unit, pair, f"its output `{pair.key}`")


def _dropped(unit: Unit, pair: YamlPair, what: str) -> Finding:
    message = f"removes {what}, which nobody reads any more"
    address = f"{unit.name}.{pair.key}"
    return change(pair.span, "unread", message, partial(removal.remove, pair), address=address)


def _is_lost(unit: Unit, pair: YamlPair, now: Pipeline, before: Pipeline) -> bool:
    return _is_read(unit, pair.key, before) and not _is_read(unit, pair.key, now)


def _is_read(unit: Unit, output: str, each: Pipeline) -> bool:
    """Whether something reads an output of a job, or may: all needs at once, or by a computed name."""
    text = each.file.data.decode(errors="replace")
    name, key = re.escape(unit.name), re.escape(output)
    job = rf"(?:\.\s*{name}|\[\s*['\"]{name}['\"]\s*\])"
    inner = rf"(?:\.\s*{key}(?![\w-])|\[\s*['\"]{key}['\"]\s*\])"
    direct = rf"\b(?:needs|jobs)\s*{job}\s*\.\s*outputs\s*{inner}"
    all_of_job = rf"\bneeds\s*{job}\s*(?:\)|\}}|\.\s*outputs\s*(?:\)|\}}|\[(?!\s*['\"])))"
    all_of_needs = r"\bneeds\s*(?:\)|\}\}|\.\s*\*|\[(?!\s*['\"]))"
    whole = f"{all_of_job}|{all_of_needs}"
    return bool(re.search(direct, text) or re.search(whole, text))


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
