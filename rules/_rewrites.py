"""Which images of a workload Keel may rewrite, and why it leaves the others.

Source: docs/facts.md, Keel 4, Keel 5, Images 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hclmod.rulekit import Block, Container, Context, Float, Keep, Reference, Struct, containers, patterns, reference

from ._cluster import facts
from ._floats import decision, held_by, parsed, policy, switches_tags
from ._keel import INIT_CONTAINERS, MONITORED, POLICY, declared
from ._markers import FOLLOWS_TAGS, entries, is_for, marker
from ._policies import keeps_tags


class Rewrites(Struct, frozen=True):
    """The paths of the containers whose image Keel may rewrite, in file order, and why others stay."""

    paths: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    switched: tuple[str, ...] = ()  # those whose tag the same run switches

    @property
    def warning(self) -> str:
        """What an entry for a tag that is new has to be preceded by; empty for none."""
        names = ", ".join(self.switched)
        return f"; apply the new tag of {names} before these entries, or it never reaches running pods" if names else ""

    @property
    def remarks(self) -> str:
        """The reasons in brackets; empty for none."""
        return f" ({'; '.join(self.stays)})" if self.stays else ""


def rewrites(workload: Block, context: Context) -> Rewrites:
    """Who may be rewritten by the Keel of the cluster."""
    ordered = sorted(containers(workload), key=lambda each: each.block.span)
    init = context.config.keel.init_containers or declared(workload, INIT_CONTAINERS) == "true"
    reasons = [(each, next(_reasons(workload, each, context, init=init), None)) for each in ordered]
    stays = tuple(f"{each.label}: {why}" for each, why in reasons if why)
    mine = [each for each, why in reasons if not why]
    new = tuple(each.label for each in mine if _is_switched(workload, each, context))
    return Rewrites(tuple(each.path for each in mine), stays, new)


def _is_switched(workload: Block, container: Container, context: Context) -> bool:
    image = image_of(workload, container, context)
    blocked = (context.folder, workload.address, container.path) in context.blocked
    if image is None or blocked or not switches_tags(context):
        return False
    return isinstance(decision(image, context, context.id_of(workload)), Float)


def image_of(workload: Block, container: Container, context: Context) -> Reference | None:
    """The image of a container, followed to its literal where that is known; None where it is not."""
    if container.image is None:
        return None
    if (followed := context.followed.get((workload.address, container.path))) is not None:
        return reference.parse(followed.image or "")
    return parsed(container.image)


def _reasons(workload: Block, container: Container, context: Context, *, init: bool) -> Iterator[str]:
    if container.image is None:
        yield "has no image"
        return
    if container.init and not init:
        yield f"Keel looks at init containers only with `{INIT_CONTAINERS}`"
    if not _is_monitored(workload, container):
        yield f"`{MONITORED}` excludes it"
    image = image_of(workload, container, context)
    chosen = policy(image, context, context.id_of(workload)) if image else None
    if reason := held_by(container.image.comments(), chosen):
        yield f"its comment says: {reason}"
    if image is None:
        return
    if image.digest and not _is_switched(workload, container, context):
        yield "it is pinned by its digest"
    if chosen is not None and chosen.float == "never":
        yield f"hclmod.toml says never: {chosen.reason}"
    floats = _floats(workload, container, context) or _is_switched(workload, container, context)
    if keeps_tags(context) and declared(workload, POLICY) is None and not floats:
        yield f"{image.tag} is not known to float"
    cluster = facts(context)
    if cluster.version < FOLLOWS_TAGS and str(image) == _as_keel_writes(image):
        yield f"{cluster.shown} keeps its tag and its spelling"


def _is_monitored(workload: Block, container: Container) -> bool:
    pattern = declared(workload, MONITORED)
    if not pattern:
        return True
    return patterns.search(pattern, container.label) is not False  # Go's expressions are not quite ours


def _as_keel_writes(image: Reference) -> str:
    """The image as Keel writes it, whether it changes the tag or not (docs/facts.md, Keel 5)."""
    hub = image.name.removeprefix("docker.io/")
    return f"{hub}:{image.tag or 'latest'}"


def marker_entries(block: Block, context: Context, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each marker that is for a resource the entries that it wants there."""
    images = rewrites(block, context).paths
    markers = {name: marker(name, context.config) for name in names}
    return {name: entries(each, block, images) for name, each in markers.items() if is_for(each, block)}


def floating(workload: Block, context: Context) -> tuple[Container, ...]:
    """The containers whose tag is known to move."""
    return tuple(each for each in containers(workload) if _floats(workload, each, context))


def _floats(workload: Block, container: Container, context: Context) -> bool:
    image = image_of(workload, container, context)
    verdict = decision(image, context, context.id_of(workload)) if image else None
    return isinstance(verdict, Keep) and verdict.floating
