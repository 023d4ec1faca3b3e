"""Switch container images to a floating tag.

Why: Keel watches the digest behind a tag that stays the same, so the tag in Terraform has to be one that moves. The
order is the user's decision 3: `latest` where it exists, the major (with its flavour) where it does not, else the
tag stays and the image goes into `ignore_changes` with the marker `KEEL_IGNORE_IMAGE`. What exists is known from
`[images]` in `hclmod.toml` or from the tag snapshot; what is not known is never written.

Left alone: tags that float already, digest pins, pins with a reason in their comment, databases (the option
`stateful` adds name patterns), workloads that opted out, images that Terraform already ignores, images whose text
is not a plain string. Containers of one workload that share a repository move together or not at all. Jobs and bare
pods are changed too, though Keel updates neither and Terraform replaces them: the report says so, and `jobs =
false` leaves them alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod import verbs
from hclmod.images.floating import Float, Keep, LastResort, Unknown
from hclmod.rule import Finding, Rule, change, note, warn
from hclmod.workloads import KINDS, containers, dynamic_containers

from ._floats import decision, parsed, pin_reason, repository
from ._keel import RESTARTED, opt_out
from ._markers import IGNORE_IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.images.floating import Decision
    from hclmod.images.reference import Reference
    from hclmod.rule import Context
    from hclmod.views import Attribute, Block
    from hclmod.workloads import Container


def check(
    workload: Block, context: Context, /, *, stateful: tuple[str, ...] = (), jobs: bool = True
) -> Iterator[Finding]:
    """Yield a finding for every container's image."""
    if not jobs and workload.type_label not in RESTARTED:
        yield note(
            workload.title, workload.address, f"a new image {KINDS[workload.type_label].rollout}, and `jobs` is false"
        )
        return
    if opted := opt_out(workload):
        yield note(opted, workload.address, "opted out with `keel.sh/policy = never`, so its images keep their tags")
        return
    for block in dynamic_containers(workload):
        yield warn(block.title, workload.address, "its containers are `dynamic`, and their images are not followed")
    found = [_Found(workload, each, each.image, context, stateful) for each in containers(workload) if each.image]
    held = {each.name: each for each in found if each.held}
    for each in found:
        yield from each.findings(held)


class _Found:
    """One container's image, with what is known about it."""

    def __init__(
        self,
        workload: Block,
        container: Container,
        attribute: Attribute,
        context: Context,
        stateful: Sequence[str],
    ) -> None:
        self.workload, self.container, self.attribute = workload, container, attribute
        self.image: Reference | None = parsed(attribute)
        self.reason = pin_reason(attribute)
        self.decision: Decision | None = decision(self.image, context, stateful) if self.image else None

    @property
    def name(self) -> str:
        """The image's repository; empty where it does not stand here."""
        known = self.image or repository(self.attribute)
        return known.name if known else ""

    @property
    def held(self) -> bool:
        """Whether this container has to keep its tag, and so has every other on the same repository."""
        if self.image is None:
            return bool(self.name)
        pinned = self.reason is not None and isinstance(self.decision, Float | LastResort)
        return (
            pinned
            or isinstance(self.decision, Unknown)
            or (isinstance(self.decision, Keep) and not self.decision.floating)
        )

    def findings(self, held: dict[str, _Found]) -> Iterator[Finding]:
        """What is to say about this image, knowing which repositories have to stay."""
        address, label = self.workload.address, self.container.label
        if self.image is None or self.decision is None:
            text = self.attribute.value.text.split("\n", 1)[0]
            yield warn(self.attribute, address, f"{label}: the image is `{text}`, whose tag does not stand here")
            return
        match self.decision:
            case Keep(why):
                yield note(self.attribute, address, f"{label}: {self.image} stays: {why}")
            case Unknown(why, what_to_do):
                yield warn(self.attribute, address, f"{label}: {self.image} stays: {why}; {what_to_do}")
            case _ if ignored := self._ignored_already():
                yield ignored
            case _ if self.reason:
                yield note(self.attribute, address, f"{label}: {self.image} stays, its comment says: {self.reason}")
            case _ if other := held.get(self.name):
                yield note(
                    self.attribute,
                    address,
                    f"{label}: {self.image} stays with {other.container.label}, which must",
                )
            case Float(tag, why):
                yield from self._float(self.image, tag, why)
            case LastResort(why):
                yield from self._ignore(why)

    def _ignored_already(self) -> Finding | None:
        """Why another tag here would change nothing, or may; None where Terraform looks at this image."""
        stays = f"{self.container.label}: {self.image} stays: "
        try:
            missing = verbs.missing_items(self.workload, "ignore_changes", [self.ignored], inside="lifecycle")
        except verbs.UnfixableError as error:
            return warn(self.attribute, self.workload.address, f"{stays}Terraform may ignore it: {error}")
        why = "Terraform ignores this image, so another tag here would have no effect on what runs"
        return None if missing else note(self.attribute, self.workload.address, stays + why)

    @property
    def ignored(self) -> str:
        """The entry of `ignore_changes` that covers this image."""
        return f"{self.container.path}.image"

    def _float(self, image: Reference, tag: str, why: str) -> Iterator[Finding]:
        message = f"{self.container.label}: {image} floats on `{tag}`: {why}"
        new = str(image.with_tag(tag)).encode()
        fix = verbs.replace(self.attribute.value, new, self.attribute.value.quoted)
        effect = KINDS[self.workload.type_label].rollout
        yield Finding(self.workload.address, self.attribute.span, message, fix, effect=effect)

    def _ignore(self, why: str) -> Iterator[Finding]:
        message = f"{self.container.label}: {self.image} keeps its tag, and Terraform ignores it: {why}"
        if len(containers(self.workload)) > 1:
            message += "; the entry counts containers by position, so never reorder them"
        yield from change(
            self.attribute,
            self.workload.address,
            message,
            lambda: verbs.ensure_items(
                self.workload, "ignore_changes", [self.ignored], IGNORE_IMAGE, inside="lifecycle"
            ),
        )


rule = Rule(check, kinds=tuple(KINDS))
