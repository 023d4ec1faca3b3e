"""What a value of Terraform is when it is given to a cluster: plain data, with a note where a part cannot be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.hcl.values import Call, Definition, For, List, LongText, Object, Opaque, Template, Text
from hclmod.scan.cluster import COMPUTED, Data, UnknownData
from hclmod.terraform import lists, trace
from hclmod.terraform.names import short
from hclmod.terraform.origins import STAND_IN, Hole, Piece
from hclmod.yaml import data as yaml
from hclmod.yaml import templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hclmod.hcl.values import Value
    from hclmod.terraform.names import At
    from hclmod.terraform.origins import Origin, Scope


DEPTH = 100
"""What is nested deeper is not read."""

VALUES = 20_000
"""So many values are read for one: locals that double each other would need 2^n."""

_ENCODING = ("yamlencode", "jsonencode")
_DECODING = ("yamldecode", "jsondecode")
_SPACING = ("chomp", "indent", "trim", "trimprefix", "trimspace", "trimsuffix")
_WORD = re.compile(STAND_IN + r"x(\d+)x")
_DIRECTIVE = re.compile(r"%\{[^}\n]*\}")


class Reader:
    """Reads values as one module sees them; `read` gives the texts of the files that a path may mean, or the reason."""

    def __init__(self, read: Callable[[Definition, Scope], list[tuple[str, str | UnknownData]]]) -> None:
        self.read = read
        self._left = VALUES

    def data(self, definition: Definition, scope: Scope) -> Data:
        """What a value is; an encoded one is decoded."""
        self._left = VALUES
        return self._data(trace.begin(definition, scope), 0)

    def decoded(self, definition: Definition, scope: Scope) -> Iterator[tuple[str, Data]]:
        """The documents of a value that is YAML or JSON, or a map already, each with the file that it stands in."""
        self._left = VALUES
        yield from self._decoded(definition, scope)

    def _decoded(self, definition: Definition, scope: Scope) -> Iterator[tuple[str, Data]]:
        for at in trace.reduced(trace.begin(definition, scope)):
            match at.value:
                case Call("file" | "templatefile", (path, *rest)):
                    yield from self._of_files(at, path, rest)
                case LongText() | Template() | Text():
                    yield from ((at.home.document, each) for each in self._of_text(at, at.value))
                case _:
                    data = self._one(at, 0)
                    texts = _parsed(data, {}) if isinstance(data, str) else [data]
                    yield from ((at.home.document, each) for each in texts)

    def _of_text(self, at: At, value: Value) -> list[Data]:
        """The documents of a text; where it has other lengths by a condition, of none of them."""
        whole = Template(value.parts) if isinstance(value, LongText) else value
        origins = trace.every(replace(at, value=whole))
        if len({len(each) for each in origins}) != 1:
            return [UnknownData(short(value), "it depends on a condition")]
        holes: dict[str, UnknownData] = {}
        return _parsed(_spelled(tuple(_either(parts) for parts in zip(*origins, strict=True)), holes), holes)

    def _of_files(self, at: At, path: Value, variables: Sequence[Value]) -> Iterator[tuple[str, Data]]:
        for file, text in self.read(_at(at, path), at.scope):
            if isinstance(text, UnknownData):
                yield file, text
            else:
                filled, holes = self._filled(text, at, variables)
                yield from ((file, each) for each in _parsed(filled, holes))

    def _filled(self, text: str, at: At, variables: Sequence[Value]) -> tuple[str, dict[str, UnknownData]]:
        """The text of a template with its variables in it; a part that cannot be read has a word in its place."""
        if not variables:
            return text, {}
        given = trace.table(_at(at, variables[0]), at.scope)[0]
        holes: dict[str, UnknownData] = {}

        def value(name: str) -> str:
            origins = trace.trace(given[name], at.scope) if name in given else ()
            origin: Origin = origins[0] if len(origins) == 1 else (Hole(f"${{{name}}}", "it is filled in"),)
            return _spelled(origin, holes)

        return templates.fill(_DIRECTIVE.sub("", text), value), holes

    def _data(self, at: At, depth: int) -> Data:
        """What a value is; where it depends on a condition, it is not known unless all alternatives are the same."""
        self._left -= 1
        if depth > DEPTH or self._left < 0:
            return UnknownData(
                short(at.value), "it is nested too deeply" if depth > DEPTH else "it has too many values"
            )
        first, *others = [self._one(each, depth) for each in trace.reduced(at)]
        return (
            first
            if all(each == first for each in others)
            else UnknownData(short(at.value), "it depends on a condition")
        )

    def _one(self, at: At, depth: int) -> Data:
        """What one alternative is."""
        result: Data = None
        match at.value:
            case Object() | For() | List():
                result = self._collection(at, at.value, depth)
            case LongText(parts=parts):
                result = self._text(replace(at, value=Template(parts)))
            case Call(name) as call if name in _MADE:
                result = self._called(at, call, depth)
            case Call(name) as call if name not in _TEXTS:
                result = UnknownData(short(call), f"what {name}() makes is not followed")
            case Opaque(text, why):
                result = UnknownData(" ".join(text.split()), why)
            case Text("null", None):
                pass
            case _:
                result = self._text(at)
        return result

    def _collection(self, at: At, value: Object | For | List, depth: int) -> Data:
        match value:
            case Object(entries):
                pairs = [(COMPUTED if key is None else key, trace.part(at, inner)) for key, inner in entries]
                return {key: self._data(inner, depth + 1) for key, inner in pairs}
            case For(key=key) if key is not None:
                every = lists.pairs(_at(at, value), at.scope)
                return {self._key(name, at): self._data(_inside(at, inner), depth + 1) for name, inner in every}
        return self._items(at, depth)

    def _items(self, at: At, depth: int) -> Data:
        return [self._data(each, depth + 1) for each in lists.items(_at(at, at.value), at.scope)]

    def _key(self, name: Value, at: At) -> str:
        key = self._text(_inside(at, name))
        return key if isinstance(key, str) else COMPUTED

    def _called(self, at: At, call: Call, depth: int) -> Data:
        """What a function makes that is understood."""
        match call:
            case Call(name, (only,)) if name in _ENCODING:
                return self._data(trace.part(at, only), depth + 1)
            case Call(name, (only,)) if name in _DECODING:
                documents = [each for _, each in self._decoded(_at(at, only), at.scope)]
                return documents[0] if len(documents) == 1 else UnknownData(short(call), "it is several documents")
            case Call("file" | "templatefile", (path, *rest)):
                texts = [each for _, each in self.read(_at(at, path), at.scope)]
                if len(texts) != 1 or isinstance(texts[0], UnknownData):
                    return texts[0] if len(texts) == 1 else UnknownData(short(call), "it may be several files")
                filled, holes = self._filled(texts[0], at, rest)
                return _hidden(filled, holes)
            case Call("indent", (_, text)) | Call(_, (text, *_)) if call.name in _SPACING:
                return self._data(trace.part(at, text), depth + 1)
        return self._items(at, depth)

    def _text(self, at: At) -> Data:
        origins = trace.every(at)
        if len(origins) != 1:
            return UnknownData(short(at.value), "it depends on a condition")
        holes: dict[str, UnknownData] = {}
        return _hidden(_spelled(origins[0], holes), holes)


_JOINED = ("concat", "setunion", "compact", "distinct", "flatten", "reverse", "slice", "sort", "values")
_MADE = frozenset({*_ENCODING, *_DECODING, *_SPACING, *_JOINED, "file", "templatefile"})
_TEXTS = frozenset({"format", "join"})


def _at(at: At, value: Value) -> Definition:
    return trace.taken(trace.part(at, value))


def _inside(at: At, value: Value) -> At:
    return trace.begin(value, at.scope) if isinstance(value, Definition) else trace.part(at, value)


def _either(parts: Sequence[Piece | Hole]) -> Piece | Hole:
    """One part of a text for all its alternatives."""
    first, *others = parts
    same = all(isinstance(each, type(first)) and each.text == first.text for each in others)
    return first if same else Hole(first.text, "it depends on a condition")


def _spelled(origin: Origin, holes: dict[str, UnknownData]) -> str:
    """The text of a value; each part that cannot be followed has a word in its place, by which `holes` knows it."""
    words = []
    for part in origin:
        if isinstance(part, Piece):
            words.append(part.text)
        else:
            word = f"{STAND_IN}x{len(holes)}x"
            holes[word] = UnknownData(part.text, part.why)
            words.append(word)
    return "".join(words)


def _hidden(text: str, holes: Mapping[str, UnknownData]) -> str | UnknownData:
    """A text, or what of it cannot be read."""
    word = _WORD.search(text) if holes else None
    if word is None:
        return text
    if word[0] == text:
        return holes[text]
    return UnknownData(_WORD.sub(lambda each: f"<{holes[each[0]].text}>", text), holes[word[0]].why)


def _parsed(text: str, holes: Mapping[str, UnknownData]) -> list[Data]:
    """The documents of a text; one that cannot be read is one that says why."""
    result = yaml.documents(text)
    if isinstance(result, str):
        return [UnknownData("the text", result)]
    return [_with(each, holes) for each in result if each not in ("", None)]


def _with(data: Data, holes: Mapping[str, UnknownData]) -> Data:
    """Data with what cannot be read in the place of its words."""
    if not holes:
        return data
    if isinstance(data, dict):
        keys = ((COMPUTED if isinstance(_hidden(key, holes), UnknownData) else key, each) for key, each in data.items())
        return {key: _with(each, holes) for key, each in keys}
    if isinstance(data, list):
        return [_with(each, holes) for each in data]
    return _hidden(data, holes) if isinstance(data, str) else data
