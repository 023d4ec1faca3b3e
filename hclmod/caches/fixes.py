"""The two edits that the doctor makes, and the proof that nothing else changed.

`proxy_cache off;` in the location that answers for manifests, judged by crossplane. The unit of `proxy.ttl`, judged by
PyYAML. Both compare what is read before and after: it has to be equal but for the declared change.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.caches import nginx
from hclmod.caches.codes import PROXY_CACHE_OFF, WRITES
from hclmod.caches.texts import Text, whole
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


def offered(each: Placed, data: bytes, *, filled: bool) -> Placed:
    """The finding with the edit that its cell promises, where the file is one of nginx; else as it is.

    `filled` says that `templatefile` reads the file.
    """
    if (WRITES, PROXY_CACHE_OFF) not in each.finding.cells:
        return each
    text = whole(each.path, data, filled=filled)
    matched = _located(nginx.parse(text), each.line) if nginx.is_nginx(text) else None
    edit = _switched_off(Document(each.path, data), each.line) if matched is not None else None
    if edit is None:
        cells = tuple(cell for cell in each.finding.cells if cell[0] != WRITES)
        return replace(each, finding=replace(each.finding, cells=cells))
    return replace(each, finding=replace(each.finding, fix=Fix((edit,), ())))


def _located(root: Directive | nginx.Unread, line: int) -> Directive | None:
    """The only location on a line."""
    if isinstance(root, nginx.Unread):
        return None
    every = [each for each in root.below() if each.name == "location" and each.line == line]
    return every[0] if len(every) == 1 else None


def _switched_off(document: Document, line: int) -> Edit | None:
    """The edit that puts the directive first into the block that opens on a line."""
    data, start = document.data, 0
    for _ in range(line - 1):
        start = document.next_line(start)
    brace = _brace(data, start)
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
