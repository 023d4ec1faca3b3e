"""What a folder's `.tf` files say of images outside of container blocks, and which files they read.

Helm values and `set`, Kubernetes objects, YAML in heredocs, resources of other providers.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from hclmod.hcl import values
from hclmod.hcl.heredocs import heredocs
from hclmod.hcl.values import Call, Definition, For, Opaque, Template, Text
from hclmod.hcl.views import Expression, top_level
from hclmod.lazy import lazily
from hclmod.scan.helm import Setting, settings
from hclmod.scan.owners import Owner, attributes, metadata, owner_of, users
from hclmod.terraform.kubernetes import KINDS, RELEASE
from hclmod.terraform.overrides import live
from hclmod.yaml import scalars

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hclmod.hcl.heredocs import Heredoc
    from hclmod.hcl.source import Source
    from hclmod.hcl.syntax import Node
    from hclmod.hcl.values import Value
    from hclmod.hcl.views import Attribute, Block
    from hclmod.yaml.scalars import Scalar


class Spot(Struct, frozen=True, array_like=True):
    """An image as it stands in a document; `image` is the whole reference, joined where it is written in parts.

    `other_users` use the whole text in which it stands for something that is not the cluster's.
    """

    owner: Owner
    form: str
    image: Definition
    other_users: tuple[Owner, ...] = ()


class Reading(Struct, frozen=True, kw_only=True, array_like=True):
    """A file that a function reads; `function` is `chart` for the folder that a release installs.

    Of one that is `hashed` only the hash is used; `other_users` as for a `Spot`. `loops` are the `for` expressions
    around it, the outermost first: the names that each gives, and what it runs over.
    """

    owner: Owner
    function: str
    path: Definition
    variables: Definition | None = None
    hashed: bool = False
    other_users: tuple[Owner, ...] = ()
    loops: tuple[tuple[tuple[str, ...], Definition], ...] = ()


class Release(Struct, frozen=True, array_like=True):
    """A Helm release: what it sets by name, and its `values`."""

    owner: Owner
    settings: tuple[Setting, ...]
    values: Definition | None


class Carriers(NamedTuple):
    """All of a folder."""

    spots: tuple[Spot, ...]
    readings: tuple[Reading, ...]
    releases: tuple[Release, ...]


MANIFESTS = ("kubernetes_manifest", "kubectl_manifest", RELEASE)
"""What is given to the cluster as it is read."""

GIVEN = frozenset(
    {*MANIFESTS, "kubernetes_config_map", "kubernetes_config_map_v1", "module",
     "data.kubectl_path_documents", "data.kubectl_file_documents"}
)  # fmt: skip
"""Whose images are the cluster's; a pipeline, a machine's first files or a hash may hold others."""

HARMLESS = GIVEN | {"null_resource", "terraform_data"}
"""Who may use a text beside the cluster without holding it: what runs again when it changes is meant to."""

_OBJECTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    RELEASE: ("helm values", ("values",)),
    "kubernetes_manifest": ("manifest", ("manifest",)),
    "kubectl_manifest": ("kubectl manifest", ("yaml_body",)),
    "kubernetes_config_map": ("config map", ("data",)),
    "kubernetes_config_map_v1": ("config map", ("data",)),
    "null_resource": ("trigger", ("triggers",)),
    "terraform_data": ("trigger", ("input", "triggers_replace")),
    "aws_ecs_task_definition": ("provider resource", ("container_definitions",)),
}
"""The attributes whose objects may name images, and the form that these have."""

_ENCODED = ("module", "kubernetes_config_map", "kubernetes_config_map_v1")
"""Kinds of which only what is encoded as YAML or JSON counts."""

PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "docker_container": ("image",),
    "docker_image": ("name",),
    "docker_service": ("image",),
    "nomad_job": (),
    "aws_ecs_task_definition": (),
    "aws_lambda_function": ("image_uri",),
    "aws_apprunner_service": ("image_identifier",),
    "google_cloud_run_service": ("image",),
    "google_cloud_run_v2_service": ("image",),
    "azurerm_container_group": ("image",),
    "azurerm_container_app": ("image",),
}
"""Resources of other providers that run images, and the attributes that name them (docs/facts.md, Terraform 8)."""

_ENCODES = lazily(r"(?:yamlencode|jsonencode|file|templatefile|join|trimspace)\s*\(|<<")
ENCODES = lazily(r"(?:yamlencode|jsonencode|file|templatefile|filebase64)\s*\(")
"""A text that is an object or a file in another form."""

_PATHS = {("resource", RELEASE): ("chart", "chart"), ("data", "kubectl_path_documents"): ("pattern", "file")}
_READERS = frozenset(
    {"file", "templatefile", "fileset", "filebase64", "filemd5", "filesha1", "filesha256", "filesha512"}
)
_HASH = lazily(rb"(?:file)?(?:base64)?(?:md5|sha\d+)\s*\(")
_MATTERS = lazily(rb"[iI]mage|file\w*\(")
_WALKED = frozenset({"object", "function_call"})
_NOMAD = lazily(rb"^[ \t]*image[ \t]*=[ \t]*\"([^\"\n]+)\"", re.MULTILINE)
_WHOLE = (b"apiVersion:", b"services:")
_HOLDERS = frozenset({*_OBJECTS, "module", *KINDS})


def carriers(sources: Sequence[Source]) -> Carriers:
    """Read the documents of one folder."""
    blocks = [block for source in sources for block in top_level(source)[1]]
    text = users(blocks)
    spots: list[Spot] = []
    readings: list[Reading] = []
    releases: list[Release] = []
    for block in live(blocks):
        matter = [
            each for each in attributes(block) if _MATTERS.search(each.source.data, each.span.start, each.span.end)
        ]
        own = () if block.type == "locals" or not matter else (owner_of(block),)
        for attribute in matter:
            direct = attribute.path.count(".") == block.path.count(".") + 1
            other_users = _other_users(block, attribute, text)
            for owner in own or _users(attribute, text):
                result = _spots(attribute, owner, direct=direct)
                spots += (replace(each, other_users=other_users) for each in result)
                readings += (replace(each, other_users=other_users) for each in _readings(attribute, owner))
        if block.type_label == RELEASE and block.type == "resource":
            releases.append(_release(block))
        readings += _named(block)
    return Carriers(tuple(spots), tuple(readings), tuple(releases))


def _release(block: Block) -> Release:
    given = block.attribute("values")
    return Release(owner_of(block), tuple(settings(block)), values.definition(given.value) if given else None)


def joined(parts: Mapping[str, Value]) -> Value:
    """One value for an image that is written in parts; what the chart says itself is a hole."""
    entries = {role: value for role, value in parts.items() if not _is_empty(value)}
    if "image" in parts or not entries:
        return entries.get("image", Text("", None))
    registry = (entries["registry"], Text("/", None)) if "registry" in entries else ()
    repository = entries.get("repository", Opaque("repository", "the chart names it"))
    tag = (Text(":", None), entries["tag"]) if "tag" in entries else ()
    digest = (Text("@", None), entries["digest"]) if "digest" in entries else ()
    return Template((*registry, repository, *tag, *digest))


def _is_empty(value: Value) -> bool:
    inner = value.value if isinstance(value, Definition) else value
    return isinstance(inner, Text) and (not inner.text or inner == Text("null", None))


def _users(attribute: Attribute, users: Mapping[str, tuple[Owner, ...]]) -> tuple[Owner, ...]:
    """Whose a local is: its users', as far as they are such as may name images or read files."""
    entries = tuple(each for each in users.get(attribute.name, ()) if each.kind in _HOLDERS)
    beside = tuple(metadata(attribute))
    return tuple(map(partial(_with, beside), entries)) or (Owner(address=f"local.{attribute.name}", kind="locals"),)


def _other_users(block: Block, attribute: Attribute, users: Mapping[str, tuple[Owner, ...]]) -> tuple[Owner, ...]:
    """Who uses a local that is one text, as `yamlencode` makes, for something that is not the cluster's.

    Of what is decoded each user may read another part.
    """
    if block.type != "locals" or not _ENCODES.match(attribute.value.text):
        return ()
    return tuple(each for each in users.get(attribute.name, ()) if each.kind not in HARMLESS)


def _with(more: tuple[tuple[str, str], ...], owner: Owner) -> Owner:
    """An owner with what is said beside an image of it that stands elsewhere."""
    return replace(owner, metadata=(*owner.metadata, *more)) if more else owner


def _spots(attribute: Attribute, owner: Owner, *, direct: bool) -> Iterator[Spot]:
    """The images of one attribute; `direct` for one of the block itself or of `locals`."""
    if attribute.name in PROVIDERS.get(owner.kind, ()):
        yield Spot(owner, "provider resource", values.definition(attribute.value))
        return
    form, names = _OBJECTS.get(owner.kind, ("helm values", ()))
    local = attribute.path.startswith("locals")
    encoded = b"encode(" in attribute.source.data[attribute.span.start : attribute.span.end]
    text = encoded if owner.kind in _ENCODED else local or attribute.name in names
    known = owner.kind in _OBJECTS or owner.kind == "module"
    for node in _walk(attribute.value.node) if known and text and direct else ():
        if node.type == "object":
            yield from _of_object(Expression(attribute.source, node, attribute.path), attribute, owner, form)
    for heredoc in heredocs(attribute.value):
        yield from _of_heredoc(attribute, heredoc, owner)


def _walk(node: Node) -> Iterator[Node]:
    nodes = [node]
    while nodes:
        node = nodes.pop()
        if node.type in _WALKED:
            yield node
        nodes.extend(reversed(node.named_children))


def _of_object(table: Expression, whole: Attribute, owner: Owner, form: str) -> Iterator[Spot]:
    for entry in table.entries() or ():
        if entry.key is not None and "image" in entry.key.lower():
            inner = entry.value.entries()
            named = {each.key: each.value for each in inner or () if each.key is not None}
            parts = scalars.parts(entry.key, entry.value if inner is None else None, named)
            yield from spots_of({role: values.part(whole.value, each) for role, each in parts.items()}, owner, form)


def spots_of(parts: Mapping[str, Definition], owner: Owner, form: str) -> Iterator[Spot]:
    """The image of these parts, at the place of its tag."""
    if parts:
        yield _at_tag(parts, joined(parts), owner, form)


def _at_tag(parts: Mapping[str, Definition], image: Value, owner: Owner, form: str) -> Spot:
    place = parts.get("tag") or parts.get("image") or parts.get("repository") or next(iter(parts.values()))
    return Spot(owner, form, Definition(place.document, place.path, place.line, image))


def _of_heredoc(attribute: Attribute, heredoc: Heredoc, owner: Owner) -> Iterator[Spot]:
    """The images of the YAML in a heredoc; of a text that only holds some, where it looks given to a cluster."""
    body = heredoc.body
    by_line = owner.kind in MANIFESTS or owner.kind in PROVIDERS or any(word in body for word in _WHOLE)
    form = "kubectl manifest" if owner.kind == "kubectl_manifest" else "heredoc"
    form = "provider resource" if owner.kind in PROVIDERS else form
    results = list(scalars.images(body, heredoc.holes, by_line=by_line))
    if owner.kind == "nomad_job":
        results = [
            {"image": scalars.Scalar(each[1].decode(), each.start(1), sound=False)} for each in _NOMAD.finditer(body)
        ]
    numbers = {scalar: number for number, scalar in enumerate(scalars.in_order(results))}
    for parts in results:
        defined = {role: _defined(attribute, heredoc, scalar, numbers[scalar]) for role, scalar in parts.items()}
        beside = scalars.metadata(body, next(iter(parts.values())), heredoc.holes)
        yield _at_tag(defined, joined(defined), _with(beside, owner), form)


def _defined(attribute: Attribute, heredoc: Heredoc, scalar: Scalar, number: int) -> Definition:
    """What a scalar in a heredoc says, with the expressions of its interpolations; one that has some has no site."""
    source, at, end = attribute.source, heredoc.start + scalar.start, heredoc.start + scalar.end
    line = source.document.line(at)
    parts: list[Value] = []
    for hole in heredoc.nodes:
        if at <= hole.start_byte and hole.end_byte <= end:
            inside = next((each for each in hole.children if each.type == "expression"), None)
            parts.append(Text(_unescaped(source, at, hole.start_byte), None, line))
            parts += [values.part(attribute.value, Expression(source, inside, attribute.path)).value] if inside else []
            at = hole.end_byte
    if not parts and scalar.sound:
        whole = Text(_unescaped(source, at, end), heredoc.place, line, number)
        return Definition(source.document.path, attribute.path, line, whole)
    value = Template((*parts, Text(_unescaped(source, at, end), None, line)))
    return Definition(source.document.path, attribute.path, line, value)


def _unescaped(source: Source, start: int, end: int) -> str:
    return source.data[start:end].decode().replace("$${", "${").replace("%%{", "%{")


def _readings(attribute: Attribute, owner: Owner) -> Iterator[Reading]:
    for node in _walk(attribute.value.node):
        if node.type != "function_call":
            continue
        expression = Expression(attribute.source, node, attribute.path)
        place = values.part(attribute.value, expression)
        match place.value:
            case Call(name, (path, *rest)) if name in _READERS:
                path = Template((path, Text("/", None), rest[0])) if name == "fileset" and rest else path
                given = Definition(place.document, place.path, place.line, rest[0]) if rest else None
                read = Definition(place.document, place.path, place.line, path)
                yield Reading(
                    owner=owner,
                    function=name,
                    path=read,
                    variables=given,
                    hashed=_is_hashed(node, attribute),
                    loops=tuple(_loops(node, attribute)),
                )


def _loops(call: Node, attribute: Attribute) -> list[tuple[tuple[str, ...], Definition]]:
    """The `for` expressions around a call, the outermost first."""
    result: list[tuple[tuple[str, ...], Definition]] = []
    node: Node | None = call
    while node is not None and node != attribute.node:
        expression = Expression(attribute.source, node, attribute.path)
        if node.type == "for_expr" and isinstance(loop := values.read(expression), For):
            place = values.definition(expression)
            result.insert(0, (loop.names, Definition(place.document, place.path, place.line, loop.over)))
        node = node.parent
    return result


def _is_hashed(call: Node, attribute: Attribute) -> bool:
    """Whether a call is a hash, or stands in one: `filesha256(x)`, `sha1(file(x))`."""
    node: Node | None = call
    while node is not None and node != attribute.node:
        if node.type == "function_call" and _HASH.match(attribute.source.text(node)):
            return True
        node = node.parent
    return False


def _named(block: Block) -> Iterator[Reading]:
    """What a block reads by naming it, without a function."""
    name, function = _PATHS.get((block.type, block.type_label), ("", ""))
    if result := block.attribute(name):
        yield Reading(owner=owner_of(block), function=function, path=values.definition(result.value))
