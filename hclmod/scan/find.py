"""Images outside of container blocks: each with its place, who reads it, and whether anybody does."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hclmod.hcl.document import Document
from hclmod.hcl.values import Call, Definition, Object, Opaque, Text
from hclmod.images import reference
from hclmod.scan import expressions, names, releases
from hclmod.scan import files as build_files
from hclmod.scan.files import Files
from hclmod.scan.outside import Location, OutsideImage
from hclmod.terraform import code, lists, trace
from hclmod.terraform.declarations import ContainerImage
from hclmod.terraform.origins import STAND_IN, Hole, Module, Piece, Scope
from hclmod.terraform.resources import ImageUse, overrides
from hclmod.yaml import scalars, templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from hclmod.scan.expressions import Reading, Spot
    from hclmod.scan.owners import Owner
    from hclmod.terraform.model import Model
    from hclmod.terraform.origins import Origin


def find(model: Model, files: Files) -> tuple[OutsideImage, ...]:
    """Every image outside of containers, once for each resource; `files` are all of the repository."""
    result: list[OutsideImage] = []
    known: set[str] = set()
    seen: set[tuple[str, str, str]] = set()
    others: dict[str, list[str]] = defaultdict(list)
    guesses: dict[str, list[str]] = defaultdict(list)
    certain: set[str] = set()
    instances = model.instances
    for stack, module in instances:
        here = _Here(files, stack, located(module))
        result += here.written()
        for reading, scope in here.readings():
            for path, is_certain in reached(files, reading, scope):
                reader = stack, here.address(reading.owner), path
                again = path in known if reading.function in _HASHES else reader in seen
                result += here.given(reading, path, scope) if reading.function in _TEXT or not again else ()
                known.add(path)
                seen.add(reader)
                others[path] += here.names((*reading.other_users, *_otherwise(reading)))
                guesses[path] += [] if is_certain else [f"a path that cannot be followed ({_place(reading.path)})"]
                certain.update([path] if is_certain else ())
    for path in guesses.keys() - certain:
        others[path] += guesses[path]
    unread = [path for path in files.paths if path not in known]
    result += _plain(files, unread, model.stacks, {module.folder for _, module in instances})
    return tuple(_shared(each, others.get(each.location.file, ())) for each in result)


def _place(definition: Definition) -> str:
    return f"{definition.document}:{definition.line}"


def _otherwise(reading: Reading) -> tuple[Owner, ...]:
    """The reader, if the text of the file goes to something that is not the cluster's."""
    used = reading.function in _TEXT and not reading.hashed
    return (reading.owner,) if used and reading.owner.kind not in expressions.HARMLESS else ()


def _shared(outside_image: OutsideImage, readers: Iterable[str]) -> OutsideImage:
    """A outside_image whose tag stands in a file, with those who read the file for something else."""
    location, site = outside_image.location, outside_image.site
    if not location.given or site is None or site.document != location.file or site.path:
        return outside_image
    return replace(
        outside_image, location=replace(location, read_by=tuple(dict.fromkeys((*location.read_by, *readers))))
    )


FORMS = (
    "manifest", "kubectl manifest", "helm values", "helm set", "values file", "template file", "config map", "heredoc",
)  # fmt: skip
"""The forms in which an image is given to the cluster by Terraform, so that its tag may be changed there."""


def uses(images: Iterable[OutsideImage], forms: Iterable[str]) -> tuple[ImageUse, ...]:
    """Those in one of the forms as uses, so that they use literals as the images of containers do."""
    target = frozenset(forms)
    return tuple(use for each in images if each.location.form in target and (use := _use(each)))


def _use(outside_image: OutsideImage) -> ImageUse | None:
    location = outside_image.location
    if (
        location.module is None
        or location.owner is None
        or location.resource is None
        or location.image is None
        or not location.given
    ):
        return None
    image = ContainerImage(
        address=location.owner.address,
        kind=location.owner.kind,
        container=f"{location.file}:{location.line}",
        label=location.form,
        init=False,
        image=location.image,
        outside=True,
        read_by=location.read_by,
        metadata=(*location.owner.metadata, *location.metadata),
        ignored=location.owner.ignored,
    )
    over = overrides(location.module, (outside_image.origin,))
    return ImageUse(location.resource, image, (outside_image.origin,), over)


_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".img", ".iso", ".qcow2", ".raw")
_NO_IMAGES = frozenset({"true", "false"})


def _outside_image(location: Location, origin: Origin) -> Iterator[OutsideImage]:
    """The outside_image of an image; none for other texts, such as a pattern."""
    plain = "".join(part.text if isinstance(part, Piece) else STAND_IN for part in origin)
    known = reference.parse(scalars.TEMPLATE.sub(STAND_IN, plain).rstrip(":@"))
    if known is None or plain in _NO_IMAGES or (known.tag is None and known.path.endswith(_PICTURES)):
        return
    hidden = STAND_IN in (known.tag or known.path)
    yield OutsideImage(location, origin, known, None if hidden else known.tag or "")


def _images(spot: Spot, location: Location, scope: Scope) -> Iterator[OutsideImage]:
    for origin in trace.trace(_whole(spot.image, scope), scope):
        yield from _outside_image(location, origin)


class _Here(Struct, frozen=True):
    """One instance of a module."""

    files: Files
    stack: str
    module: Module

    def address(self, owner: Owner) -> str:
        """A resource's address with the module's instance."""
        return f"{self.module.name}.{owner.address}".removeprefix(".")

    def names(self, owners: Iterable[Owner]) -> tuple[str, ...]:
        """Resources as a person reads them, with their stack."""
        return tuple(f"{self.stack}/{self.address(each)}".lstrip("/") for each in owners)

    def location(self, owner: Owner, form: str, file: str, *, line: int, image: Definition | None = None) -> Location:
        """A location of this instance."""
        given = owner.kind in expressions.GIVEN
        return Location(
            stack=self.stack,
            address=self.address(owner),
            form=form,
            file=file,
            line=line,
            module=self.module,
            owner=owner,
            image=image,
            given=given,
        )

    def written(self) -> list[OutsideImage]:
        """The images that stand in the module's documents; what `set` names is one of a release's values too."""
        spotted, given = list(self.spotted()), list(self.given_to_releases())
        places = {_identity(each) for each in given if each.location.form == "helm set"}
        known = {_identity(each) for each in spotted}
        return [
            *(each for each in spotted if _identity(each) not in places),
            *(each for each in given if each.location.form == "helm set" or _identity(each) not in known),
        ]

    def spotted(self) -> Iterator[OutsideImage]:
        """The images that stand in the module's documents, by their place in an object or a text."""
        for spot in self.files.carriers(self.module.folder).spots:
            location = self.location(spot.owner, spot.form, spot.image.document, line=spot.image.line, image=spot.image)
            location = replace(location, read_by=self.names(spot.other_users))
            for scope in _scopes(spot.owner, self.module):
                yield from _images(spot, location, scope)

    def given_to_releases(self) -> Iterator[OutsideImage]:
        """The images that releases are given by `set` or in texts."""
        for release in self.files.carriers(self.module.folder).releases:
            for scope in _scopes(release.owner, self.module):
                for spot in releases.spots(release, scope):
                    image = spot.image
                    place = self.location(spot.owner, spot.form, image.document, line=image.line, image=image)
                    yield from _images(spot, place, scope)

    def readings(self) -> Iterator[tuple[Reading, Scope]]:
        """What the module's documents read; what only counts or hashes files comes last."""
        result = self.files.carriers(self.module.folder).readings
        for reading in sorted(result, key=lambda each: each.function not in _TEXT):
            for scope in _scopes(reading.owner, self.module):
                yield from ((reading, inner) for inner in lists.within(reading.loops, scope))

    def given(self, reading: Reading, path: str, scope: Scope) -> Iterator[OutsideImage]:
        """The images of a file that an expression reads, or why it cannot be read where it is given to a cluster."""
        inner = reading.function == "chart" and not posixpath.basename(path).startswith("values")
        if inner or not code.is_yaml(path):
            return
        form = "template file" if reading.function == "templatefile" else "values file"
        form = "compose file" if build_files.is_compose(path) else form
        form = "ci file" if build_files.is_pipeline(path, anywhere=True) else form
        location = self.location(reading.owner, form, path, line=1)
        location = replace(location, given=location.given and not reading.hashed)
        data = self.files.text(path)
        if isinstance(data, bytes) and len(data) > scalars.LIMIT and b"mage" in data:
            data = f"larger than {scalars.LIMIT // 1024} KiB, so no image is looked for in it"
        if isinstance(data, str):
            hole = Hole(posixpath.basename(path), data, where=path)
            unread = Definition(path, "", 1, Opaque(hole.text, data))
            needed = reading.owner.kind in expressions.MANIFESTS
            yield from _outside_image(replace(location, image=unread), (hole,)) if needed else ()
            return
        given = reading.function == "templatefile" and reading.variables
        variables = trace.table(reading.variables, scope)[0] if given and reading.variables else {}
        yield from _in_yaml(location, data, variables)


def _identity(image: OutsideImage) -> tuple[str, object]:
    """Whose an image is, and where it stands."""
    return image.location.address, image.site or (image.location.file, image.location.line, image.shown)


_TEXT = ("file", "templatefile", "filebase64")
_HASHES = ("filemd5", "filesha1", "filesha256", "filesha512")


def _whole(image: Definition, scope: Scope) -> Definition:
    """An image that is a reference to its parts, put together."""
    parts = scalars.parts("image", None, trace.table(image, scope)[0])
    return replace(image, value=expressions.joined(parts)) if parts else image


def _scopes(owner: Owner, module: Module) -> Iterator[Scope]:
    yield from (scope for _, scope in trace.instances(owner.each, owner.count, Scope(module)))


def located(module: Module) -> Module:
    """A module that knows its `path.module` and `path.root`, as paths from the repository's root."""
    known = {name: Text(f"/{folder}", None) for name, folder in _folders(module)}
    parent = located(module.parent) if module.parent else None
    return replace(module, objects={**module.objects, "path": Object(tuple(known.items()))}, parent=parent)


def _folders(module: Module) -> tuple[tuple[str, str], ...]:
    root = module
    while root.parent:
        root = root.parent
    return ("module", module.folder), ("root", root.folder), ("cwd", root.folder)


def reached(files: Files, reading: Reading, scope: Scope) -> Iterator[tuple[str, bool]]:
    """The files that a path may mean, and whether it does; what is computed in it may be any name.

    With `fileset` it may be any path, and then is all of them.
    """
    root, each = dict(_folders(scope.module))["root"], reading.owner.each
    computed = "**" if each and isinstance(each.value, Call) and "fileset(" in each.value.text else "*"
    for origin in trace.trace(reading.path, scope):
        text = "".join(part.text if isinstance(part, Piece) else computed for part in origin)
        path = posixpath.normpath(posixpath.join("/", root, text)).lstrip("/")
        if text.startswith("*"):
            continue
        if reading.function == "chart":
            yield from ((file, True) for file in files.paths if file.startswith(f"{path}/") and path)
        elif path in files.known:
            yield path, True
        elif "*" in path or reading.function == "fileset":
            pattern = build_files.pattern(path)
            certain = (
                computed == "**" or reading.function == "fileset" or all(isinstance(each, Piece) for each in origin)
            )
            yield from ((file, certain and does is True) for file, does in files.matching(pattern))


def _in_yaml(location: Location, data: bytes, variables: Mapping[str, Definition]) -> Iterator[OutsideImage]:
    """The images of a YAML text; `variables` are what its templates are given."""
    document, results = Document(location.file, data), scalars.images(data)
    numbers = {scalar: number for number, scalar in enumerate(scalars.in_order(results))}
    for parts in results:
        last = parts.get("tag") or parts.get("image") or parts.get("repository") or next(iter(parts.values()))
        line = document.line(last.start)
        filled = {role: templates.filled(each, numbers[each], variables) for role, each in parts.items()}
        image = Definition(location.file, "", line, expressions.joined(filled))
        offsets = templates.readers(data, results, templates.tag_variables(parts))
        readers = tuple(dict.fromkeys(f"{location.file}:{document.line(offset)}" for offset in offsets))
        beside = scalars.metadata(data, last) if location.given else ()
        here = replace(location, line=line, image=image, read_by=readers, metadata=beside)
        for origin in trace.trace(image, Scope(_NOWHERE)):
            yield from _outside_image(here, origin)


_NOWHERE = Module(folder="", name="", variables={}, locals={}, outputs={})


def _plain(
    files: Files, unread: Iterable[str], stacks: Iterable[str], folders: AbstractSet[str]
) -> Iterator[OutsideImage]:
    """The images of files that no expression reads: pipelines, what is built or composed, and the dead."""
    longest = sorted(stacks, key=len, reverse=True)
    pipelines = {path: files.text(path) for path in files.paths if build_files.is_pipeline(path)}
    orders = b"\n".join(data for data in pipelines.values() if isinstance(data, bytes)).decode()
    for path in unread:
        form = _form(path)
        stack = next((each for each in longest if names.belongs(path, each, folders)), None)
        data = files.text(path) if form and (form != "values file" or stack is not None) else ""
        if isinstance(data, str):
            continue
        named = stack is not None and names.is_named(files, path, stack, folders)
        read = form == "ci file" or named or names.is_ordered(path, orders)
        shown = form if read or stack is None else "dead file"
        location = Location(stack=stack or "", address="", form=shown, file=path, line=1, read=read)
        yield from _in_dockerfile(location, data) if form == "dockerfile" else _in_yaml(location, data, {})


def _form(path: str) -> str:
    """What a file that no expression reads is by its name, or nothing."""
    if build_files.is_pipeline(path):
        return "ci file"
    if build_files.is_dockerfile(path):
        return "dockerfile"
    if build_files.is_compose(path):
        return "compose file"
    return "values file" if code.is_yaml(path) and not path.endswith(".json") else ""


def _in_dockerfile(location: Location, data: bytes) -> Iterator[OutsideImage]:
    document = Document(location.file, data)
    for image in build_files.base_images(data):
        yield from _outside_image(replace(location, line=document.line(image.start)), (Piece(image.text, None),))
