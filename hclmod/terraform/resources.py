"""Images and workloads as one caller of their module sees them, and which literals they use."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.images import reference
from hclmod.terraform import origins, trace
from hclmod.terraform.ids import ImageId, ResourceId
from hclmod.terraform.origins import Module, Piece, Scope, Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hclmod.terraform.declarations import ContainerImage, WorkloadBlock
    from hclmod.terraform.origins import Origin


class ImageUse(Struct, frozen=True):
    """One container's image in one instance of its module, with every alternative that it may be."""

    id: ResourceId  # of its resource
    image: ContainerImage
    origins: tuple[Origin, ...]
    overrides: tuple[str, ...] = ()  # var-files that cannot be read and would win

    @property
    def slot(self) -> ImageId:
        """The container of its block, whoever calls the module."""
        return ImageId(*self.id.block, self.image.slot)

    @property
    def texts(self) -> tuple[str | None, ...]:
        """The image references, None for one that cannot be followed to its end."""
        return tuple(origins.text(origin) for origin in self.origins)

    @property
    def sites(self) -> frozenset[Site]:
        """The literals that make the image."""
        return frozenset(
            part.site for origin in self.origins for part in origin if isinstance(part, Piece) and part.site
        )


class Workload(Struct, frozen=True):
    """A workload or release in one instance of its module, and the names that its namespace may have."""

    id: ResourceId
    block: WorkloadBlock
    namespaces: tuple[str | None, ...]  # None for a name that cannot be read


def tag_piece(origin: Origin) -> Piece | None:
    """The piece of an image in which its tag begins, else its digest; None for an image that has or shows neither."""
    text = origins.text(origin)
    known = reference.parse(text) if text is not None else None
    if text is None or known is None or not (known.tag or known.digest):
        return None
    start = (text.rindex(f":{known.tag}") if known.tag else text.rindex("@")) + 1
    at = 0
    for piece in origin:
        at += len(piece.text)
        if at > start and isinstance(piece, Piece):
            return piece
    return None


def name_piece(origin: Origin) -> Piece | None:
    """The piece of an image in which its name begins; None for an image that is not known."""
    text = origins.text(origin)
    if text is None or reference.parse(text) is None:
        return None
    return next((part for part in origin if isinstance(part, Piece) and part.text), None)


def fan_out(uses: Iterable[ImageUse]) -> dict[Site, tuple[ImageUse, ...]]:
    """For each literal, those of the uses that it makes or helps to make."""
    by_key: dict[Site, list[ImageUse]] = defaultdict(list)
    for use in uses:
        for site in sorted(use.sites, key=lambda each: each.key):
            by_key[site].append(use)
    return {site: tuple(driven) for site, driven in by_key.items()}


def overrides(module: Module, origins_of: Sequence[Origin]) -> tuple[str, ...]:
    """What cannot be read and would win over the weakest place that a root module's variable was read from."""
    layers = _top(module).layers
    steps = {step for origin in origins_of for part in origin for step in part.chain}
    reached = [at for at, layer in enumerate(layers) if any(step.startswith(f"{layer.label} ") for step in steps)]
    last = len(layers) if any(step.startswith("var.") for step in steps) else max(reached, default=0)
    return tuple(dict.fromkeys(layer.label.rstrip(":") for layer in layers[:last] if not layer.complete))


def _top(module: Module) -> Module:
    return module if module.parent is None else _top(module.parent)


def scopes(image: ContainerImage, module: Module) -> list[Scope]:
    """A scope for each thing that `for_each`, `count` and `dynamic` run over; one where they cannot be read."""
    whole = [scope for _, scope in trace.instances(image.each, image.count, Scope(module))]
    if image.dynamic is None:
        return whole
    name, over = image.dynamic
    runs = [(scope, trace.entries(over, scope)) for scope in whole]
    unbound = [scope for scope, pairs in runs if not pairs]
    return unbound + [Scope(module, {**scope.bound, name: pair}) for scope, pairs in runs for pair in pairs or ()]
