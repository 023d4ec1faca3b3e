"""Images outside of container blocks: each with its place, who reads it, and whether anybody does."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hclmod import build_files, carriers, origins, yaml_values
from hclmod.checkout import Files
from hclmod.document import Document
from hclmod.estate import tag_piece
from hclmod.images import reference, tags
from hclmod.pieces import Hole, Module, Piece, Scope
from hclmod.values import Call, Definition, Object, Template, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from hclmod.carriers import Owner, Reading
    from hclmod.estate import Estate
    from hclmod.pieces import Origin
    from hclmod.values import Value


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """One image outside of container blocks.

    `file` and `line` are where its tag is written, `origin` where the literal stands that makes it; `address` is the
    resource that uses it, and with `read` false nothing in the repository does.
    """

    stack: str
    address: str
    form: str
    image: str
    tag: str
    tag_class: str
    file: str
    line: int
    origin: str
    read: bool


def find(estate: Estate, paths: Iterable[str], read: Callable[[str], bytes | None]) -> tuple[OutsideRow, ...]:
    """Every image outside of containers, by stack, file and line; `paths` are all files of the repository."""
    files = Files(tuple(sorted(paths)), read)
    rows: list[OutsideRow] = []
    known: set[str] = set()
    instances = estate.instances
    for stack, module in instances:
        here = _Here(files, stack, _located(module))
        rows += here.written()
        for reading, scope in here.readings():
            for path in _reached(files, reading, scope):
                rows += here.given(reading, path, scope) if path not in known or reading.function in _TEXT else ()
                known.add(path)
    unread = [path for path in files.paths if path not in known]
    rows += _plain(files, unread, estate.stacks, {module.folder for _, module in instances})
    return _merged(rows)


def _merged(rows: Iterable[OutsideRow]) -> tuple[OutsideRow, ...]:
    """One row for what several resources share, with all their addresses."""
    users: dict[OutsideRow, list[str]] = defaultdict(list)
    for row in rows:
        users[replace(row, address="")].append(row.address)
    found = [replace(row, address=", ".join(dict.fromkeys(filter(None, told)))) for row, told in users.items()]
    return tuple(sorted(found, key=lambda row: (row.stack, row.file, row.line, row.form, row.image, row.origin)))


@dataclass(frozen=True, slots=True)
class _Place:
    """What a row says besides the image."""

    stack: str
    address: str
    form: str
    file: str
    line: int
    read: bool = True


_STAND_IN = "46604660"  # may be a part of a domain, a port, a name or a tag
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".img", ".iso", ".qcow2", ".raw")
_NO_IMAGES = frozenset({"true", "false"})


def _row(place: _Place, origin: Origin) -> Iterator[OutsideRow]:
    """The row of an image; none for a text that is no reference, such as a pattern."""
    plain = "".join(part.text if isinstance(part, Piece) else _STAND_IN for part in origin)
    known = reference.parse(yaml_values.TEMPLATE.sub(_STAND_IN, plain).rstrip(":@"))
    if known is None or plain in _NO_IMAGES or (known.tag is None and known.path.endswith(_PICTURES)):
        return
    shown = "".join(part.text if isinstance(part, Piece) else f"<{part.text}: {part.why}>" for part in origin)
    tag, hidden = known.tag or "", _STAND_IN in (known.tag or known.path)
    kind = "unknown" if hidden else tags.classify(tag).value if tag else "none"
    piece = tag_piece(origin)
    stands = f"{piece.site.document}:{piece.site.line}" if piece and piece.site else f"{place.file}:{place.line}"
    yield OutsideRow(
        place.stack, place.address, place.form, shown, "" if hidden else tag, kind, place.file, place.line, stands,
        place.read,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Here:
    """One instance of a module."""

    files: Files
    stack: str
    module: Module

    def address(self, owner: Owner) -> str:
        """A resource's address with the module's instance."""
        return f"{self.module.name}.{owner.address}".removeprefix(".")

    def written(self) -> Iterator[OutsideRow]:
        """The images that stand in the module's documents."""
        for spot in self.files.carriers(self.module.folder).spots:
            place = _Place(self.stack, self.address(spot.owner), spot.form, spot.image.document, spot.image.line)
            for scope in _scopes(spot.owner, self.module):
                for origin in origins.trace(_whole(spot.image, scope), scope):
                    yield from _row(place, origin)

    def readings(self) -> Iterator[tuple[Reading, Scope]]:
        """What the module's documents read; what only counts or hashes files comes last."""
        found = self.files.carriers(self.module.folder).readings
        for reading in sorted(found, key=lambda each: each.function not in _TEXT):
            for scope in _scopes(reading.owner, self.module):
                yield reading, scope

    def given(self, reading: Reading, path: str, scope: Scope) -> Iterator[OutsideRow]:
        """The images of a file that an expression reads, or why it cannot be read where it is given to a cluster."""
        inner = reading.function == "chart" and not posixpath.basename(path).startswith("values")
        if inner or not build_files.is_yaml(path):
            return
        form = "template file" if reading.function == "templatefile" else "values file"
        form = "compose file" if build_files.is_compose(path) else form
        place = _Place(self.stack, self.address(reading.owner), form, path, 1)
        data = self.files.text(path)
        if isinstance(data, str):
            hole = (Hole(posixpath.basename(path), data),)
            yield from _row(place, hole) if reading.owner.kind in carriers.MANIFESTS else ()
            return
        given = reading.function == "templatefile" and reading.variables
        variables = origins.table(reading.variables, scope)[0] if given and reading.variables else {}
        yield from _in_yaml(place, data, variables)


_TEXT = ("file", "templatefile", "filebase64")


def _whole(image: Definition, scope: Scope) -> Definition:
    """An image that is a reference to its parts, put together."""
    parts = yaml_values.parts("image", None, origins.table(image, scope)[0])
    return replace(image, value=carriers.joined(parts)) if parts else image


def _scopes(owner: Owner, module: Module) -> Iterator[Scope]:
    yield from (scope for _, scope in origins.instances(owner.each, owner.count, Scope(module)))


def _located(module: Module) -> Module:
    """A module that knows its `path.module` and `path.root`, as paths from the repository's root."""
    known = {name: Text(f"/{folder}", None) for name, folder in _folders(module)}
    parent = _located(module.parent) if module.parent else None
    return replace(module, objects={**module.objects, "path": Object(tuple(known.items()))}, parent=parent)


def _folders(module: Module) -> tuple[tuple[str, str], ...]:
    root = module
    while root.parent:
        root = root.parent
    return ("module", module.folder), ("root", root.folder), ("cwd", root.folder)


def _reached(files: Files, reading: Reading, scope: Scope) -> Iterator[str]:
    """The files that a path may mean; what is computed in it may be any name, or with `fileset` any path."""
    root, each = dict(_folders(scope.module))["root"], reading.owner.each
    computed = "**" if each and isinstance(each.value, Call) and "fileset(" in each.value.text else "*"
    for origin in origins.trace(reading.path, scope):
        text = "".join(part.text if isinstance(part, Piece) else computed for part in origin)
        path = posixpath.normpath(posixpath.join("/", root, text)).lstrip("/")
        if text.startswith("*"):
            continue
        if reading.function == "chart":
            yield from (file for file in files.paths if file.startswith(f"{path}/") and path)
        elif path in files.known:
            yield path
        elif "*" in path or reading.function == "fileset":
            pattern = re.compile(_WORD.sub(_pattern, path))
            yield from filter(pattern.fullmatch, files.paths)


_WORD = re.compile(r"\*\*/?|[*?]|\{([^{}]*)\}|[^*?{]+|\{")


def _pattern(word: re.Match[str]) -> str:
    """A regular expression for one word of what `fileset` understands."""
    if word[1] is not None:
        return f"(?:{'|'.join(map(re.escape, word[1].split(',')))})"
    simple = {"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return simple.get(word[0]) or re.escape(word[0])


def _in_yaml(place: _Place, data: bytes, variables: Mapping[str, Definition]) -> Iterator[OutsideRow]:
    """The images of a YAML text; `variables` are what its templates are given."""
    document = Document(place.file, data)
    for parts in yaml_values.images(data):
        last = parts.get("tag") or parts.get("image") or parts.get("repository") or next(iter(parts.values()))
        line = document.line(last.start)
        image = carriers.joined({role: _filled(scalar.text, variables) for role, scalar in parts.items()})
        for origin in origins.trace(Definition(place.file, "", line, image), Scope(_NOWHERE)):
            yield from _row(replace(place, line=line), origin)


_NOWHERE = Module("", "", {}, {}, {})
_NAME = re.compile(r"(?<!\$)\$\{\s*([A-Za-z_]\w*)\s*\}")


def _filled(text: str, variables: Mapping[str, Definition]) -> Value:
    """A text with the variables of its template in it."""
    words = _NAME.split(text)
    if len(words) == 1:
        return Text(text, None)
    parts: list[Value] = []
    for literal, name in zip(words[::2], [*words[1::2], None], strict=True):
        parts += [Text(literal, None)] if literal else []
        if name is not None:
            parts.append(variables.get(name) or Text(f"${{{name}}}", None))
    return Template(tuple(parts))


def _plain(
    files: Files, unread: Iterable[str], stacks: Iterable[str], folders: AbstractSet[str]
) -> Iterator[OutsideRow]:
    """The images of files that no expression reads: pipelines, what is built or composed, and the dead."""
    names = sorted(stacks, key=len, reverse=True)
    pipelines = {path: files.text(path) for path in files.paths if build_files.is_pipeline(path)}
    orders = b"\n".join(data for data in pipelines.values() if isinstance(data, bytes)).decode()
    for path in unread:
        form = _form(path)
        stack = next((each for each in names if _belongs(path, each, folders)), None)
        data = files.text(path) if form and (form != "values file" or stack is not None) else ""
        if isinstance(data, str):
            continue
        named = stack is not None and _is_named(files, path, stack, folders)
        read = form == "ci file" or named or _is_ordered(path, orders)
        place = _Place(stack or "", "", form if read or stack is None else "dead file", path, 1, read)
        yield from _in_dockerfile(place, data) if form == "dockerfile" else _in_yaml(place, data, {})


def _form(path: str) -> str:
    """What a file that no expression reads is by its name, or nothing."""
    if build_files.is_pipeline(path):
        return "ci file"
    if build_files.is_dockerfile(path):
        return "dockerfile"
    if build_files.is_compose(path):
        return "compose file"
    return "values file" if build_files.is_yaml(path) and not path.endswith(".json") else ""


def _belongs(path: str, stack: str, folders: AbstractSet[str]) -> bool:
    """Whether a file is a stack's; at the root of the repository only what lies beside the `.tf` files is."""
    return path.startswith(f"{stack}/") if stack else posixpath.dirname(path) in folders


def _is_ordered(path: str, orders: str) -> bool:
    """Whether a pipeline names the file, or the folder that it is built in."""
    names = [path] if "/" not in path or not build_files.is_dockerfile(path) else [path, posixpath.dirname(path)]
    return any(re.search(rf"(?<![\w.-])(?:\./)?{re.escape(name)}/?(?![\w/-])", orders) for name in names)


def _is_named(files: Files, path: str, stack: str, folders: AbstractSet[str]) -> bool:
    """Whether code of the stack names the file, or a folder around it, by a path from where the code stands."""
    home = posixpath.dirname(path)
    above = [home, *map(str, PurePosixPath(home).parents)] if home else [""]
    for folder in ("" if each == "." else each for each in above):
        own = posixpath.relpath(path, folder or ".")
        inner = posixpath.dirname(own) if home not in folders else ""
        named = rf"(?:[\"'\s=(,]|\./|\}}/){re.escape(own)}(?![\w.-])"
        around = rf"|[.}}]/{re.escape(inner)}/?[\"'\s]" if inner else ""
        if re.search(named + around, files.live(folder)):
            return True
        if folder == stack:
            break
    return False


def _in_dockerfile(place: _Place, data: bytes) -> Iterator[OutsideRow]:
    document = Document(place.file, data)
    for image in build_files.base_images(data):
        yield from _row(replace(place, line=document.line(image.start)), (Piece(image.text, None),))
