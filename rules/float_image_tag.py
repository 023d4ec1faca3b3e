"""Switch container images to a floating tag.

Why: Keel watches the digest behind a tag that stays the same, so the tag in Terraform has to be one that moves. The
order is the user's decision 3: `latest` where it exists, the major (with its flavour) where it does not, else the
tag stays and the image goes into `ignore_changes` with the marker `KEEL_IGNORE_IMAGE`. What exists is known from
`[images]` in `hclmod.toml` or from the tag snapshot; what is not known is never written.

Left alone: tags that float already, digest pins, pins with a reason in their comment, databases (the option
`stateful` adds name patterns), workloads that opted out, images that Terraform already ignores. A tag that stands
in a local, a variable, a module's call or a terragrunt input is changed there if all that it drives agrees and is in
the phase, else at the call of a module that left it to the default, else not. Containers of one workload that share a
repository move together or not at all. Jobs and bare pods are changed too, though Keel updates neither and Terraform
replaces them: the report says so, and `jobs = false` leaves them alone. Images outside of containers are left too,
except in the forms that the option `outside` names: "manifest", "kubectl manifest", "helm values", "helm set", "values
file", "template file", "config map", "heredoc" (`hclmod survey` lists them).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from hclmod import verbs
from hclmod.images import reference
from hclmod.images.floating import Float, Keep, LastResort, Unknown
from hclmod.rule import Finding, Rule, change, note, warn
from hclmod.workloads import KINDS, containers, dynamic_containers, rollout

from ._floats import decision, parsed, pin_reason, repository
from ._keel import RESTARTED, is_opted_out, is_unread, opt_out, unread_policy
from ._markers import IGNORE_IMAGE, MARKERS, is_for
from ._rewrites import rewrites

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hclmod.images.floating import Decision
    from hclmod.images.reference import Reference
    from hclmod.places import Driven, Literal, Place
    from hclmod.rule import Context
    from hclmod.views import Attribute, Block
    from hclmod.workloads import Container


def check(
    workload: Block, context: Context, /, *, stateful: tuple[str, ...] = (), jobs: bool = True,
    outside: tuple[str, ...] = (),
) -> Iterator[Finding]:  # fmt: skip
    """Yield a finding for every container's image; `outside` is the engine's, which offers places of these forms."""
    del outside
    if not jobs and workload.type_label not in RESTARTED:
        yield note(
            workload.title, workload.address, f"a new image {KINDS[workload.type_label].rollout}, and `jobs` is false"
        )
        return
    if opted := opt_out(workload):
        yield note(opted, workload.address, "opted out with `keel.sh/policy = never`, so its images keep their tags")
        return
    if unread := unread_policy(workload):
        yield warn(unread, workload.address, f"its images keep their tags: {_MAY_OPT_OUT}")
        return
    for block in dynamic_containers(workload):
        yield warn(block.title, workload.address, "its containers are `dynamic`, and their images are not followed")
    found = [_Found(workload, each, each.image, context, stateful) for each in containers(workload) if each.image]
    held = {each.name: each for each in found if each.held}
    for each in found:
        yield from each.findings(held)


_MAY_OPT_OUT = "its annotations are not written out there, so it may be opted out with `keel.sh/policy = never`"
_MISFIT = "the tag does not fit what stands around it"
_APART = "name them all in one phase, or give each a literal of its own"
_NO_EFFECT = "Terraform ignores this image, so another tag here would have no effect on what runs"


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
        self.followed = context.followed.get((workload.address, container.path))
        self.rewritten = rewrites(workload, context).paths
        plain = parsed(attribute) if self.followed is None else reference.parse(self.followed.image or "")
        self.image: Reference | None = plain
        self.reason = pin_reason(attribute.comments())
        self.decision: Decision | None = decision(plain, context, stateful) if plain else None

    @property
    def name(self) -> str:
        """The image's repository; empty where it is not known."""
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
        match self.decision:
            case None:
                text = self.attribute.value.text.split("\n", 1)[0]
                told = f": {self.followed.told}" if self.followed else ", whose tag does not stand here"
                yield self._say(warn, f"the image is `{text}`{told}")
            case Keep(why):
                yield self._stays(note, why)
            case Unknown(why, what_to_do):
                yield self._stays(warn, f"{why}; {what_to_do}")
            case Float() if self.followed:
                yield self._say(note, f"{self.image}: {self.followed.told}")
            case _ if ignored := self._ignored_already():
                yield ignored
            case _ if self.reason:
                yield self._say(note, f"{self.image} stays, its comment says: {self.reason}")
            case _ if other := held.get(self.name):
                yield self._say(note, f"{self.image} stays with {other.container.label}, which must")
            case Float(tag, why):
                yield from self._float(tag, why)
            case LastResort(why):
                yield from self._ignore(why)

    def _say(self, say: Callable[..., Finding], message: str) -> Finding:
        found = say(self.attribute, self.workload.address, f"{self.container.label}: {message}")
        return replace(found, origins=_chains([self.followed.chain])) if self.followed else found

    def _stays(self, say: Callable[..., Finding], why: str) -> Finding:
        return self._say(say, f"{self.image} stays: {why}")

    def _ignored_already(self) -> Finding | None:
        """Why another tag here would change nothing, or may; None where Terraform looks at this image."""
        try:
            missing = verbs.missing_items(self.workload, "ignore_changes", [self.ignored], inside="lifecycle")
        except verbs.UnfixableError as error:
            return self._stays(warn, f"Terraform may ignore it: {error}")
        return None if missing else self._stays(note, _NO_EFFECT)

    @property
    def ignored(self) -> str:
        """The entry of `ignore_changes` that covers this image."""
        return f"{self.container.path}.image"

    def _float(self, tag: str, why: str) -> Iterator[Finding]:
        if self.image is not None:
            value, new = self.attribute.value, str(self.image.with_tag(tag)).encode()
            message = f"{self.container.label}: {self.image} floats on `{tag}`: {why}"
            effect = KINDS[self.workload.type_label].rollout
            make = partial(verbs.replace, value, new, value.quoted)
            yield from change(self.attribute, self.workload.address, message, make, effect)

    def _ignore(self, why: str) -> Iterator[Finding]:
        if not is_for(MARKERS[IGNORE_IMAGE], self.workload) or self.container.path not in self.rewritten:
            yield self._stays(note, f"{why}; Keel does not look at it either, so Terraform keeps it")
            return
        message = f"{self.container.label}: {self.image} keeps its tag, and Terraform ignores it: {why}"
        if len(containers(self.workload)) > 1:
            message += "; the entry counts containers by position, so never reorder them"
        make = partial(
            verbs.ensure_items, self.workload, "ignore_changes", [self.ignored], IGNORE_IMAGE, inside="lifecycle"
        )
        yield from change(self.attribute, self.workload.address, message, make)


def at_places(
    literal: Literal, place: Place, context: Context, /, *, stateful: tuple[str, ...] = (), jobs: bool = True,
    outside: tuple[str, ...] = (),
) -> Iterator[Finding]:  # fmt: skip
    """Yield a finding for a literal that makes images elsewhere: in a local, a default, an argument, an input, YAML."""
    del outside
    origins = _chains(each.chain for each in place.driven)
    for found in _at_place(literal, place, context, stateful, jobs=jobs):
        yield replace(found, origins=origins)


def _chains(chains: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The ways from an image to its tag, each once."""
    return tuple(dict.fromkeys(" -> ".join(("image", *chain)) for chain in chains))


def _at_place(
    literal: Literal, place: Place, context: Context, stateful: Sequence[str], *, jobs: bool
) -> Iterator[Finding]:
    address = place.driven[0].name
    answers = [_answer(each, literal, context, stateful, jobs=jobs) for each in place.driven]
    stay = {why: each.name for each, (wanted, why) in zip(place.driven, answers, strict=True) if wanted is None}
    wanted = {text: why for text, why in answers if text is not None}
    names = ", ".join(dict.fromkeys(each.name for each in place.driven))
    if place.why:
        yield warn(literal, address, f"`{literal.text}` stays: {place.why}")
    elif not wanted:
        say = warn if any(why.startswith((_MISFIT, _MAY_OPT_OUT)) for why in stay) else note
        yield say(literal, address, f"`{literal.text}` stays: {_listed(stay)}")
    elif place.also:
        message = (
            f"`{literal.text}` stays: it also drives {', '.join(place.also)}, which this phase does not have; {_APART}"
        )
        yield warn(literal, address, message)
    elif place.read_by:
        yield warn(
            literal, address, f"`{literal.text}` stays: it is read for more than images: {', '.join(place.read_by)}"
        )
    elif stay or len(wanted) > 1:
        why = _listed(stay) or f"they want {' and '.join(sorted(wanted))}"
        yield warn(literal, address, f"`{literal.text}` stays, because all of {names} hang on it: {why}")
    else:
        ((text, why),) = wanted.items()
        over = sorted({path for each in place.driven for path in each.overrides})
        message = f"`{literal.text}` floats on `{text}` for {names}: {why}"
        message += f" (may be overridden by {', '.join(over)}, which cannot be read)" if over else ""
        effect = "; ".join(sorted({rollout(each.kind) for each in place.driven}))
        yield from change(literal, address, message, partial(literal.write, text), effect)


def _listed(stay: Mapping[str, str]) -> str:
    """Who stays and why, each reason once."""
    return "; ".join(f"{name}: {why}" for why, name in stay.items())


def _answer(  # noqa: C901, PLR0911 - one line for each reason to stay
    driven: Driven, literal: Literal, context: Context, stateful: Sequence[str], *, jobs: bool
) -> tuple[str | None, str]:
    """The text that one container wants at the place, or None, and why."""
    image = reference.parse(driven.before + literal.text + driven.after)
    verdict = decision(image, context, stateful) if image else None
    match verdict:
        case None:
            return None, "its image is no reference"
        case Keep(why) | LastResort(why):
            return None, why
        case Unknown(why, what_to_do):
            return None, f"{why}; {what_to_do}"
        case _ if driven.suppressed:
            return None, f"suppressed ({driven.suppressed})"
        case _ if is_opted_out(driven.metadata):
            return None, "opted out with `keel.sh/policy = never`"
        case _ if driven.unread or is_unread(driven.metadata):
            return None, _MAY_OPT_OUT
        case _ if driven.ignored:
            return None, _NO_EFFECT
        case _ if not jobs and driven.kind not in RESTARTED and not driven.outside:
            return None, f"a new image {rollout(driven.kind)}, and `jobs` is false"
        case _ if reason := pin_reason((*literal.comments, *driven.comments)):
            return None, f"its comment says: {reason}"
        case Float(tag, why):
            new = str(image.with_tag(tag)) if image else ""
            fits = new.startswith(driven.before) and new.endswith(driven.after)
            inner = new[len(driven.before) : len(new) - len(driven.after)]
            return (inner, why) if fits and inner else (None, f"{_MISFIT}: `{tag}` before `{driven.after}`")


rule = Rule(check, kinds=tuple(KINDS), at_places=at_places, forms="outside")
