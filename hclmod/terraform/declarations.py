"""What one document declares, as values: variables, locals, module calls, resources with images, namespaces.

`.tf`, `.tfvars` and `terragrunt.hcl` are read alike; what a kind of file cannot hold is simply empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from hclmod.hcl.values import Definition, Text, definition
from hclmod.hcl.views import top_level
from hclmod.terraform.kubernetes import (
    KINDS,
    NAMESPACES,
    RELEASE,
    WORKLOADS,
    containers,
    namespace_attribute,
    namespace_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hclmod.hcl.source import Source
    from hclmod.hcl.views import Attribute, Block


class ModuleCall(Struct, frozen=True, array_like=True):
    """`module "name"`; `path` is the block's, where an argument could be added."""

    name: str
    path: str
    document: str
    arguments: Mapping[str, Definition]

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.name, self.path, self.document  # a call is what stands at its path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModuleCall) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def source(self) -> str | None:
        """The literal source, or None."""
        result = self.arguments.get("source")
        return result.value.text if result and isinstance(result.value, Text) else None


class ContainerImage(Struct, frozen=True, kw_only=True, array_like=True):
    """The image of one container; `each` and `count` are its resource's, `dynamic` the `for_each` of its block.

    `read_by` are the places, as words, that read what makes its tag for something else; outside of
    containers `metadata` are the literal annotations and labels near it, `ignored` is what its resource ignores.
    """

    address: str
    kind: str
    container: str  # as `ignore_changes` writes it; empty for a dynamic one, file and line of one outside of containers
    label: str
    init: bool
    image: Definition
    comments: tuple[str, ...] = ()
    above: tuple[str, ...] = ()  # the comments of its resource
    each: Definition | None = None
    dynamic: tuple[str, Definition] | None = None  # the iterator's name, and what it runs over
    count: Definition | None = None
    outside: bool = False  # no container's: `label` is its form, as in `outside.FORMS`
    read_by: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def slot(self) -> str:
        """Its place among the images of its resource; a dynamic container has none in `ignore_changes`."""
        return self.container or self.image.path


class WorkloadBlock(Struct, frozen=True, kw_only=True, array_like=True):
    """A workload or a release: how it names its namespace, and what rules ask of it where its block is not at hand.

    `metadata` are the literal annotations and labels on its own metadata (`opaque`: its annotations are not a map
    written there, or hold a value that is not a literal), `ignored` the text of its `ignore_changes`,
    `settings` the plain attributes of a release.
    """

    address: str
    kind: str
    document: str
    line: int
    namespace: Definition | None
    each: Definition | None
    metadata: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    settings: Mapping[str, str]
    opaque: bool = False  # its annotations are no map written there
    says: tuple[str, ...] = ()  # which of `metadata` and `ignore_changes` stand there
    others: tuple[str, ...] = ()  # the documents that override it
    count: Definition | None = None
    name: Definition | None = None  # of the object in the cluster


class Declarations(Struct, frozen=True, kw_only=True, array_like=True):
    """Everything that one document declares and others may refer to."""

    document: str
    variables: Mapping[str, Definition | None] = field(default_factory=dict)  # to the default
    locals: Mapping[str, Definition] = field(default_factory=dict)
    outputs: Mapping[str, Definition] = field(default_factory=dict)
    attributes: Mapping[str, Definition] = field(default_factory=dict)  # of the top level: tfvars, `inputs`
    blocks: tuple[
        tuple[str, tuple[str, ...], Mapping[str, Definition]], ...
    ] = ()  # of Terragrunt: type, labels, attributes
    calls: tuple[ModuleCall, ...] = ()
    images: tuple[ContainerImage, ...] = ()
    workloads: tuple[WorkloadBlock, ...] = ()
    namespaces: Mapping[str, Definition | None] = field(default_factory=dict)  # address to name
    each: Mapping[str, Definition] = field(default_factory=dict)  # a namespace's address to its `for_each`
    count: Mapping[str, Definition] = field(default_factory=dict)  # and to its `count`
    marks: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)  # and to its annotations and labels
    comments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of what passes values on, by its path


_TERRAGRUNT = ("include", "terraform", "dependency", "dependencies", "generate", "unit", "stack")


def declarations(source: Source) -> Declarations:
    """Read a document."""
    return of_blocks(source.document.path, *top_level(source))


def of_blocks(document: str, attributes: Mapping[str, Attribute], blocks: Sequence[Block]) -> Declarations:
    """What the attributes and blocks of a document declare."""
    of_type: dict[str, list[Block]] = defaultdict(list)
    for block in blocks:
        of_type[block.type].append(block)
    resources = of_type["resource"]
    namespaces = [each for each in resources if each.type_label in NAMESPACES]
    return Declarations(
        document=document,
        variables={each.labels[0]: _attribute(each, "default") for each in of_type["variable"] if each.labels},
        locals={name: value for each in of_type["locals"] for name, value in _attributes(each).items()},
        outputs=_outputs(of_type["output"]),
        attributes={name: definition(attribute.value) for name, attribute in attributes.items()},
        blocks=tuple(entry for block in blocks if block.type in _TERRAGRUNT for entry in _terragrunt(block)),
        calls=tuple(_call(each) for each in of_type["module"] if each.labels),
        images=tuple(use for each in resources if each.type_label in KINDS for use in _images(each)),
        workloads=tuple(_workload(each) for each in resources if each.type_label in WORKLOADS),
        namespaces={each.address: _name(each) for each in namespaces},
        each=_by_address(namespaces, "for_each"),
        count=_by_address(namespaces, "count"),
        marks={each.address: tuple(_metadata(each)) for each in namespaces},
        comments={path: message for path, message in _comments(attributes.values(), blocks) if message},
    )


def _outputs(blocks: Iterable[Block]) -> dict[str, Definition]:
    return {block.labels[0]: value for block in blocks if block.labels and (value := _attribute(block, "value"))}


_PASSING_ON = ("locals", "variable", "module", "output")


def _comments(attributes: Iterable[Attribute], blocks: Iterable[Block]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The comments of attributes, with those of the block around, and of the blocks themselves."""
    yield from ((attribute.path, attribute.comments()) for attribute in attributes)
    for block in (block for block in blocks if block.type in _PASSING_ON):
        above = block.comments()
        yield block.path, above
        yield from ((each.path, (*each.comments(), *above)) for each in block.attributes.values())


def _by_address(blocks: Iterable[Block], name: str) -> dict[str, Definition]:
    """An attribute of the blocks that have it, by address."""
    return {block.address: value for block in blocks if (value := _attribute(block, name))}


def _attributes(block: Block) -> dict[str, Definition]:
    return {name: definition(attribute.value) for name, attribute in block.attributes.items()}


def _attribute(block: Block, name: str) -> Definition | None:
    attribute = block.attribute(name)
    return definition(attribute.value) if attribute else None


def _terragrunt(block: Block) -> list[tuple[str, tuple[str, ...], Mapping[str, Definition]]]:
    nested = [(f"{block.type}.{inner.type}", inner.labels, _attributes(inner)) for inner in block.blocks()]
    return [(block.type, block.labels, _attributes(block)), *nested]


def _call(block: Block) -> ModuleCall:
    return ModuleCall(block.labels[0], block.path, block.source.document.path, _attributes(block))


def _images(block: Block) -> list[ContainerImage]:
    results = [
        _image(block, one.image, container=one.path, label=one.label, init=one.init)
        for one in containers(block)
        if one.image
    ]
    return results + [use for pod in block.find(*KINDS[block.type_label].pod) for use in _dynamic(block, pod)]


def _image(block: Block, image: Attribute, **more: Any) -> ContainerImage:
    return ContainerImage(
        address=block.address,
        kind=block.type_label,
        image=definition(image.value),
        comments=image.comments(),
        above=block.comments(),
        each=_attribute(block, "for_each"),
        count=_attribute(block, "count"),
        **more,
    )


def _dynamic(block: Block, pod: Block) -> Iterator[ContainerImage]:
    for dynamic in pod.blocks("dynamic"):
        kind = dynamic.labels[0] if dynamic.labels else ""
        over, named = _attribute(dynamic, "for_each"), dynamic.attribute("iterator")
        if kind in ("container", "init_container") and over:
            iterator = (named.value.text if named else kind, over)
            label, init = f"dynamic {kind}", kind == "init_container"
            for content in dynamic.blocks("content"):
                if image := content.attribute("image"):
                    yield _image(block, image, container="", label=label, init=init, dynamic=iterator)


def _workload(block: Block) -> WorkloadBlock:
    namespace = namespace_attribute(block)
    settings = {name: each.value.text for name, each in block.attributes.items()} if block.type_label == RELEASE else {}
    return WorkloadBlock(
        address=block.address,
        kind=block.type_label,
        document=block.source.document.path,
        line=block.line,
        namespace=definition(namespace.value) if namespace else None,
        each=_attribute(block, "for_each"),
        metadata=tuple(_metadata(block)),
        ignored=tuple(ignored(block)),
        settings=settings,
        opaque=_is_unread(block),
        says=tuple(_keys(block)),
        count=_attribute(block, "count"),
        name=_name(block),
    )


def _keys(block: Block) -> Iterator[str]:
    if block.blocks("metadata"):
        yield "metadata"
    if any(each.attribute("ignore_changes") for each in block.blocks("lifecycle")):
        yield "ignore_changes"


def _is_unread(block: Block) -> bool:
    results = (each for metadata in block.blocks("metadata") if (each := metadata.attribute("annotations")))
    rows = [attribute.value.entries() for attribute in results]
    return any(entries is None or any(entry.key is None for entry in entries) for entries in rows)


def _metadata(block: Block) -> Iterator[tuple[str, str]]:
    for metadata in block.blocks("metadata"):
        for name in ("annotations", "labels"):
            attribute = metadata.attribute(name)
            for entries in (each.entries() or () for each in reversed(attribute.value.maps() if attribute else ())):
                for entry in entries:
                    if entry.key is not None:
                        yield entry.key, entry.value.string() or ""


def ignored(block: Block) -> Iterator[str]:
    """The text of each entry of a block's `ignore_changes`."""
    for lifecycle in block.blocks("lifecycle"):
        if attribute := lifecycle.attribute("ignore_changes"):
            elements = attribute.value.elements()
            yield from (each.named for each in elements) if elements is not None else (attribute.value.text,)


def _name(block: Block) -> Definition | None:
    """The name of an object of the cluster, or of a release."""
    name = block.attribute("name") if block.type_label == RELEASE else namespace_name(block)
    return definition(name.value) if name else None
