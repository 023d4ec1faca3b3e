"""Put one workload back on a known tag, so that it stays there (run by `hclmod pin`).

Why: After `kubectl rollout undo` Keel rolls forward again within the hour, and a tag in Terraform that is ignored
changes nothing: a pin that left the entry in place had no effect for twelve hours (docs/facts.md, Terraform 3). So the
rule sets the tag where it is written, adds `keel.sh/policy = "never"` to the workload's own metadata, and removes the
entries of `ignore_changes` that would hide either from Terraform. A comment records the date, the bad tag, the good tag
and the reason. The replaced text stays beside it in comments, from which `unpin` restores the bytes.

With `keep_enrolled` the workload does not opt out: only the image goes back to Terraform, at the tag `to` or, without
one, at the tag in the file. Keel keeps that tag if it has `keel.sh/matchTag`. The comment above the image keeps later
runs from ignoring the image again.

The newest known pin is the highest of the tag in the file and the tags that such comments name. `allow_downgrade`
permits a lower tag. A tag that other workloads use too stays, and this workload gets its own tag in its container.

Left alone: The whole workload, if one part of the change cannot be made: the image is unknown, other callers share the
block, the annotations are not written in place, a list ignores everything, or the tag is lower. Containers of one
repository are pinned together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from hclmod.rulekit import (
    KINDS,
    Attribute,
    Block,
    Container,
    Context,
    Finding,
    Fix,
    Followed,
    ImageHooks,
    Literal,
    Place,
    Reference,
    Rule,
    Source,
    Struct,
    change,
    containers,
    fixes,
    note,
    reference,
    undo,
    warn,
)

from .._ci import is_ignored, setter_of
from .._floats import parsed, pin_reason
from .._keel import MATCH_TAG, RESTARTED
from .._opting import give_back, joined, live, take_out
from .._pins import comment, lower_than, pinned, recorded, sentence


class _Pin(Struct, frozen=True):
    """What a person wants: the tag, why, and the day that the comment names."""

    to: str
    reason: str
    date: str

    def comment(self, image: Reference) -> str:
        """The words of the comment above the image's tag."""
        return comment(image, self.to, self.date, self.reason)

    def too_low(self, image: Reference, view: Attribute | Block) -> str | None:
        """Why the tag may not be written: it is below the newest known pin, of the image or of comments beside it."""
        newest = lower_than(image, self.to, recorded(view.source.data.decode(), image.name)) if self.to else None
        if newest is None:
            return None
        newest_pin = f"{newest}, the newest known pin of {image.name}"
        return f"not pinned: {self.to} is below {newest_pin}. Use --allow-downgrade to pin it anyway"


def check(
    workload: Block,
    context: Context,
    /,
    *,
    to: str = "",
    reason: str = "",
    date: str = "",
    container: str = "",
    label: bool = False,
    allow_downgrade: bool = False,
    despite_ci: bool = False,
    keep_enrolled: bool = False,
) -> Iterator[Finding]:
    """Yield the one fix that pins what stands in the workload's block, or why it cannot be pinned.

    `to`: the tag or the digest.
    `reason`: why, for the comment.
    `date`: the day, for the comment.
    `container`: the container, or the repository of the containers, to pin.
    `label`: whether to write the label `never` as well.
    `allow_downgrade`: whether the tag may be lower than the newest known pin.
    `despite_ci`: whether to act although CI sets the image.
    `keep_enrolled`: whether only to give the image back to Terraform, without an opt-out.
    """
    place, pin = workload.title, _Pin(to, reason, date)
    meant = _meant(workload, context, container) if to or container else _hidden(workload)
    here = [(each, image) for each in meant or () if (image := _in_place(workload, each, context))]
    made: Finding | None = None
    if not reason or not (to or keep_enrolled):
        yield warn(place, "no-tag-or-reason", "a pin needs a tag (`to`) or `keep_enrolled`, and a `reason`")
    elif not meant:
        yield warn(place, "unclear-container", f"not pinned: {_unclear(workload, context, container)}")
    elif objection := _objection(workload, context, to, [] if despite_ci else meant):
        yield objection
    elif not allow_downgrade and (why := next(filter(None, (pin.too_low(i, workload) for _, i in here)), None)):
        yield warn(place, "lower-than-pin", why)
    elif keep_enrolled:
        make = partial(_given_back, workload, meant, dict(here), pin)
        already = note(place, "pinned-already", "Terraform manages its image already")
        made = _pinned(workload, _message(meant, to), make, already, to)
    else:
        message = f"pins {_labels(meant)} to {to}, opts out of Keel, and Terraform manages its images again"
        already = note(place, "pinned-already", "is pinned to that tag and opted out already")
        made = _pinned(workload, message, partial(_fix, workload, here, pin, label=label), already, to)
    if made:
        yield made
    if made and to and workload.type_label in RESTARTED:
        yield from live(workload, context, undo=True, never=not keep_enrolled)


def _objection(workload: Block, context: Context, to: str, containers_of_ci: Sequence[Container]) -> Finding | None:
    """Why nothing may be written, whatever the workload looks like."""
    place = workload.title
    if to and not (reference.is_tag(to) or reference.is_digest(to)):
        return warn(place, "not-a-tag", f"not pinned: `{to}` is neither a tag nor a digest")
    if callers := context.shared.get(workload.address):
        with_it = f"{', '.join(callers)} use the same block and would be pinned too"
        return warn(place, "shared-block", f"not pinned: {with_it}. Use --with-callers to do that")
    if setter := next(filter(None, (setter_of(workload, each, context) for each in containers_of_ci)), None):
        tag = to or "the tag in the file"
        then = f"The next apply would set it to {tag}, and the next run of CI would change it again"
        return warn(place, "ci-sets-image", f"not pinned: {setter}. {then}. Use --despite-ci to pin it anyway")
    return None


def _pinned(workload: Block, message: str, make: Callable[[bool], Fix | None], already: Finding, to: str) -> Finding:
    effect = KINDS[workload.type_label].rollout if to else ""
    fix = partial(undo.proved, workload, make)
    return change(workload.title, "pin", message, fix, effect=effect, otherwise=already)


def _labels(meant: Sequence[Container]) -> str:
    return ", ".join(each.label for each in meant)


def _message(meant: Sequence[Container], to: str) -> str:
    """What becomes of an image that goes back to Terraform."""
    names = _labels(meant)
    if to:
        message = f"pins {names} to {to}, and Terraform manages its image again"
        return f"{message}. It stays enrolled: without `{MATCH_TAG[0]}` Keel moves it on"
    message = f"gives the image of {names} back to Terraform, at the tag in the file"
    return f"{message}. It stays enrolled: the next apply reverts what Keel writes"


def _fix(
    workload: Block,
    here: list[tuple[Container, Reference]],
    pin: _Pin,
    aligned: bool,  # noqa: FBT001 - `proved` calls it so
    *,
    label: bool,
) -> Fix | None:
    kept = [
        undo.keep(workload.source, fix, pin.comment(image), aligned=aligned)
        for each, image in here
        if (fix := _set(each, image, pin.to))
    ]
    out = take_out(workload, sentence("opted out", pin.date, pin.reason), label=label, aligned=aligned)
    return joined([*kept, *([out] if out else [])])


def _given_back(
    workload: Block,
    meant: Sequence[Container],
    images: Mapping[Container, Reference],
    pin: _Pin,
    aligned: bool,  # noqa: FBT001 - `proved` calls it so
) -> Fix | None:
    """The tag and a comment that holds it, and no entry that ignores the image."""
    kept = []
    for each in meant:
        if pin.to and each in images and (fix := _set(each, images[each], pin.to)):
            kept.append(undo.keep(workload.source, fix, pin.comment(images[each]), aligned=aligned))
        elif each.image and not pin_reason(each.image.comments()):
            kept.append(undo.say(each.image, sentence("kept by Terraform", pin.date, pin.reason), aligned=aligned))
    back = give_back(workload, [each.path for each in meant], aligned=aligned)
    return joined([*kept, *([back] if back else [])])


def _set(container: Container, image: Reference, to: str) -> Fix | None:
    new = pinned(image, to)
    if container.image is None or new is None:
        return None
    value, plain = container.image.value, parsed(container.image)
    if plain is None:  # the tag stands elsewhere, and others hang on it
        return fixes.replace(value, f'"{new}"'.encode())
    return fixes.replace(value, str(new).encode(), value.quoted) if new != plain else None


def _in_place(workload: Block, container: Container, context: Context) -> Reference | None:
    """The image that is written in the container; one whose tag this workload alone has elsewhere is changed there."""
    followed = context.followed.get((workload.address, container.path))
    elsewhere = followed is not None and (followed.writable or len(followed.images) > 1)
    return None if elsewhere else _image(workload, container, context)


def _meant(workload: Block, context: Context, container: str) -> list[Container]:
    """The containers to pin: the named one and those of its repository; none where that is not clear."""
    images = {each: _image(workload, each, context) for each in containers(workload)}
    names = {image.name if image else "" for each, image in images.items() if container in ("", each.label)}
    names |= {image.name for image in images.values() if image and image.name == container}
    return [each for each, image in images.items() if image and names == {image.name}]


def _hidden(workload: Block) -> list[Container]:
    """The containers whose image Terraform ignores; where it ignores none, all that have one."""
    every = [each for each in containers(workload) if each.image]
    return [each for each in every if is_ignored(workload, f"{each.path}.image")] or every


def _unclear(workload: Block, context: Context, container: str) -> str:
    """Why no container is meant."""
    images = {each.label: _image(workload, each, context) for each in containers(workload)}
    if not images:
        return "its containers are not written in the block"
    if container and container not in images:
        return f"it has no container `{container}`; there are {', '.join(images)}"
    if container or len(images) == 1:
        return "its image is unknown. `hclmod trace` shows where it comes from"
    names = sorted({image.name if image else "an unknown image" for image in images.values()})
    return f"it runs {', '.join(names)}. Name one of {', '.join(images)}"


def _image(workload: Block, container: Container, context: Context) -> Reference | None:
    """What a container runs, also where it is written elsewhere; None where that is not newest_pin."""
    followed = context.followed.get((workload.address, container.path))
    plain = parsed(container.image) if container.image else None
    return plain or (_known(followed) if followed else None)


def _known(followed: Followed) -> Reference | None:
    """The image that a container gets from elsewhere; of several with one repository the first."""
    if len(followed.images) < 2:
        return reference.parse(followed.image or "")
    images = [reference.parse(each) for each in followed.images]
    names = {each.name if each else "" for each in images}
    return images[0] if len(names) == 1 else None


def at_places(
    literal: Literal,
    place: Place,
    _context: Context,
    /,
    *,
    to: str = "",
    reason: str = "",
    date: str = "",
    container: str = "",
    allow_downgrade: bool = False,
) -> Iterator[Finding]:
    """Yield the fix of a tag that stands elsewhere: in a local, a default, an argument, an input."""
    first = place.images[0]
    image = reference.parse(first.before + literal.text + first.after)
    new = pinned(image, to) if image else None
    view = literal.view
    if (
        image is None
        or new is None
        or view is None
        or container not in ("", image.name, *(each.label for each in place.images))
    ):
        return
    text = str(new)
    inner = text[len(first.before) : len(text) - len(first.after)]
    pin = _Pin(to, reason, date)
    if place.also or place.read_by:
        others = ", ".join((*place.also, *place.read_by))
        yield note(
            literal,
            "used-by-others",
            f"`{literal.text}` stays, because {others} use it too. The container gets the tag",
        )
    elif first.before + inner + first.after != text:
        around = f"{first.before}...{first.after}"
        yield warn(literal, "tag-does-not-fit", f"not pinned: `{to}` does not fit the text around the tag ({around})")
    elif not allow_downgrade and (why := pin.too_low(image, view)):
        yield warn(literal, "lower-than-pin", why)
    elif inner == literal.text and not literal.argument:
        yield note(literal, "pinned-already", f"the tag is {literal.text} already")
    else:
        make = partial(_written, literal, view.source, inner, why=pin.comment(image))
        message = f"pins `{literal.text}` to `{inner}` for {', '.join(each.name for each in place.images)}"
        yield change(literal, "pin", message, lambda: undo.proved(view, make))


def _written(
    literal: Literal,
    source: Source,
    inner: str,
    aligned: bool,  # noqa: FBT001 - `proved` calls it so
    *,
    why: str,
) -> Fix | None:
    fix = literal.write(inner)
    return undo.keep(source, fix, why, aligned=aligned) if fix else None


rule = Rule(check, kinds=tuple(KINDS), needs={"facts"}, images=ImageHooks(at_places=at_places))
