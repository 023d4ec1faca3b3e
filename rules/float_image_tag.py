"""Switch container images to a floating tag.

Why: Keel watches the digest behind a tag that stays the same, so the tag in Terraform has to be one that moves. The
order is `latest` where it exists, the major (with its flavour) where it does not, else the
tag stays and the image goes into `ignore_changes` with the marker `KEEL_IGNORE_IMAGE`. What exists is known from
`[images]` in `hclmod.toml` or from the tag snapshot; what is not known is never written.

Left alone: tags that float already, digest pins, pins with a reason in their comment, databases (`stateful` in
`hclmod.toml` adds name patterns), workloads that opted out, images that Terraform already ignores. A tag that stands
in a local, a variable, a module's call or a terragrunt input is changed there if all that it drives agrees and is in
the phase, else at the call of a module that left it to the default, else not. Images of one stack that share a
repository move together or not at all, and so do those of one `group` of `[images]` wherever they are: one of them
that has to stay, or that is in another phase, holds the others. Jobs and bare pods are changed too, though Keel updates
neither and Terraform replaces them: the report says so, and `jobs = false` leaves them alone. Images outside of
containers are left too, except in the forms that the option `outside` names: "manifest", "kubectl manifest", "helm
values", "helm set", "values file", "template file", "config map", "heredoc" (`hclmod survey` lists them); of those
only what a release, a manifest, a config map or a module is given, not what a pipeline or a machine reads too.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from hclmod.hcl import fixes
from hclmod.images import reference
from hclmod.images.decide import Float, Keep, LastResort, Unknown
from hclmod.rulekit.rule import Finding, Rule, change, note, warn
from hclmod.terraform.kubernetes import KINDS, containers, dynamic_containers, rollout

from ._coupled import INCLUDE_TAGS, filter_of, following, misses
from ._floats import decision, drifting, here, parsed, pin_reason, policy
from ._keel import RESTARTED, opt_out, unread_policy
from ._kept import kept
from ._markers import IGNORE_IMAGE, MARKERS, is_for
from ._rewrites import rewrites
from ._together import MAY_OPT_OUT, NO_EFFECT, obstacle, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hclmod.hcl.edits import Fix
    from hclmod.hcl.views import Attribute, Block
    from hclmod.images.decide import Decision
    from hclmod.images.reference import Reference
    from hclmod.rulekit.places import Driven, Followed, Literal, Place
    from hclmod.rulekit.rule import Context
    from hclmod.terraform.kubernetes import Container


def check(
    workload: Block, context: Context, /, *, jobs: bool = True, outside: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Yield a finding for every container's image; `outside` is the engine's, which offers places of these forms."""
    del outside
    if not jobs and workload.type_label not in RESTARTED:
        yield note(
            workload.title, workload.address, f"a new image {KINDS[workload.type_label].rollout}, and `jobs` is false"
        )
        return
    if winner := context.overriding(workload):
        yield from _overridden(workload, winner)
        return
    if told := _opted_out(workload, context):
        yield told
        return
    for block in dynamic_containers(workload):
        yield from _dynamic(workload, block, context)
    for each in containers(workload):
        if each.image:
            yield from _Found(workload, each, each.image, context).findings()


def _overridden(workload: Block, winner: str) -> Iterator[Finding]:
    for each in containers(workload):
        message = f"{each.label}: its image is overridden by {winner}, so it has no effect here"
        yield note(each.image or workload.title, workload.address, message)


def _opted_out(workload: Block, context: Context) -> Finding | None:
    """Why all images of a workload keep their tags: it opted out, or may have, here or in what overrides it."""
    for block in (workload, *context.others(workload)):
        where = "" if block is workload else f" in {block.source.document.path}"
        if opted := opt_out(block):
            message = f"opted out with `keel.sh/policy = never`{where}, so its images keep their tags"
            return note(workload.title if where else opted, workload.address, message)
        if unread := unread_policy(block):
            message = f"its images keep their tags: {MAY_OPT_OUT}{where}"
            return warn(workload.title if where else unread, workload.address, message)
    return None


def _dynamic(workload: Block, block: Block, context: Context) -> Iterator[Finding]:
    """What becomes of the image of a `dynamic` block: it is changed where its tag stands, if that is elsewhere."""
    for image in (found for content in block.blocks("content") if (found := content.attribute("image"))):
        followed, label = context.followed.get((workload.address, image.path)), f"dynamic {block.labels[0]}"
        if followed:
            say = warn if followed.image is None else note
            told = say(image, workload.address, f"{label}: {followed.image or 'its image'}: {followed.told}")
            yield replace(told, origins=_chains([followed.chain]))
        elif parsed(image):
            message = f"its image {image.value.text} is written in a `dynamic` block, where none is changed"
            yield warn(image, workload.address, f"{label}: {message}")
        else:
            message = f"its image `{_first_line(image)}` is not followed"
            yield warn(image, workload.address, f"{label}: {message}")


def _first_line(image: Attribute) -> str:
    return image.value.text.split("\n", 1)[0]


def _unreadable(image: Attribute) -> str:
    """Why an image is no reference, though it stands here."""
    text = image.value.string()
    if text is None:
        return "which is no plain text"
    return f"which {_ESCAPED}" if "\\" in image.value.text else "which is no reference of an image"


_ESCAPED = "is written with escapes, such as `\\u002e`: write it without"
_MISFIT = "the tag does not fit what stands around it"
_APART = "name them all together, or give each a literal of its own"


class _Found:
    """One container's image, with what is known about it."""

    def __init__(self, workload: Block, container: Container, attribute: Attribute, context: Context) -> None:
        self.workload, self.container, self.attribute = workload, container, attribute
        self.followed = context.followed.get((workload.address, container.path))
        self.rewritten = rewrites(workload, context).paths
        plain = parsed(attribute) if self.followed is None else reference.parse(self.followed.image or "")
        self.image: Reference | None = plain
        self.reason = pin_reason(attribute.comments())
        self.callers = context.shared.get(workload.address, ())
        self.changed = ("float-image-tag", workload.address) in context.changed
        self.others = context.others(workload)
        self.held = context.held.get((context.folder, workload.address, container.path))
        where = here(workload, context)
        self.decision: Decision | None = decision(plain, context, where) if plain else None
        chosen = policy(plain, context, where) if plain else None
        self.policy = chosen.policy if chosen else ""
        self.drifting = drifting(plain, context, where) if plain else None

    def findings(self) -> Iterator[Finding]:
        """What is to say about this image."""
        match self.decision:
            case None:
                told = f": {self.followed.told}" if self.followed else f", {_unreadable(self.attribute)}"
                yield self._say(warn, f"the image is `{_first_line(self.attribute)}`{told}")
            case Keep(why) if self.drifting:
                advice = "name a major with its flavour, or opt the workload out"
                yield self._stays(warn, f"{why}, though it holds data (its name matches `{self.drifting}`); {advice}")
            case Keep(why, floating):
                yield self._stays(note, why)
                if floating and self.changed:
                    yield from self._unmatched((self.image and self.image.tag) or "latest")
            case Unknown(why, what_to_do):
                yield self._stays(warn, f"{why}; {what_to_do}")
            case Float(tag) if self.followed:
                yield from self._elsewhere(self.followed, tag)
            case Float() | LastResort() as moving:
                yield from self._move(moving)

    def _move(self, decision: Float | LastResort) -> Iterator[Finding]:
        """What becomes of an image whose tag may move, or has to be left to the last resort."""
        if ignored := self._ignored_already():
            yield ignored
            yield from self._kept() if isinstance(decision, LastResort) else ()
        elif self.reason:
            yield self._say(note, f"{self.image} stays, its comment says: {self.reason}")
        elif self.held:
            yield self._say(note, f"{self.image} stays with {self.held}")
        elif isinstance(decision, Float):
            yield from self._float(decision.tag, decision.why)
        else:
            yield from self._ignore(decision.why)

    def _say(self, say: Callable[..., Finding], message: str) -> Finding:
        found = say(self.attribute, self.workload.address, f"{self.container.label}: {message}")
        return replace(found, origins=_chains([self.followed.chain])) if self.followed else found

    def _elsewhere(self, followed: Followed, tag: str) -> Iterator[Finding]:
        yield self._say(note, f"{self.image}: {followed.told}")
        if followed.writable and not self.held:
            yield from self._unmatched(tag)

    def _stays(self, say: Callable[..., Finding], why: str) -> Finding:
        return self._say(say, f"{self.image} stays: {why}")

    def _ignored_already(self) -> Finding | None:
        """Why another tag here would change nothing, or may; None where Terraform looks at this image."""
        for block in (self.workload, *self.others):
            try:
                missing = fixes.missing_items(block, "ignore_changes", [self.ignored], inside="lifecycle")
            except fixes.UnfixableError as error:
                return self._stays(warn, f"Terraform may ignore it: {error}")
            if not missing:
                return self._stays(note, NO_EFFECT)
        return None

    @property
    def ignored(self) -> str:
        """The entry of `ignore_changes` that covers this image."""
        return f"{self.container.path}.image"

    def _float(self, tag: str, why: str) -> Iterator[Finding]:
        if self.image is None:
            return
        image, value = self.image, self.attribute.value
        message = f"{self.container.label}: {image} floats on `{tag}`: {why}"
        coupled = filter_of(self.workload)
        follows = following(coupled, image.tag or "", tag) if coupled and misses(coupled, tag) else None
        message += f"; `{INCLUDE_TAGS}` follows" if follows else ""

        def make() -> Fix | None:
            fix = fixes.replace(value, str(image.with_tag(tag)).encode(), value.quoted)
            return fix + follows if follows else fix

        yield from change(self.attribute, self.workload.address, message, make, KINDS[self.workload.type_label].rollout)

    def _unmatched(self, tag: str) -> Iterator[Finding]:
        """Say it where Diun's filter does not match the tag that will be."""
        coupled = filter_of(self.workload)
        if coupled and misses(coupled, tag):
            message = f"`{INCLUDE_TAGS}` is {coupled.text}, which does not match `{tag}`: Diun will tell nothing of it"
            yield warn(coupled, self.workload.address, f"{self.container.label}: {message}; write the pattern anew")

    def _ignore(self, why: str) -> Iterator[Finding]:
        if not is_for(MARKERS[IGNORE_IMAGE], self.workload) or self.container.path not in self.rewritten:
            yield self._stays(note, f"{why}; Keel does not look at it either, so Terraform keeps it")
            yield from self._kept()  # once it is there, Keel does look
            return
        if self.callers:
            yield self._stays(warn, f"{why}; an entry in `ignore_changes` would hold for {', '.join(self.callers)} too")
            return
        message = f"{self.container.label}: {self.image} keeps its tag, and Terraform ignores it: {why}"
        if len(containers(self.workload)) > 1:
            message += "; the entry counts containers by position, so never reorder them"
        make = partial(
            fixes.ensure_items, self.workload, "ignore_changes", [self.ignored], IGNORE_IMAGE, inside="lifecycle"
        )
        yield from change(self.attribute, self.workload.address, message, make)
        yield from self._kept()

    def _kept(self) -> Iterator[Finding]:
        """How Keel may update an image all the same whose tag stays, where the config says so."""
        if self.image is not None and self.policy:
            yield from kept(self.workload, self.image, self.policy, self.container.label, fresh=self.changed)


def at_places(
    literal: Literal, place: Place, context: Context, /, *, jobs: bool = True, outside: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Yield a finding for a literal that makes images elsewhere: in a local, a default, an argument, an input, YAML."""
    del outside
    origins = _chains(each.chain for each in place.driven)
    for found in _at_place(literal, place, context, jobs=jobs):
        yield replace(found, origins=origins)


def _chains(chains: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The ways from an image to its tag, each once."""
    return tuple(dict.fromkeys(" -> ".join(("image", *chain)) for chain in chains))


def _at_place(literal: Literal, place: Place, context: Context, *, jobs: bool) -> Iterator[Finding]:
    address = place.driven[0].name
    answers = [_answer(each, literal, context, jobs=jobs) for each in place.driven]
    stay = {why: each.name for each, (wanted, why) in zip(place.driven, answers, strict=True) if wanted is None}
    wanted = {text: why for text, why in answers if text is not None}
    names = ", ".join(dict.fromkeys(each.name for each in place.driven))
    if place.why:
        yield warn(literal, address, f"`{literal.text}` stays: {place.why}")
    elif not wanted:
        say = warn if any(why.startswith((_MISFIT, MAY_OPT_OUT, f"it {_ESCAPED}")) for why in stay) else note
        yield say(literal, address, f"`{literal.text}` stays: {_listed(stay)}")
    elif place.also:
        missing = "which this phase does not have" if context.phase is not None else "which nobody pointed at"
        message = f"`{literal.text}` stays: it also drives {', '.join(place.also)}, {missing}; {_APART}"
        yield warn(literal, address, message)
    elif place.read_by:
        yield warn(
            literal, address, f"`{literal.text}` stays: it is read for more than images: {', '.join(place.read_by)}"
        )
    elif stay or len(wanted) > 1:
        why = _listed(stay) or f"they want {' and '.join(sorted(wanted))}"
        yield warn(literal, address, f"`{literal.text}` stays, because all of {names} hang on it: {why}")
    elif other := next((context.held[each.key] for each in place.driven if each.key in context.held), None):
        yield note(literal, address, f"`{literal.text}` stays with {other}")
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


def _answer(driven: Driven, literal: Literal, context: Context, *, jobs: bool) -> tuple[str | None, str]:
    """The text that one container wants at the place, or None, and why."""
    image = reference.parse(driven.before + literal.text + driven.after)
    if image is None:
        return None, f"it {_ESCAPED}" if "\\" in literal.text else "its image is no reference"
    verdict = decision(image, context, driven.where)
    why = obstacle(verdict, driven, (*literal.comments, *driven.comments), jobs=jobs)
    if why or not isinstance(verdict, Float):
        return None, why or verdict.why
    new = str(image.with_tag(verdict.tag))
    fits = new.startswith(driven.before) and new.endswith(driven.after)
    inner = new[len(driven.before) : len(new) - len(driven.after)]
    if fits and inner:
        return inner, verdict.why
    advice = f"; write the tag with it (`{verdict.tag}{driven.after}`) in hclmod.toml" if driven.after else ""
    return None, f"{_MISFIT}: `{verdict.tag}` before `{driven.after}`{advice}"


rule = Rule(check, kinds=tuple(KINDS), at_places=at_places, forms="outside", together=together, coupled=(INCLUDE_TAGS,))
