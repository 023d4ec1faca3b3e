"""Move images to another registry, or to another name there (run by `hclmod fix --rule move-image`).

Why: A registry is given up, or a cache takes its place. `from` is a registry (`docker.io`), the beginning of names
(`ghcr.io/lanternworks`, `docker.io/bitnami`) or a whole name (`valkey`), and `to` is what stands there afterwards:
`--set move-image.from=docker.io --set move-image.to=registry.lan/hub`. Short names of Docker Hub are written out, so
`nginx:1` becomes `registry.lan/hub/library/nginx:1`. Tag and digest stay.

A name in a local, a variable, a module call or a Terragrunt input is changed there if every image that uses it moves.
Of images outside of containers the rule changes the forms that `outside` names, as `float-image-tag` does. `[images]`
and the tag snapshot know an image by its name: change the name there too.

Left alone: Images of other registries, and images that have moved. A name that more than images reads, that images use
which do not move, or whose parts stand apart, so that a person has to look. An image that cannot be followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import (
    KINDS,
    AffectedImage,
    Block,
    Context,
    Finding,
    ImageHooks,
    Literal,
    Place,
    Reference,
    Rule,
    RuleError,
    Struct,
    change,
    containers,
    note,
    reference,
    rollout,
    warn,
)

from .._floats import parsed


class _Move(Struct, frozen=True):
    """From which names images move, and what stands there afterwards."""

    source: str
    target: str

    def __post_init__(self) -> None:
        if not (self.source and self.target):
            hint = "Write `--set move-image.from=docker.io --set move-image.to=registry.lan/hub`."
            raise RuleError("move-image needs the options `from` and `to`", hint=hint)
        for text in (self.source, self.target):
            if reference.parse(f"{text}/x") is None:
                hint = "Write a registry, or the beginning of a name, without a tag."
                raise RuleError(f"move-image: `{text}` begins no name of an image", hint=hint)

    def moved(self, image: Reference) -> Reference | None:
        """The image at its new name; None for one that does not move, or has moved."""
        if _below(self.target, image.name) is not None:
            return None
        rest = _below(self.source, image.name)
        new = reference.parse(f"{self.target}{rest}") if rest is not None else None
        return Reference(new.domain, new.path, image.tag, image.digest) if new else None


def _below(head: str, name: str) -> str | None:
    """What of a name stands behind its beginning; None for a name that begins otherwise."""
    whole = reference.parse(head)
    if whole is not None and whole.name == name:
        return ""
    return name.removeprefix(head) if name.startswith(f"{head}/") else None


def check(workload: Block, context: Context, /, *, from_: str = "", to: str = "") -> Iterator[Finding]:
    """Yield a finding for each container whose image is not known. The others are found where their names stand.

    `from`: the registry, the beginning of names or the whole name that images have now.
    `to`: what stands there afterwards.
    """
    _Move(from_, to)
    for each in containers(workload):
        followed = context.followed.get((workload.address, each.path))
        if each.image and not parsed(each.image) and (followed is None or not (followed.image or followed.images)):
            why = followed.reason if followed else "it is not an image reference"
            yield warn(each.image, "unresolved-image", f"{each.label}: the image is `{each.image.value.text}`: {why}")


def at_places(
    literal: Literal, place: Place, _context: Context, /, *, from_: str = "", to: str = ""
) -> Iterator[Finding]:
    """Yield what becomes of a literal in which names of images begin."""
    move = _Move(from_, to)
    if place.why:
        if literal.text.startswith(from_):
            yield warn(literal, "not-writable", f"`{literal.text}` stays: {place.why}")
        return
    if all(each.before for each in place.images):  # the name begins elsewhere
        return
    images = {each: reference.parse(each.before + literal.text + each.after) for each in place.images}
    targets = {each: move.moved(image) if image else None for each, image in images.items()}
    names = ", ".join(dict.fromkeys(each.name for each in place.images))
    stay = [each.name for each, target in targets.items() if target is None]
    if len(stay) == len(targets):
        yield note(literal, "does-not-move", f"`{literal.text}` stays: it is not from {from_}, or has moved already")
    elif why := next((each.suppressed for each in place.images if each.suppressed), ""):
        yield note(literal, "suppressed", f"`{literal.text}` stays for {names}: suppressed ({why})")
    elif place.also or place.read_by:
        users = ", ".join((*place.also, *place.read_by))
        yield warn(
            literal, "read-elsewhere", f"`{literal.text}` stays: {users} use it too. Give each a text of its own"
        )
    elif stay:
        yield warn(literal, "disagreement", f"`{literal.text}` stays, because {', '.join(stay)} use it and do not move")
    else:
        yield _change(literal, place, [(each, str(target)) for each, target in targets.items()], names)


def _change(literal: Literal, place: Place, targets: list[tuple[AffectedImage, str]], names: str) -> Finding:
    texts = {
        text[len(each.before) : len(text) - len(each.after)]
        if text.startswith(each.before) and text.endswith(each.after)
        else ""
        for each, text in targets
    }
    (new, *others) = sorted(texts)
    if others or not new:
        message = f"`{literal.text}` stays: `{targets[0][1]}` does not fit the text around it. Move the parts by hand"
        return warn(literal, "name-does-not-fit", message)
    message = f"`{literal.text}` becomes `{new}` for {names}"
    if any(each.ignored for each, _ in targets):
        message += ". Terraform ignores the image, so running pods keep the old one"
    effect = "; ".join(sorted({rollout(each.kind) for each in place.images}))
    return change(literal, "moved-image", message, partial(literal.write, new), effect=effect)


def forms(*, outside: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The forms of images outside of containers whose places the rule is offered too.

    `outside`: the forms of images outside of containers to change as well, as `hclmod survey` names them.
    """
    return outside


rule = Rule(
    check, kinds=tuple(KINDS), needs={"origins"}, images=ImageHooks(at_places=at_places, forms=forms, names=True)
)
