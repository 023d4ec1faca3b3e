"""Find pipelines that never start, and names in them that nothing has.

Why: A path filter that matches no file of the repository keeps a pipeline from ever starting, and nobody notices. A
job that waits for a job that is not there makes the whole workflow invalid.

Left alone: Everything, because a person has to say what was meant. Filters that only exclude. Names that may come from
files that are included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hclmod.rulekit import Block, Context, Finding, Rule, Span, YamlFile, YamlHooks, YamlNode, patterns, warn

from ._latest import pipelines
from ._pipelines import ACTIONS, Pipeline, Platform, is_pipeline, pipeline
from ._values import names, table
from .drop_needs import REMOVING


def check(_block: Block, _context: Context, /) -> Iterator[Finding]:
    """Yield nothing, because this rule looks at pipelines."""
    yield from ()


def on_yaml(file: YamlFile, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each filter that matches nothing, and for each name that nothing has."""
    each = pipeline(file)
    if each is None or any(rule in REMOVING for rule, _ in context.changed):
        return
    for node in _filters(each):
        globs = [item.value.text for item in node.items if item.value] or [node.text]
        positive = [glob for glob in globs if glob and not glob.startswith("!")]
        if positive and not any(_matches(glob, context.paths) for glob in positive):
            message = f"never starts, because no file matches {', '.join(f'`{glob}`' for glob in positive)}"
            yield warn(node.span, "no-such-path", message, address=each.stem)
    yield from _unknown_needs(each)
    yield from _unknown_files(each, context)


def _filters(each: Pipeline) -> Iterator[YamlNode]:
    """The lists of paths of which one has to change before a pipeline starts."""
    top = each.file.top
    if top is None:
        return
    if each.platform in ACTIONS and set(table(table(each.data).get("on"))) <= {"push", "pull_request"}:
        for event in ("push", "pull_request"):
            yield from _given(top.get("on", event, "paths"))
    if each.platform is Platform.WOODPECKER and (when := top.get("when")):
        places = [item.value for item in when.items] if when.items else [when]
        if len(places) == 1:
            for place in places:
                path = place.get("path") if place else None
                yield from _given(path.get("include") if path and path.pairs else path)


def _given(node: YamlNode | None) -> Iterator[YamlNode]:
    if node is not None:
        yield node


def _matches(glob: str, paths: tuple[str, ...]) -> bool:
    """Whether a glob of a path filter matches a file; what is filled in may match anything."""
    if "$" in glob or any(letter in glob for letter in "[]{}+@("):
        return True
    expression = "".join(_WORDS.get(word) or re.escape(word) for word in re.split(r"(\*\*/|\*\*|\*|\?)", glob))
    return any(patterns.search(f"^(?:{expression})$", path) is not False for path in paths)


_WORDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _unknown_needs(each: Pipeline) -> Iterator[Finding]:
    known = {unit.name for unit in each.units}
    whole = each.path.startswith(".gitlab-ci.y") and "include" not in table(each.data)
    if each.platform is Platform.GITLAB and not whole:
        return
    for unit in each.units:
        for name in unit.needs:
            if name not in known and "$" not in name:
                message = f"`{unit.name}` waits for `{name}`, which is not there"
                yield warn(unit.span, "unknown-need", message, address=unit.name)


def _unknown_files(each: Pipeline, context: Context) -> Iterator[Finding]:
    """The pipelines that a file waits for or calls and that are not there."""
    stems = {other.stem for other in pipelines(context, each) if other.platform is each.platform}
    if each.platform is Platform.WOODPECKER:
        for name in names(table(each.data).get("depends_on")):
            if name not in stems and "$" not in name:
                yield warn(Span(0, 0), "unknown-pipeline", f"waits for the pipeline `{name}`, which is not there")
    for unit in each.units:
        uses = table(unit.data).get("uses")
        if isinstance(uses, str) and uses.startswith("./") and uses.removeprefix("./") not in context.paths:
            message = f"`{unit.name}` calls {uses}, which is not there"
            yield warn(unit.span, "unknown-file", message, address=unit.name)


rule = Rule(check, kinds=(), on_yaml=YamlHooks(files=is_pipeline, at=on_yaml))
