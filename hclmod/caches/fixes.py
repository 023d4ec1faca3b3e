"""The two edits that the doctor makes, and the proof that nothing else changed.

`proxy_cache off;` in the location that answers for manifests, judged by crossplane. The unit of `proxy.ttl`, judged by
PyYAML. Both compare what is read before and after: it has to be equal but for the declared change.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib.metadata import version
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.caches import nginx
from hclmod.caches.codes import PROXY_CACHE_OFF, WRITES
from hclmod.caches.texts import Text, whole
from hclmod.hcl import edits
from hclmod.hcl.document import Document
from hclmod.hcl.edits import Edit, Fix, Span
from hclmod.proof import verdict
from hclmod.yaml import located

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hclmod.caches.codes import Placed
    from hclmod.caches.nginx import Directive
    from hclmod.proof.verdict import Verdict
    from hclmod.yaml.located import Located

_TTL = "proxy.ttl"
_LOCATION = re.compile(rb"(?:^|(?<=[\s;{}]))location\b")


def offered(path: str, own: Sequence[Placed], data: bytes, *, filled: bool) -> list[Placed]:
    """The findings of a file with the edits that their cells promise, as far as another parser proves them.

    `filled` says that `templatefile` reads the file.
    """
    promised = [each for each in own if (WRITES, PROXY_CACHE_OFF) in each.finding.cells]
    text = whole(path, data, filled=filled)
    root = nginx.parse(text) if promised and nginx.is_nginx(text) else None
    lines = [] if root is None or isinstance(root, nginx.Unread) else _locations(root)
    alone = {line for line, count in Counter(lines).items() if count == 1}
    document, starts = Document(path, data), [0, *(each.end() for each in re.finditer(b"\n", data))]
    at = {line: _switched_off(document, starts[line - 1]) for line in alone}
    every = [_switched(each, at.get(each.line)) if each in promised else each for each in own]
    proven = _proven([each for each in every if each.finding.fix is not None], data, filled=filled)
    return [each if each.finding.fix is None or each in proven else without(each) for each in every]


def without(each: Placed) -> Placed:
    """The finding without an edit."""
    cells = tuple(cell for cell in each.finding.cells if cell[0] != WRITES)
    return replace(each, finding=replace(each.finding, fix=None, cells=cells))


def _proven(fixable: Sequence[Placed], data: bytes, *, filled: bool) -> list[Placed]:
    """Those whose edits do what they declare: all in one go, else the halves, each for itself."""
    if not fixable:
        return []
    _, made = edits.select([each.finding.fix for each in fixable if each.finding.fix is not None])
    old, new = (whole(fixable[0].path, each, filled=filled) for each in (data, edits.apply(data, made)))
    if isinstance(judged(old, new, fixable), verdict.AsDeclared):
        return list(fixable)
    half = len(fixable) // 2
    parts = (fixable[:half], fixable[half:]) if half else ()
    return [each for part in parts for each in _proven(part, data, filled=filled)]


def _switched(each: Placed, edit: Edit | None) -> Placed:
    """The finding with the edit of its location."""
    return without(each) if edit is None else replace(each, finding=replace(each.finding, fix=Fix((edit,), ())))


def _locations(root: Directive) -> list[int]:
    return [each.line for each in root.below() if each.name == "location"]


def _switched_off(document: Document, start: int) -> Edit | None:
    """The edit that puts the directive first into the block of the location on the line that begins there."""
    data = document.data
    word_at = _LOCATION.search(data, start, document.line_end(start))
    brace = _brace(data, word_at.end()) if word_at else None
    if brace is None:
        return None
    at, end = brace + 1, document.line_end(brace)
    word = PROXY_CACHE_OFF.encode()
    rest = data[at:end].strip()
    if rest and not rest.startswith(b"#"):
        return Edit(Span(at, at), b" " + word)
    inner = document.next_line(brace)
    while inner < len(data) and not data[inner : document.line_end(inner)].strip():
        inner = document.next_line(inner)
    closing = data[inner : document.line_end(inner)].strip().startswith(b"}")
    indent = document.indent(start) + b"    " if closing else document.indent(inner)
    return Edit(Span(end, end), document.newline + indent + word)


def _brace(data: bytes, start: int) -> int | None:
    """The offset of the first brace behind a place that stands in no quotes and no comment."""
    quote, at = b"", start
    while at < len(data):
        letter = data[at : at + 1]
        if letter == b"\\":
            at += 1
        elif quote:
            quote = b"" if letter == quote else quote
        elif letter in (b'"', b"'"):
            quote = letter
        elif letter == b"#" and data[at - 1 : at].isspace():
            return None
        elif letter == b"{":
            return at
        at += 1
    return None


def judged(before: Text, after: Text, made: Sequence[Placed]) -> Verdict:
    """Whether another parser reads what the edits declare, and no more."""
    lines = {each.line for each in made if (WRITES, PROXY_CACHE_OFF) in each.finding.cells}
    return _judged_nginx(before, after, lines) if lines else _judged_yaml(before, after, made)


def _judged_nginx(before: Text, after: Text, lines: Collection[int]) -> Verdict:
    old, new = nginx.parse(before), nginx.parse(after)
    for each in (old, new):
        if isinstance(each, nginx.Unread):
            return verdict.Unverifiable(each.why)
    assert not isinstance(old, nginx.Unread)  # noqa: S101 - for the type checker
    assert not isinstance(new, nginx.Unread)  # noqa: S101 - as above
    if _shape(old, lines) == _shape(new, ()):
        return verdict.AsDeclared((f"crossplane {version('crossplane')}",))
    return verdict.Broken(("crossplane reads something else than one `proxy_cache off;` more",))


def _shape(directive: Directive, lines: Collection[int]) -> tuple[object, ...]:
    """A directive without its place, with what is written into the locations on these lines."""
    inner = [_shape(each, lines) for each in directive.block or ()]
    if directive.name == "location" and directive.line in lines:
        inner.insert(0, ("proxy_cache", ("off",), None))
    return directive.name, directive.args, None if directive.block is None else tuple(inner)


def _judged_yaml(before: Text, after: Text, made: Sequence[Placed]) -> Verdict:
    old, new = located.documents(before.plain), located.documents(after.plain)
    if isinstance(old, str) or isinstance(new, str):
        return verdict.Unverifiable(str(old if isinstance(old, str) else new))
    units = {edit.text.decode() for each in made if each.finding.fix for edit in each.finding.fix.edits}
    expected = [_data(each, "", "".join(units)) for each in old]
    if len(units) == 1 and expected == [_data(each, "", "") for each in new]:
        return verdict.AsDeclared((f"PyYAML {version('pyyaml')}",))
    return verdict.Broken(("PyYAML reads something else than the unit of `proxy.ttl` more",))


def _data(at: Located, key: str, unit: str) -> object:
    if isinstance(at.value, str):
        return at.value + unit if key == _TTL else at.value
    if isinstance(at.value, list):
        return [_data(each, f"{key}[]", unit) for each in at.value]
    return {name: _data(each, f"{key}.{name}".lstrip("."), unit) for name, each in at.value.items()}
