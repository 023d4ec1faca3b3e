"""Switch container images to a floating tag.

Why: Keel watches the digest behind a tag that stays the same, so the tag in Terraform has to be one that moves. The
rule writes `latest` where it exists, else the major with its flavour. Where neither exists the tag stays, and the image
goes into `ignore_changes` with the marker `KEEL_IGNORE_IMAGE`. `[images]` in `hclmod.toml` and the tag snapshot say
which tags exist. A tag that neither of them lists is never written.

A tag in a local, a variable, a module call or a Terragrunt input is changed there if every image that uses it is in the
phase and agrees on the new tag. If it is the default of a module, the call of the phase gets an argument of its own.

Left alone: Tags that float already, pins by digest (unless `float` in `hclmod.toml` names the image or the workload),
pins with a reason in their comment, databases (`stateful` in `hclmod.toml` adds name patterns), workloads that opted
out, images that Terraform already ignores, and the tag that says which Keel runs (unless `[keel] version` does). A
comment holds a tag if it gives a reason. `float` in a table of `[images]` or `[workloads]` overrules every comment but
`# hclmod: ignore[float-image-tag] ...`, and the report shows the comment that it overrules.

Images of one stack that share a repository move together, and so do the images of one `group` of `[images]` in all
stacks. If one of them has to stay, or is in another phase, the others stay too.

Jobs and bare pods are changed, although Keel does not update them and Terraform replaces them. The report says so, and
`jobs = false` leaves them alone.

Images outside of containers are left alone, except in the forms that the option `outside` names: "manifest", "kubectl
manifest", "helm values", "helm set", "values file", "template file", "config map", "heredoc" (`hclmod survey` lists
them). Of those the rule changes what a release, a manifest, a config map or a module is given, unless a pipeline or
another program reads it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hclmod.rulekit import (
    KINDS,
    Attribute,
    Block,
    Container,
    Context,
    Decision,
    Finding,
    Fix,
    Float,
    Followed,
    ImageHooks,
    ImageId,
    Keep,
    LastResort,
    Literal,
    Place,
    Reference,
    Rule,
    Unknown,
    change,
    containers,
    dynamic_containers,
    fixes,
    note,
    reference,
    replace,
    warn,
)

from ._cluster import WORDS
from ._coupled import INCLUDE_TAGS, filter_of, following, misses
from ._floats import (
    ASK_OR_NAME_IT,
    NAME_IT,
    Reason,
    bot_of,
    decision,
    drifting,
    has_switched,
    held_by,
    overruled,
    parsed,
    policy,
    stays,
)
from ._keel import RESTARTED, opt_out, unread_policy
from ._kept import annotated
from ._markers import IGNORE_IMAGE, MARKERS, ignoring, is_for
from ._places import ESCAPED, at_place
from ._rewrites import rewrites
from ._together import MAY_OPT_OUT, NO_EFFECT, together


def check(workload: Block, context: Context, /, *, jobs: bool = True) -> Iterator[Finding]:
    """Yield a finding for every container's image.

    `jobs`: whether Jobs and bare pods are changed, which Terraform replaces.
    """
    if not jobs and workload.type_label not in RESTARTED:
        message = f"a new image {KINDS[workload.type_label].rollout}, and `jobs` is false"
        yield note(workload.title, "jobs-left-alone", message)
        return
    yield from _overridden(workload, context)
    if opted := _opted_out(workload):
        yield opted
        return
    for block in dynamic_containers(workload):
        yield from _dynamic(workload, block, context)
    for each in containers(workload):
        if each.image:
            yield from _Found(workload, each, each.image, context).findings()


def _overridden(workload: Block, context: Context) -> Iterator[Finding]:
    """The images of documents whose pods an override file replaces."""
    for block in context.overridden(workload):
        place, winner = f"{block.source.document.path}:{block.line}", _winner(workload)
        for each in containers(block):
            message = f"{each.label}: {winner} overrides its image at {place}, so that has no effect"
            yield note(workload.title, "overridden", message)


def _winner(workload: Block) -> str:
    return next((each.source.document.path for each in workload.blocks("spec")), "")


def _opted_out(workload: Block) -> Finding | None:
    """Why all images of a workload keep their tags: it opted out, or may have."""
    if opted := opt_out(workload):
        message = f"opted out with `keel.sh/policy = never`{_beside(opted)}, so its images keep their tags"
        return note(opted, "opted-out", message)
    if unread := unread_policy(workload):
        return warn(unread, "may-be-opted-out", f"its images keep their tags: {MAY_OPT_OUT}{_beside(unread)}")
    return None


def _beside(view: Attribute) -> str:
    """Where an attribute stands that another document overrides or adds."""
    return f" in {view.source.document.path}" if view.source.foreign else ""


def _dynamic(workload: Block, block: Block, context: Context) -> Iterator[Finding]:
    """What becomes of the image of a `dynamic` block: it is changed where its tag stands, if that is elsewhere."""
    for image in filter(None, (content.attribute("image") for content in block.blocks("content"))):
        followed, label = context.followed.get((workload.address, image.path)), f"dynamic {block.labels[0]}"
        if followed:
            yield replace(_followed(image, followed, label), origins=_chains([followed.chain]))
        elif parsed(image):
            message = f"its image {image.value.text} is written in a `dynamic` block, which is never changed"
            yield warn(image, "dynamic-block", f"{label}: {message}")
        else:
            yield warn(image, "unresolved-image", f"{label}: its image `{_first_line(image)}` is not followed")


def _followed(image: Attribute, followed: Followed, label: str) -> Finding:
    if followed.image is None:
        return warn(image, "unresolved-image", f"{label}: its image: {followed.reason}")
    return note(image, "written-elsewhere", f"{label}: {followed.image}: {followed.reason}")


def _first_line(image: Attribute) -> str:
    return image.value.text.split("\n", 1)[0]


def _unreadable(image: Attribute) -> Reason:
    """Why an image is not a reference, although it is written here."""
    if image.value.string() is None:
        return Reason("not-a-reference", "is not plain text")
    if "\\" in image.value.text:
        return Reason("written-with-escapes", ESCAPED)
    return Reason("not-a-reference", "is not an image reference")


class _Found:
    """One container's image, with what is known about it."""

    def __init__(self, workload: Block, container: Container, attribute: Attribute, context: Context) -> None:
        self.workload, self.container, self.attribute = workload, container, attribute
        self.context = context
        self.followed = context.followed.get((workload.address, container.path))
        plain = parsed(attribute) if self.followed is None else reference.parse(self.followed.image or "")
        self.image: Reference | None = plain
        self.callers = context.shared.get(workload.address, ())
        self.changed = has_switched(workload, context)
        self.blocked_by = context.blocked.get(ImageId(context.folder, workload.address, container.path))
        mine = context.id_of(workload)
        self.decision: Decision | None = decision(plain, context, mine) if plain else None
        self.chosen = policy(plain, context, mine) if plain else None
        self.policy = self.chosen.policy if self.chosen else ""
        self.reason = held_by(attribute.comments(), self.chosen)
        self.drifting = drifting(plain, context, mine) if plain else None

    def findings(self) -> Iterator[Finding]:
        """What is to say about this image."""
        match self.decision:
            case None:
                yield self._unknown()
            case Float(tag) if self.followed:
                yield from self._elsewhere(self.followed, tag)
            case Float() | LastResort() as moving:
                yield from self._move(moving)
            case Keep(why) if self.drifting:
                advice = "use a major with its flavour, or opt the workload out"
                why = f"{why}, though it holds data (its name matches `{self.drifting}`); {advice}"
                yield self._stays(warn, "drifting-data", why)
            case Keep() | Unknown() as kept if self.image:
                reason = stays(kept, self.image, self.chosen)
                stay = self._stays(note if isinstance(kept, Keep) else warn, reason.code, reason.text)
                yield self._asking(stay, self.image) if reason.is_unknown else stay
                if isinstance(kept, Keep) and kept.floating and self.changed:
                    yield from self._unmatched(self.image.tag or "latest")

    def _unknown(self) -> Finding:
        """Why nobody can tell what the image is."""
        image = f"the image is `{_first_line(self.attribute)}`"
        if self.followed and len(self.followed.images) > 1:  # what becomes of each is said at its place
            return self._say(note, "written-elsewhere", f"{image}: {self.followed.reason}, each at a place of its own")
        if self.followed:
            return self._say(warn, "unresolved-image", f"{image}: {self.followed.reason}")
        why = _unreadable(self.attribute)
        return self._say(warn, why.code, f"{image}, which {why.text}")

    def _move(self, decision: Float | LastResort) -> Iterator[Finding]:
        """What becomes of an image whose tag may move, or has to be left to the last resort."""
        if ignored := self._ignored_already():
            yield ignored
            yield from self._kept() if isinstance(decision, LastResort) else ()
        elif self.reason:
            yield self._say(note, "pin-comment", f"{self.image} stays, its comment says: {self.reason}")
        elif self.blocked_by:
            yield self._say(note, "stays-with-others", f"{self.image} stays with {self.blocked_by}")
        elif isinstance(decision, Float):
            yield from self._float(decision.tag, decision.why)
        else:
            yield from self._ignore(decision.why)

    def _say(self, say: Callable[..., Finding], code: str, message: str) -> Finding:
        finding = say(self.attribute, code, f"{self.container.label}: {message}")
        return replace(finding, origins=_chains([self.followed.chain])) if self.followed else finding

    def _elsewhere(self, followed: Followed, tag: str) -> Iterator[Finding]:
        yield self._say(note, "written-elsewhere", f"{self.image}: {followed.reason}")
        if followed.writable and not self.blocked_by:
            yield from self._unmatched(tag)

    def _stays(self, say: Callable[..., Finding], code: str, why: str) -> Finding:
        return self._say(say, code, f"{self.image} stays: {why}")

    def _asking(self, finding: Finding, image: Reference) -> Finding:
        """A finding on an image of whose tags nothing is known, with what helps for all such images."""
        known = self.context.tags.image(image.name)
        return replace(finding, subject=image.familiar, advice=NAME_IT if known else ASK_OR_NAME_IT)

    def _ignored_already(self) -> Finding | None:
        """Why another tag here would change nothing, or may; None where Terraform looks at this image."""
        try:
            missing = fixes.missing_items(self.workload, "ignore_changes", [self.ignored], inside="lifecycle")
        except fixes.UnfixableError as error:
            return self._stays(warn, "may-be-ignored", f"Terraform may ignore it: {error}")
        return None if missing else self._stays(note, "ignored-by-terraform", NO_EFFECT)

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
        message += overruled(self.attribute.comments(), self.chosen)
        bot = bot_of(self.attribute.comments())
        message += f"; another bot owns this tag too: {bot}" if bot else ""

        def make() -> Fix | None:
            fix = fixes.replace(value, str(image.with_tag(tag)).encode(), value.quoted)
            return fix + follows if follows else fix

        moved = change(self.attribute, "pinned-tag", message, make, effect=KINDS[self.workload.type_label].rollout)
        yield replace(moved, cells=(("image", f"{image} -> {image.with_tag(tag)}"),))

    def _unmatched(self, tag: str) -> Iterator[Finding]:
        """Say it where Diun's filter does not match the tag that will be."""
        coupled = filter_of(self.workload)
        if coupled and misses(coupled, tag):
            message = f"`{INCLUDE_TAGS}` is {coupled.text}, which does not match `{tag}`"
            yield warn(
                coupled,
                "diun-filter",
                f"{self.container.label}: {message}. Diun will not report the tag. Update the pattern",
            )

    def _ignore(self, why: str) -> Iterator[Finding]:
        rewritten = rewrites(self.workload, self.context).paths
        if not is_for(MARKERS[IGNORE_IMAGE], self.workload) or self.container.path not in rewritten:
            yield self._stays(
                note, "last-resort-unwatched", f"{why}; Keel does not update it either, so Terraform keeps it"
            )
            yield from self._kept()  # once it is there, Keel does look
            return
        if self.callers:
            yield self._stays(
                warn,
                "shared-module",
                f"{why}; an entry in `ignore_changes` would apply to {', '.join(self.callers)} too",
            )
            return
        message = f"{self.container.label}: {self.image} keeps its tag, and Terraform ignores it: {why}"
        if len(containers(self.workload)) > 1:
            message += "; the entry counts containers by position, so do not reorder them"
        make = ignoring(IGNORE_IMAGE, self.workload, [self.ignored], self.context.config)
        yield change(self.attribute, "last-resort", message, make)
        yield from self._kept()

    def _kept(self) -> Iterator[Finding]:
        """How Keel may update an image all the same whose tag stays, where the config says so."""
        if self.image is not None and self.policy:
            yield from annotated(self.workload, self.image, self.policy, self.container.label, fresh=self.changed)


def at_places(literal: Literal, place: Place, context: Context, /, *, jobs: bool = True) -> Iterator[Finding]:
    """Yield the finding for a literal that makes images: in a local, a default, an argument, an input, YAML."""
    finding = at_place(literal, place, context, jobs=jobs)
    yield replace(finding, origins=_chains(each.chain for each in place.images))


def _chains(chains: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The ways from an image to its tag, each once."""
    return tuple(dict.fromkeys(" -> ".join(("image", *chain)) for chain in chains))


def forms(*, outside: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The forms of images outside of containers whose places the rule is offered too.

    `outside`: the forms of images outside of containers to change as well, as `hclmod survey` names them.
    """
    return outside


rule = Rule(
    check,
    objects=WORDS,
    kinds=tuple(KINDS),
    images=ImageHooks(at_places=at_places, together=together, forms=forms, coupled=(INCLUDE_TAGS,)),
)
