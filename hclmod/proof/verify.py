"""Proof by parsers that did not make the edit.

HashiCorp's own parser (pygohcl, else `terraform fmt`) has to accept the whole new document. Then python-hcl2 reads the
smallest places that differ, before and after, and the difference has to be what the fixes declared. Neither alone is
enough (docs/facts.md, Parsers 2): the first sees no difference between `var.x` and `"var.x"`, the second misses glued
lines.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from hclmod.hcl import syntax
from hclmod.hcl.edits import Effect, by_path
from hclmod.hcl.views import Block, top_level
from hclmod.proof import parsers, tokens
from hclmod.proof.structure import Item, Window, changed_items, differences, moved, windows
from hclmod.proof.verdict import AsDeclared, Broken, Same, Unverifiable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hclmod.hcl.edits import Declared, Fix
    from hclmod.hcl.source import Source
    from hclmod.proof.verdict import Verdict


def verify(before: Source, after: Source, fixes: Sequence[Fix]) -> Verdict:
    """Judge the change from `before` to `after`, which `fixes` (those of all rounds) made."""
    if before.data == after.data:
        return Same()
    if (offset := syntax.error_offset(after.tree)) is not None:
        return Broken((f"line {after.document.line(offset)}: syntax error after the edit",))
    match parsers.official(after.data):
        case parsers.Accepted(judge):
            pairs = changed_items(before, after)
            return _compare(before, after, fixes, pairs=pairs, judge=judge)
        case parsers.Absent():
            return _compare(before, after, fixes, pairs=None, judge="")
        case parsers.Rejected(judge, why):
            return Broken((f"{judge}: {why}",))


def rejected(source: Source, proven: Source | None = None) -> str | None:
    """Why an official parser does not read a document, or None: what is broken already is not repaired by guess.

    `proven` is the same document after a change that was proven. Such a parser reads all of it, so only the items that
    differ are asked about.
    """
    pairs = changed_items(source, proven) if proven is not None else None
    if pairs:
        items = b"\n".join(item.source.text(item.node) for item, _ in pairs) + b"\n"
        if isinstance(parsers.official(items), parsers.Accepted):
            return None
    verdict = parsers.official(source.data)
    return f"{verdict.judge} rejects it: {verdict.why}" if isinstance(verdict, parsers.Rejected) else None


def _compare(
    before: Source, after: Source, fixes: Sequence[Fix], *, pairs: Sequence[tuple[Item, Item]] | None, judge: str
) -> Verdict:
    """Compare the items that differ; the whole documents where they do not pair up or no official judge sat."""
    by_key: dict[str, Effect] = {}
    seats = dict.fromkeys((judge,) if judge else ())
    whole = [Window(prefix="", before=before.data, after=after.data)]
    for window in whole if pairs is None else [each for pair in pairs for each in windows(*pair)]:
        match _effects(window, official=bool(judge)):
            case dict() as effects:
                by_key.update(effects)
                seats[parsers.structural()] = None
            case parsers.Rejected(name, why):
                return Unverifiable(f"{name} does not read {window.name}: {_placed(why, window.lines[0])}")
            case tokens.Judged(effects):
                by_key.update(effects)
                seats[tokens.JUDGE] = None
            case Broken() as broken:
                return broken
    wrong = [
        *_undeclared(by_key, [declared for fix in fixes for declared in fix.declares]),
        *_lost_comments(before, after, fixes, pairs),
        *_double_lifecycle(before, after, pairs),
        *(f"{path} changed places" for path in moved(before, after)),
        *(() if judge else _crowded(after)),
    ]
    return Broken(tuple(wrong)) if wrong else AsDeclared(tuple(seats))


def _effects(window: Window, *, official: bool) -> dict[str, Effect] | tokens.Judged | parsers.Rejected | Broken:
    """What became of each path in a window; what python-hcl2 does not read, or not soon, is judged token by token."""
    large = max(len(window.before), len(window.after)) > LARGE
    if official and large and (first := tokens.compare(window)) is not None:
        return first
    old, new = parsers.structure(window.before), parsers.structure(window.after)
    if isinstance(old, dict) and isinstance(new, dict):
        return differences(old, new, window)
    if official and (second := tokens.compare(window)) is not None:
        return second
    if isinstance(old, parsers.Rejected):
        return old
    name, why = (new.judge, new.why) if isinstance(new, parsers.Rejected) else ("", "")
    return Broken((f"{name} no longer reads {window.name}: {_placed(why, window.lines[1])}",))


def _placed(why: str, line: int) -> str:
    """The words of a parser that read a window, with the line of the document in the place of the window's."""
    return _AT.sub(lambda match: f"line {int(match[1]) + line - 1}", why)


LARGE = 1 << 15
"""Bytes of a window above which the tokens are compared first: python-hcl2 takes 50 times as long."""

_AT = re.compile(r"\bline (\d+)(?:,? col(?:umn)? \d+)?")


def _undeclared(effects: dict[str, Effect], declared: Sequence[Declared]) -> Iterable[str]:
    allowed = by_path(declared)
    for path, effect in sorted(effects.items()):
        if not _is_allowed(path, effect, allowed):
            yield f"{path} was {effect.value}, which nothing declared"
    above = {place for path in effects for place in _above(path)}
    for path in sorted(allowed):
        if path not in above and not any(place in effects for place in _above(path)):
            yield f"{path} was to be changed and is as before"


def _is_allowed(path: str, effect: Effect, allowed: dict[str, set[Effect]]) -> bool:
    if effect in allowed.get(path, set()):
        return True
    if path.endswith("]") and Effect.REARRANGED in allowed.get(path[: path.rindex("[")], set()):
        return True  # an item of a list that is as long as before
    inside = any(Effect.CHANGED in allowed.get(place, ()) for place in _above(path))
    return effect not in (Effect.ADDED, Effect.REMOVED) and inside


def _above(path: str) -> Iterator[str]:
    """The path, and those of all that holds it."""
    yield path
    yield from (path[: step.start()] for step in _STEP.finditer(path))


_STEP = re.compile(r"[.\[]")


def _lost_comments(
    before: Source, after: Source, fixes: Sequence[Fix], pairs: Sequence[tuple[Item, Item]] | None
) -> Iterable[str]:
    old = Counter(_comments(before, None if pairs is None else [pair[0] for pair in pairs]))
    new = Counter(_comments(after, None if pairs is None else [pair[1] for pair in pairs]))
    lost = old - new - Counter(drop.strip() for fix in fixes for drop in fix.drops)
    return [f"the comment {comment.decode(errors='replace')!r} was lost" for comment in sorted(lost)]


def _comments(source: Source, items: Sequence[Item] | None) -> Iterator[bytes]:
    nodes = [source.tree.root_node] if items is None else [item.node for item in items]
    return (source.text(comment).strip() for node in nodes for comment in syntax.comments(node))


def _double_lifecycle(before: Source, after: Source, pairs: Sequence[tuple[Item, Item]] | None) -> Iterable[str]:
    """A second `lifecycle` passes every parser and fails at load (docs/facts.md, Terraform 1)."""
    if pairs is None:
        pairs = list(zip(top_level(before)[1], top_level(after)[1], strict=False))
    for old, new in pairs:
        if isinstance(old, Block) and isinstance(new, Block):
            count = len(new.blocks("lifecycle"))
            if count > 1 and count > len(old.blocks("lifecycle")):
                yield f"{new.path} has {count} `lifecycle` blocks"


def _crowded(source: Source) -> Iterable[str]:
    """What HashiCorp's parser rejects and python-hcl2 reads: items that share a line, attributes that stand twice."""
    data, line = source.data, source.document.line
    bodies = [child for child in source.tree.root_node.children if child.type == "body"]
    while bodies:
        items = [child for child in bodies.pop().children if child.type in ("attribute", "block")]
        names = Counter(source.text(item.children[0]).decode() for item in items if item.type == "attribute")
        yield from (f"`{name}` stands {count} times in one block" for name, count in names.items() if count > 1)
        for one, other in pairwise(items):
            if b"\n" not in data[one.end_byte : other.start_byte]:
                yield f"line {line(other.start_byte)}: two items on one line"
        bodies += [child for item in items for child in item.children if child.type == "body"]
