"""Every image, release, workload and namespace of a repository, one row each: what a rollout is planned from."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from hclmod.images import decide, reference, tags
from hclmod.scan import find
from hclmod.scan.outside import together, users
from hclmod.terraform import origins
from hclmod.terraform.kubernetes import RELEASE
from hclmod.terraform.origins import Hole, Piece
from hclmod.terraform.resources import fan_out, tag_piece

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hclmod.config.file import Config
    from hclmod.engine.project import Project
    from hclmod.images.evidence import Snapshot
    from hclmod.images.reference import Reference
    from hclmod.scan.outside import OutsideImage
    from hclmod.terraform.model import Model
    from hclmod.terraform.origins import Origin
    from hclmod.terraform.resources import ImageUse, Workload
    from hclmod.terraform.stacks import PhaseOf


class ImageRow(Struct, frozen=True, kw_only=True):
    """One image of one container; `origin` is where its tag stands, `fan_out` how many images that literal makes."""

    NARROW: ClassVar = ("stack", "workload", "container", "image", "origin", "fan_out", "floating", "phase")

    stack: str
    workload: str
    container: str
    init: bool
    namespace: str
    image: str
    form: str
    tag: str
    tag_class: str
    origin: str
    chain: str
    fan_out: int
    floating: str  # yes, no or unknown
    phase: int | None


class OutsideRow(Struct, frozen=True, kw_only=True):
    """One image outside of container blocks.

    `file` and `line` are where its tag is written, `origin` where the literal stands that makes it; `address` are the
    resources that use it, and with `read` false nothing in the repository does.
    """

    NARROW: ClassVar = ("stack", "address", "form", "image", "origin", "fan_out", "floating", "phase")

    stack: str
    address: str
    namespace: str
    form: str
    image: str
    tag: str
    tag_class: str
    file: str
    line: int
    origin: str
    read: bool
    fan_out: int
    floating: str  # yes, no or unknown
    phase: int | None


class ReleaseRow(Struct, frozen=True, kw_only=True):
    """One Helm release; an empty cell is an attribute that is not set."""

    stack: str
    release: str
    namespace: str
    chart: str
    version: str
    atomic: str
    wait: str
    timeout: str
    phase: int | None


class WorkloadRow(Struct, frozen=True, kw_only=True):
    """One workload and the entries of its `ignore_changes`."""

    stack: str
    workload: str
    namespace: str
    owner: str  # the resource that declares the namespace, empty for none
    ignored: tuple[str, ...]
    phase: int | None


class NamespaceRow(Struct, frozen=True, kw_only=True):
    """One namespace in which something lives or which is declared, by every resource that declares it."""

    namespace: str
    owner: str  # stack and address, empty where nothing in the repository declares it
    workloads: int
    releases: int
    phases: str  # of what lives there


class PhaseRow(Struct, frozen=True, kw_only=True):
    """How much there is of one phase; `unknown` images may float or not."""

    phase: str  # its number, or none
    stacks: int
    workloads: int
    images: int
    floating: int
    unknown: int
    releases: int
    atomic: int


_Row = ImageRow | OutsideRow | WorkloadRow | ReleaseRow


class Survey(Struct, frozen=True, kw_only=True):
    """All rows, by stack and address."""

    images: tuple[ImageRow, ...]
    outside: tuple[OutsideRow, ...]
    releases: tuple[ReleaseRow, ...]
    workloads: tuple[WorkloadRow, ...]
    namespaces: tuple[NamespaceRow, ...]
    unread: Mapping[str, str]  # documents that could not be read, with the reason

    @property
    def tables(self) -> dict[str, tuple[object, ...]]:
        """The rows by the titles of their tables."""
        return {
            "Images": self.images,
            "Images outside containers": self.outside,
            "Helm releases": self.releases,
            "Workloads": self.workloads,
            "Namespaces": self.namespaces,
        }

    @property
    def summary(self) -> tuple[PhaseRow, ...]:
        """A row for each phase that has anything, and one for what is in none."""
        rows: tuple[_Row, ...] = (*self.images, *self.outside, *self.workloads, *self.releases)
        numbers = sorted({row.phase for row in rows}, key=lambda number: (number is None, number or 0))
        return tuple(self._phase(number) for number in numbers)

    def _phase(self, number: int | None) -> PhaseRow:
        part = self.of(lambda _stack, phase: phase == number)
        images: tuple[ImageRow | OutsideRow, ...] = (*part.images, *part.outside)
        homes: tuple[WorkloadRow | ReleaseRow, ...] = (*part.workloads, *part.releases)
        return PhaseRow(
            phase="none" if number is None else str(number),
            stacks=len({row.stack for row in homes}),
            workloads=len(part.workloads),
            images=len(images),
            floating=sum(row.floating == "yes" for row in images),
            unknown=sum(row.floating == "unknown" for row in images),
            releases=len(part.releases),
            atomic=sum(row.atomic == "true" for row in part.releases),
        )

    def of(self, select: Callable[[str, int | None], bool]) -> Survey:
        """The rows whose stack and phase are selected, with the namespaces that they name and those of such a stack."""
        releases = tuple(row for row in self.releases if select(row.stack, row.phase))
        workloads = tuple(row for row in self.workloads if select(row.stack, row.phase))
        homes: tuple[WorkloadRow | ReleaseRow, ...] = (*releases, *workloads)
        names = {name for row in homes for name in row.namespace.split(", ")}

        def declares(owners: str) -> bool:
            return any(select(owner.rpartition("/")[0], None) for owner in owners.split(", "))

        return replace(
            self,
            images=tuple(row for row in self.images if select(row.stack, row.phase)),
            outside=tuple(row for row in self.outside if select(row.stack, row.phase)),
            releases=releases,
            workloads=workloads,
            namespaces=tuple(row for row in self.namespaces if row.namespace in names or declares(row.owner)),
        )


def survey(project: Project) -> Survey:
    """Every image, also outside of containers, release, workload and namespace of the project."""
    model, outside_images = project.model, project.outside_images
    taker = _Taker(
        model, project.config, project.tags, phase_of=project.assignment.phase_of, outside_images=outside_images
    )
    releases = [taker.release(home) for home in model.workloads if home.block.kind == RELEASE]
    workloads = [taker.workload(home) for home in model.workloads if home.block.kind != RELEASE]
    images = [taker.image(use, origin) for use in model.uses for origin in use.origins]
    return Survey(
        images=tuple(images),
        outside=tuple(map(taker.outside, together(outside_images))),
        releases=tuple(releases),
        workloads=tuple(workloads),
        namespaces=taker.namespaces(),
        unread=dict(sorted(model.unread.items())),
    )


def form_of(origin: Origin) -> str:
    """How an image is written: `literal`, or what its tag comes through last."""
    for part in origin:
        if isinstance(part, Hole):
            return "unknown"
    piece = tag_piece(origin) or origin[-1]
    if not piece.chain:
        return "literal" if len(origin) == 1 else "template"
    last = piece.chain[-1]
    for start, form in (("inputs of", "terragrunt"), ("default of", "module default"), ("module.", "module argument")):
        if last.startswith(start):
            return form
    if last.partition(".")[0] in ("local", "var", "each", "count"):
        return last.partition(".")[0]
    return "var-file" if " " in last else "dynamic"


class _Taker:
    """What all rows are made from."""

    def __init__(
        self, model: Model, config: Config, snapshot: Snapshot,
        *, phase_of: PhaseOf, outside_images: Sequence[OutsideImage],
    ) -> None:  # fmt: skip
        self.model, self.config, self.snapshot, self.phase_of = model, config, snapshot, phase_of
        self.workloads = {each.id: each for each in model.workloads}
        every = (*model.uses, *find.uses(outside_images, find.FORMS))
        self.fan_out = {site: len(uses) for site, uses in fan_out(every).items()}

    def image(self, use: ImageUse, origin: Origin) -> ImageRow:
        """The row of one alternative of a container's image."""
        text = origins.text(origin)
        known = reference.parse(text) if text is not None else None
        piece = tag_piece(origin) or (origin[-1] if origin else None)
        site = piece.site if isinstance(piece, Piece) else None
        tag = known.tag or "" if known else ""
        home = self.workloads.get(use.id)
        return ImageRow(
            stack=use.id.stack,
            workload=use.id.full,
            container=use.image.label,
            init=use.image.init,
            namespace=_named(home) if home else "",
            image="".join(part.text if isinstance(part, Piece) else f"<{part.text}: {part.why}>" for part in origin),
            form=form_of(origin),
            tag=tag,
            tag_class=tags.form(known.tag, known.digest) if known else "none",
            origin=f"{site.document}:{site.line}" if site else f"{use.image.image.document}:{use.image.image.line}",
            chain=" -> ".join(piece.chain) if piece else "",
            fan_out=self.fan_out.get(site, 1) if site else 1,
            floating=self._floating(known),
            phase=self.phase_of(use.id),
        )

    def outside(self, shared: Sequence[OutsideImage]) -> OutsideRow:
        """The row of an image outside of containers, with all that share it."""
        seen = shared[0]
        location, site = seen.location, seen.site
        resources = [resource for each in shared if (resource := each.location.resource)]
        namespaces = (_named(self.workloads[each]) for each in resources if each in self.workloads)
        return OutsideRow(
            stack=location.stack,
            address=users(shared),
            namespace=", ".join(dict.fromkeys(filter(None, namespaces))),
            form=location.form,
            image=seen.shown,
            tag=seen.tag or "",
            tag_class="unknown" if seen.tag is None else tags.classify(seen.tag).value if seen.tag else "none",
            file=location.file,
            line=location.line,
            origin=seen.origin_place,
            read=location.read,
            fan_out=self.fan_out.get(site, 1) if site else 1,
            floating=self._floating(None if seen.tag is None else seen.reference),
            phase=min((phase for each in resources if (phase := self.phase_of(each)) is not None), default=None),
        )

    def _floating(self, known: Reference | None) -> str:
        if known is None:
            return "unknown"
        decision = decide.decide(known, self.config.policy_for(known.name), self.snapshot.image(known.name))
        match decision:
            case decide.Keep(floating=True):
                return "yes"
            case decide.Unknown() if known.tag and tags.classify(known.tag) is tags.TagClass.MAJOR:
                return "unknown"
        return "no"

    def _phase(self, home: Workload) -> int | None:
        return self.phase_of(home.id)

    def release(self, home: Workload) -> ReleaseRow:
        """The row of a Helm release."""
        entries = {name: home.block.settings.get(name, "").strip('"') for name in _SETTINGS}
        return ReleaseRow(
            stack=home.id.stack, release=home.id.full, namespace=_named(home), phase=self._phase(home), **entries
        )

    def workload(self, home: Workload) -> WorkloadRow:
        """The row of a workload."""
        owners = ", ".join(owner for name in home.namespaces for owner in self._owners(name))
        return WorkloadRow(
            stack=home.id.stack,
            workload=home.id.full,
            namespace=_named(home),
            owner=owners,
            ignored=home.block.ignored,
            phase=self._phase(home),
        )

    def _owners(self, name: str | None) -> list[str]:
        return [each.name for each in self.model.namespaces.get(name or "", ())]

    def namespaces(self) -> tuple[NamespaceRow, ...]:
        """A row for each name."""
        living: dict[str, list[Workload]] = defaultdict(list)
        for home in self.model.workloads:
            for name in home.namespaces:
                living[name or "?"].append(home)
        return tuple(self._namespace(name, living.get(name, [])) for name in sorted({*living, *self.model.namespaces}))

    def _namespace(self, name: str, living: Sequence[Workload]) -> NamespaceRow:
        releases = sum(home.block.kind == RELEASE for home in living)
        phases = sorted({phase for home in living if (phase := self._phase(home)) is not None})
        owners = ", ".join(self._owners(name))
        return NamespaceRow(
            namespace=name,
            owner=owners,
            workloads=len(living) - releases,
            releases=releases,
            phases=", ".join(map(str, phases)),
        )


_SETTINGS = ("chart", "version", "atomic", "wait", "timeout")


def _named(home: Workload) -> str:
    return ", ".join(name or "?" for name in home.namespaces)
