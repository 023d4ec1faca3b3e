"""Images in YAML text, each with its exact place; other text is read line by line.

Templates (`${x}`, `%{ if }`, `{{ .x }}`) are covered with as many plain bytes before the parser sees them.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from hclmod.lazy import lazily

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tree_sitter import Node, Parser, Tree

    from hclmod.hcl.edits import Span

Part = TypeVar("Part")

TEMPLATE = lazily(
    r"(?<!\$)\$\{(?>(?:[^{}\n]+|\{[^{}\n]*\})*)\}|%\{(?>(?:[^}\n%]+|%(?!\{))*)\}|\$?\{\{(?:(?!\{\{).)*?\}\}"
)
"""What something else fills in before the text is used."""

_COVERED = lazily(TEMPLATE.pattern.encode(), re.DOTALL)
_ALONE = lazily(rb"^([ \t]*)(\0[\0 \t]*\r?)$", re.MULTILINE)
_SEPARATOR = lazily(rb"^([ \t]+)(---)(?=[ \t\r]*$)", re.MULTILINE)
_KEYED = lazily(rb"([ \t]*(?:-[ \t]+)*)[\"']?([A-Za-z][\w-]*)[\"']?[ \t]*:(?:[ \t]+(?:&\S+[ \t]+)?(.*))?")
_COMMENT = lazily(rb"[ \t]#")
_BEHIND = lazily(rb"[\"']?[ \t]*,?[ \t]+(#[^\r\n]*)")
_ROLES = ("registry", "repository", "tag", "digest")
_NESTED = ("block_mapping", "flow_mapping")
_PAIRS = ("block_mapping_pair", "flow_pair")
_SCALARS = ("plain_scalar", "double_quote_scalar", "single_quote_scalar")


class Scalar(Struct, frozen=True):
    """A value as it is written, without quotes, and the offset of its first byte.

    One that is not `sound` was found in a text that is not YAML: it may be read, and must not be written.
    """

    text: str
    start: int
    sound: bool = True

    @property
    def end(self) -> int:
        """The offset behind the last byte of the text."""
        return self.start + len(self.text.encode())


def parts(key: str, whole: Part | None, entries: Mapping[str, Part]) -> dict[str, Part]:
    """The image that an entry of a map names: `image` for a whole one, else `repository`, `tag` and the like."""
    if whole is not None:
        return {"image": whole} if key in ("image", "imageName") else {}
    if not key.lower().endswith("image"):
        return {}
    by_key = {role: entries[role] for role in _ROLES if role in entries}
    if "name" in entries:
        by_key.setdefault("repository", entries["name"])
    return by_key if by_key.keys() - {"registry"} else {}


LIMIT = 1 << 17
"""Larger texts are not searched: templates that open and never close would cost the square of the size."""


def images(data: bytes, holes: Sequence[Span] = (), *, by_line: bool = True) -> tuple[dict[str, Scalar], ...]:
    """Every image of a text in its parts, in order; `holes` are further places that something else fills in.

    Without `by_line` a text that is not YAML has none.
    """
    if b"mage" not in data or len(data) > LIMIT:
        return ()
    return _images(data, tuple(holes), by_line)


@lru_cache(maxsize=4)
def _images(data: bytes, holes: tuple[Span, ...], by_line: bool) -> tuple[dict[str, Scalar], ...]:  # noqa: FBT001
    """Every image, read once for all that ask about one of them."""
    text = covered(data, holes)
    root = tree(text).root_node
    if not root.has_error:
        results = [_of_pair(pair, data) for pair in _pairs(root)]
    else:
        results = list(_by_line(text, data)) if by_line else []
    return tuple(sorted((each for each in results if each), key=lambda each: min(part.start for part in each.values())))


def in_order(by_path: Iterable[Mapping[str, Scalar]]) -> tuple[Scalar, ...]:
    """The parts of all images of a text by where they stand: the `n`-th one is the same after any other edit."""
    return tuple(sorted((part for image in by_path for part in image.values()), key=lambda part: part.start))


def comments(data: bytes, scalar: Scalar, holes: Sequence[Span] = ()) -> tuple[str, ...]:
    """The comments of a value: those on lines of their own directly above it, the one behind it, and those around it.

    These are those of the keys that hold it, from the innermost outwards, and all in the map of the image's parts.
    """
    result = _above(data, scalar.start)
    if behind := _BEHIND.match(data, scalar.end):
        result.append((behind.start(1), behind[1].strip()))
    pairs = 0
    for node in _around(covered(data, holes), scalar) if scalar.sound else ():
        result += _above(data, node.start_byte)
        pairs += node.type in _PAIRS
        key = node.child_by_field_name("key")
        if key is not None and (behind := _BEHIND_KEY.match(data, key.end_byte)):
            result.append((behind.start(1), behind[1].strip()))
        if key is not None and pairs == _NEAR and b"mage" in data[key.start_byte : key.end_byte]:
            result += _within(node, data)
    return tuple(text.decode(errors="replace") for _, text in dict.fromkeys(result))


def _around(text: bytes, scalar: Scalar) -> Iterator[Node]:
    """The entries of maps and lists that hold a value, from the innermost outwards."""
    node = tree(text).root_node.descendant_for_byte_range(scalar.start, scalar.end)
    while node is not None:
        if node.type in (*_PAIRS, "block_sequence_item"):
            yield node
        node = node.parent


_NEAR = 2  # `image:` around `tag:`
_BEHIND_KEY = lazily(rb"[ \t]*:[ \t]+(?:[&!]\S+[ \t]+)*(#[^\r\n]*)")


def _above(data: bytes, offset: int) -> list[tuple[int, bytes]]:
    """The comments on lines of their own directly above the line of an offset, each with where it begins."""
    result: list[tuple[int, bytes]] = []
    start = data.rfind(b"\n", 0, offset) + 1
    while start:
        above = data.rfind(b"\n", 0, start - 1) + 1
        line = data[above : start - 1]
        if not line.lstrip().startswith(b"#"):
            break
        result.insert(0, (start - 1 - len(line.lstrip()), line.strip()))
        start = above
    return result


def _within(node: Node, data: bytes) -> Iterator[tuple[int, bytes]]:
    """The comments in a node; what is covered by one is none."""
    nodes = [node]
    while nodes:
        node = nodes.pop()
        text = data[node.start_byte : node.end_byte]
        if node.type == "comment" and text.startswith(b"#"):
            yield node.start_byte, text.strip()
        nodes.extend(node.named_children)


def metadata(data: bytes, scalar: Scalar, holes: Sequence[Span] = ()) -> tuple[tuple[str, str], ...]:
    """The pairs of a value's document whose key holds a slash, as those of annotations and labels do.

    The text is empty where it is not a scalar on one line, or something fills in a part of it.
    """
    if not scalar.sound or b"/" not in data:
        return ()
    parts = _metadata(data, tuple(holes))
    return next((pairs for start, end, pairs in parts if start <= scalar.start < end), ())


@lru_cache(maxsize=4)
def _metadata(data: bytes, holes: tuple[Span, ...]) -> tuple[tuple[int, int, tuple[tuple[str, str], ...]], ...]:
    """The same pairs of each document of a text, with where it begins and ends."""
    root = tree(covered(data, holes)).root_node
    return tuple(
        (
            whole.start_byte,
            whole.end_byte,
            tuple(pair for each in _pairs(whole) if (pair := _slashed(each, data, holes))),
        )
        for whole in (*root.children, root)
    )


def _slashed(pair: Node, data: bytes, holes: Sequence[Span]) -> tuple[str, str] | None:
    key = scalar(pair.child_by_field_name("key"), data)
    if key is None or "/" not in key.text:
        return None
    value = scalar(pair.child_by_field_name("value"), data)
    filled = value is None or any(hole.start < value.end and value.start < hole.end for hole in holes)
    return key.text, "" if value is None or filled or TEMPLATE.search(value.text) else value.text


@cache
def _parser() -> Parser:
    import tree_sitter_yaml
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_yaml.language()))


@lru_cache(maxsize=4)
def tree(text: bytes) -> Tree:
    """The syntax tree of a text in which templates are covered."""
    return _parser().parse(text)


def covered(data: bytes, holes: Sequence[Span] = ()) -> bytes:
    """The same number of bytes and lines: a template is a word, alone on its line a comment."""
    return _covered(data, tuple(holes))


@lru_cache(maxsize=4)
def _covered(data: bytes, holes: tuple[Span, ...]) -> bytes:
    text = bytearray(data)
    for start, end in [*((hole.start, hole.end) for hole in holes), *(each.span() for each in _COVERED.finditer(data))]:
        text[start:end] = re.sub(rb"[^\r\n]", b"\0", text[start:end])
    alone = _ALONE.sub(lambda each: each[1] + b"#" + each[2][1:], bytes(text))
    return _SEPARATOR.sub(lambda each: each[2] + each[1], alone.replace(b"\0", b"x"))


def _pairs(root: Node) -> Iterator[Node]:
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.type in _PAIRS:
            yield node
        nodes.extend(node.named_children)


def _of_pair(pair: Node, data: bytes) -> dict[str, Scalar]:
    key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
    name = scalar(key, data)
    if name is None or value is None or "image" not in name.text.lower():
        return {}
    return parts(name.text, scalar(value, data), _entries(value, data))


def _entries(node: Node, data: bytes) -> dict[str, Scalar]:
    by_key: dict[str, Scalar] = {}
    for pair in (pair for inner in node.named_children if inner.type in _NESTED for pair in inner.named_children):
        if pair.type in _PAIRS:
            key = scalar(pair.child_by_field_name("key"), data)
            value = scalar(pair.child_by_field_name("value"), data)
            if key is not None and value is not None:
                by_key[key.text] = value
    return by_key


def scalar(node: Node | None, data: bytes) -> Scalar | None:
    """The text of a scalar on one line; None for an empty one, `null`, and anything else."""
    inner = next((each for each in node.named_children if each.type in _SCALARS), None) if node else None
    if inner is None or (inner.named_children and inner.named_children[0].type == "null_scalar"):
        return None
    quote = 0 if inner.type == "plain_scalar" else 1
    start, end = inner.start_byte + quote, inner.end_byte - quote
    return _messages(data, start, end)


def _messages(data: bytes, start: int, end: int) -> Scalar | None:
    text = data[start:end].decode(errors="replace").rstrip()
    return Scalar(text, start) if text and "\n" not in text else None


def _by_line(text: bytes, data: bytes) -> Iterator[dict[str, Scalar]]:
    """The keys of single lines; those further in below an `image:` without a value are its entries."""
    lines = list(_keyed_lines(text, data))
    for index, (indent, key, value) in enumerate(lines):
        if "image" in key.lower():
            yield parts(key, value, {} if value else _further_in(lines, index + 1, indent))


def _keyed_lines(text: bytes, data: bytes) -> Iterator[tuple[int, str, Scalar | None]]:
    at = 0
    for line in text.splitlines(keepends=True):
        if match := _KEYED.fullmatch(line.rstrip(b"\r\n")):
            start, end = _bare(match[3] or b"")
            base = at + match.start(3)
            message = _messages(data, base + start, base + end) if end > start else None
            yield len(match[1]), match[2].decode(), replace(message, sound=False) if message else None
        at += len(line)


def _bare(value: bytes) -> tuple[int, int]:
    """Where the text of a value on one line stands, without quotes and comment; nothing for lists, maps and blocks."""
    quote = value[:1]
    if quote in (b'"', b"'"):
        return 1, value.find(quote, 1)
    if quote in (b"", b"#", b"[", b"{", b"|", b">", b"*", b"!"):
        return 0, 0
    comment = _COMMENT.search(value)
    return 0, comment.start() if comment else len(value)


def _further_in(lines: Sequence[tuple[int, str, Scalar | None]], index: int, indent: int) -> dict[str, Scalar]:
    by_key: dict[str, Scalar] = {}
    first = lines[index][0] if index < len(lines) else 0
    for at in range(index, len(lines)):
        inner, key, value = lines[at]
        if inner <= indent:
            break
        if inner == first and value is not None:
            by_key[key] = value
    return by_key
