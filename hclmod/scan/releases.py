"""The images that a release is given, as one caller of its module sees them."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import product
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from hclmod.hcl.values import Call, Definition, For, List, LongText, Object, Opaque, Template, Text
from hclmod.scan import helm
from hclmod.scan.expressions import ENCODES, Spot, spots_of
from hclmod.terraform import lists, trace
from hclmod.terraform.kubernetes import RELEASE
from hclmod.terraform.names import At, Held
from hclmod.terraform.origins import STAND_IN, Hole, Piece
from hclmod.yaml import scalars

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hclmod.hcl.values import Value
    from hclmod.scan.expressions import Release
    from hclmod.scan.helm import Given
    from hclmod.scan.owners import Owner
    from hclmod.terraform.origins import Origin, Scope, Site
    from hclmod.yaml.scalars import Scalar


def spots(release: Release, scope: Scope) -> Iterator[Spot]:
    """The images of `set` and of texts in `values`; objects and files are found where they are written."""
    yield from _sets(release, scope)
    for item in lists.items(release.values, scope) if release.values else ():
        for one in trace.reduced(item):
            yield from _of_text(one, release.owner, scope)


def _sets(release: Release, scope: Scope) -> Iterator[Spot]:
    """The images that `set` names, in each form that conditionals leave open; parts of one image are put together."""
    forms = [helm.ways(setting, scope) for setting in release.settings]
    if prod(map(len, forms)) > trace.COMBINATIONS:
        forms = [[[each for some in form for each in some]] for form in forms]
    split: dict[tuple[str, ...], list[dict[str, Definition]]] = defaultdict(list)
    known: set[object] = set()
    for given in ([each for some in form for each in some] for form in product(*forms)):
        alone = [each for each in given if _place(each) not in known]
        known.update(map(_place, given))
        yield from _of_names(alone, release.owner)
        for path, entries in _in_parts(given).items():
            split[path].append(entries)
    for path, every in split.items():
        for entries in _longest(every):
            yield from spots_of(scalars.parts(path[-1], None, entries), release.owner, "helm set")


def _of_names(given: Iterable[Given], owner: Owner) -> Iterator[Spot]:
    """The images that one name alone says, and names that cannot be followed."""
    for name, value, place in given:
        *above, key = _path(name)
        if hole := next((part for part in name if isinstance(part, Hole)), None):
            yield from _unread(hole, place, owner, "helm set") if _may_be_image(above, key) else ()
        else:
            yield from spots_of(scalars.parts(key, value, {}), owner, "helm set")


def _in_parts(given: Iterable[Given]) -> dict[tuple[str, ...], dict[str, Definition]]:
    """The parts of each image that is set in parts, by the name of the image; of two values the last one counts."""
    split: dict[tuple[str, ...], dict[str, Definition]] = defaultdict(dict)
    for name, value, _ in given:
        *above, key = _path(name)
        if above and _HOLE not in "".join((*above, key)) and scalars.parts(above[-1], None, {key: value}):
            split[tuple(above)][key] = value
    return split


def _longest(every: Iterable[dict[str, Definition]]) -> list[dict[str, Definition]]:
    """The images in parts without doubles, and without those that are a part of another one."""
    by_key = {frozenset((role, *_literal(each)) for role, each in entries.items()): entries for entries in every}
    return [entries for key, entries in by_key.items() if not any(key < other for other in by_key)]


def _place(given: Given) -> object:
    return given.name, _literal(given.value), _literal(given.place)


def _literal(value: Definition) -> tuple[object, ...]:
    """A value by where it stands, however it was reached."""
    return value.document, value.path, value.line, value.value


_HOLE = "\0"


def _path(name: Origin) -> list[str]:
    """The steps of a name that is set, without numbers."""
    text = "".join(part.text if isinstance(part, Piece) else _HOLE for part in name)
    return re.split(r"(?<!\\)\.", re.sub(r"\[\d+\]", "", text))


def _may_be_image(above: list[str], key: str) -> bool:
    """Whether a name that is known in part may be an image's."""
    if _HOLE in key:
        return True
    value = Text("", None)
    part = above and (_HOLE in above[-1] or "mage" in above[-1]) and scalars.parts("image", None, {key: value})
    return bool(scalars.parts(key, value, {}) or part)


def _unread(hole: Hole, place: Definition, owner: Owner, form: str) -> Iterator[Spot]:
    yield Spot(owner, form, Definition(place.document, place.path, place.line, Opaque(hole.text, hole.why)))


def _of_text(at: At, owner: Owner, scope: Scope) -> Iterator[Spot]:
    """The images of one item of `values` that is text."""
    match at.value:
        case LongText() | Object() | List():
            return  # their images are found where they are written
        case Call("yamlencode" | "jsonencode", (inner,)):
            yield from _of_value(trace.part(at, inner), owner, scope, 0)
            return
        case Call(name, _) if ENCODES.match(f"{name}("):
            return
        case Opaque(text, _) if text.startswith(_TEMPLATES):
            return
    for origin in trace.every(replace(at, value=_plain(at.value))):
        yield from _in_text(origin, at.home, owner, scope)


def _of_value(at: At, owner: Owner, scope: Scope, depth: int) -> Iterator[Spot]:
    """The images of an object that is encoded, wherever it comes from."""
    for one in trace.reduced(at) if depth < lists.DEPTH and next(at.steps) < trace.STEPS else ():
        match one.value:
            case Object(entries):
                for key, value in entries:
                    inner = trace.part(one, value)
                    if key is not None and "image" in key.lower() and (parts := _parts(key, inner)):
                        yield from () if _is_here(parts, scope) else spots_of(parts, owner, "helm values")
                    else:
                        yield from _of_value(inner, owner, scope, 0 if key is None else depth + 1)
            case Call("yamlencode" | "jsonencode", (inner,)):
                yield from _of_value(trace.part(one, inner), owner, scope, depth + 1)
            case List() | For(key=None) | Call():
                is_list = not isinstance(one.value, Call) or one.value.name in lists.LISTS
                for item in lists.items(trace.taken(one), one.scope) if is_list else ():
                    yield from _of_value(replace(item, steps=at.steps), owner, scope, depth + 1)
            case Opaque(text, why) if depth == 0 and not isinstance(one.value, LongText | For):
                yield from _unread(Hole(text, why), one.home, owner, "helm values")


def _parts(key: str, at: At) -> dict[str, Definition]:
    """The image that an entry of an object names."""
    whole = at.value if isinstance(at.value, Definition) else trace.taken(at)
    entries, _ = trace.table(whole, at.scope)
    is_text = not entries and Text("null", None) not in (at.value, whole.value)
    return scalars.parts(key, whole if is_text else None, entries)


def _is_here(parts: Mapping[str, Definition], scope: Scope) -> bool:
    """Whether an image stands in the release itself or in a local of its module, where it is found as it is written."""
    return any(
        each.document.rpartition("/")[0] == scope.module.folder
        and each.path.startswith((f"resource.{RELEASE}.", "locals["))
        for each in parts.values()
    )


_TEMPLATES = ("data.template_file.", "data.kubectl_file_documents.")
_SPACING = ("chomp", "indent", "trim", "trimprefix", "trimspace", "trimsuffix")


def _plain(value: Value) -> Value:
    """A text as the tracer reads it: with its long texts, and without calls that change blanks."""
    match value:
        case LongText(parts=parts) if all(isinstance(each, Text) for each in parts):
            return Text("".join(each.text for each in parts if isinstance(each, Text)), None)
        case LongText(parts=parts):
            return Template(parts)
        case Call("indent", (_, text)):
            return _plain(text)
        case Call(name, (text, *_)) if name in _SPACING:
            return _plain(text)
        case Call(name, arguments, text):
            return Call(name, tuple(map(_plain, arguments)), text)
    return value


def _in_text(origin: Origin, home: Definition, owner: Owner, scope: Scope) -> Iterator[Spot]:
    """The images of a YAML text in parts; a part of its own that cannot be followed may hold one."""
    words = [part.text if isinstance(part, Piece) else f"{STAND_IN}x{index}" for index, part in enumerate(origin)]
    text = _Text(origin, words, home, scope)
    for parts in scalars.images("".join(words).encode()):
        yield from spots_of({role: text.part(scalar) for role, scalar in parts.items()}, owner, "helm values")
    lines = {line.strip() for line in "".join(words).splitlines()}
    for word, part in zip(words, origin, strict=True):
        if isinstance(part, Hole) and word in lines and not ENCODES.match(part.text):
            yield from _unread(part, home, owner, "helm values")


class _Text(NamedTuple):
    """A text in parts, with a word for each part that is not known."""

    origin: Origin
    words: list[str]
    home: Definition
    scope: Scope

    def part(self, scalar: Scalar) -> Definition:
        """What a value in the text says; a part that lies in it as a whole keeps its place."""
        at = 0
        inside: list[Value] = []
        for part, word in zip(self.origin, self.words, strict=True):
            size = len(word.encode())
            start, end = max(scalar.start - at, 0), min(scalar.end - at, size)
            at += size
            if start < end and isinstance(part, Hole):
                inside.append(Opaque(part.text, part.why))
            elif (start, end) == (0, size) and isinstance(part, Piece) and part.site is not None:
                inside.append(_at_site(part, part.site, self.scope))
            elif start < end:
                inside.append(Text(word.encode()[start:end].decode(), None))
        return replace(self.home, value=Template(tuple(inside)))


def _at_site(piece: Piece, site: Site, scope: Scope) -> Held:
    """A piece as a value that keeps where it stands, and how it was reached."""
    text = Text(piece.text, site.place, site.line, site.scalar)
    home = Definition(site.document, site.path, site.line, text)
    at = At(text, home, scope, piece.chain, piece.passed, piece.walked)
    return Held(site.document, site.path, site.line, text, at)
