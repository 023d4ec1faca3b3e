"""What the image rules share: which containers may be touched, and what their tag should be."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hclmod.rulekit import (
    HOLDERS_OF_DATA,
    Attribute,
    Block,
    Container,
    Context,
    Decision,
    Float,
    ImagePolicy,
    Keep,
    LastResort,
    Reference,
    ResourceId,
    Struct,
    TagClass,
    Unknown,
    decide,
    moves,
    reference,
    tags,
)

from ._cluster import says_version

_PIN_WORDS = re.compile(
    r"\b(pin(ned|ning|s)?|held|hold|keep|kept|stay|stuck|freeze|frozen|locked|until|do ?n[o']t|never|must|patched"
    r"|because|due to|revert\w*|roll(ed)? ?back|downgrad\w*|incompatib\w*|requires?|needs?|match(es)?|same as"
    r"|in sync|needed|blocked|known[ -]good|leave (it )?as (it )?is|(last|only|first) (\w+ ){0,3}(that|which|with))\b",
    re.IGNORECASE,
)
_FAULT_WORDS = re.compile(
    r"\b(broke|broken|breaks?|bugs?|regress\w*|crash\w*|fail\w*|leaks?|drop(s|ped)?|remove[sd]?|lacks?|lost)\b",
    re.IGNORECASE,
)
_OTHER_TAGS = re.compile(r"\b(newer|later|latest|next|newest|upstream|upgrad\w*|updat\w*|since|above)\b", re.IGNORECASE)
_VERSION = re.compile(r"\bv?\d+\.(?:\d+|x\b)", re.IGNORECASE)
_REFERENCE = re.compile(r"\S*[/:@]\S+")
_WORD = re.compile(r"\b[A-Za-z]{2,}\b")


SWITCHER = "float-image-tag"
"""The rule that switches tags: what other rules say of an image depends on whether it runs too."""


def switches_tags(context: Context) -> bool:
    """Whether this run switches tags."""
    return SWITCHER in context.rules


def has_switched(workload: Block, context: Context) -> bool:
    """Whether this run has switched a tag of a workload."""
    return (SWITCHER, workload.address) in context.changed


def has_switched_in(container: Container, context: Context) -> bool:
    """Whether this run has switched the tag of a container."""
    return container.image is not None and (SWITCHER, container.image.path) in context.changed_at


class Reason(Struct, frozen=True):
    """Why an image stays: the code of the cause, and the words for a person; `is_unknown` for want of its tags."""

    code: str
    text: str
    is_unknown: bool = False


NAME_IT = 'Set `float` under [images."NAME"] in hclmod.toml.'
ASK_OR_NAME_IT = f"`hclmod tags refresh` asks the registries about all of them. Or s{NAME_IT[1:]}"


def parsed(image: Attribute) -> Reference | None:
    """The image reference, if it is a plain string that is one; None for templates and references."""
    text = image.value.string()
    quoted = image.value.quoted
    if text is None or quoted is None or len(text.encode()) != quoted.end - quoted.start:
        return None
    return reference.parse(text)


def pin_reason(comments: Sequence[str]) -> str | None:
    """The comment on an image that gives a reason for its tag, or None.

    The image or its tag once more, a link and a title are not reasons, and a fault is one where it is another tag's.
    """
    return next((comment for comment in comments if _is_reason(_REFERENCE.sub(" ", comment))), None)


def _is_reason(comment: str) -> bool:
    if _PIN_WORDS.search(comment):
        return True
    if _FAULT_WORDS.search(comment) and _OTHER_TAGS.search(comment):
        return True
    return bool(_VERSION.search(comment)) and len(_WORD.findall(_VERSION.sub(" ", comment))) >= _SENTENCE


_SENTENCE = 2
"""From so many words on a comment with a version says something of it."""


def held_by(comments: Sequence[str], chosen: ImagePolicy | None) -> str | None:
    """The comment that holds an image at its tag, or None where none does or the config overrules it."""
    return None if overrules(chosen) else pin_reason(comments)


def overrules(chosen: ImagePolicy | None) -> bool:
    """Whether the config overrules a comment that gives a reason: it says how the image floats, by name or pattern."""
    return chosen is not None and bool(chosen.float)


def overruled(comments: Sequence[str], chosen: ImagePolicy | None) -> str:
    """What a report adds where the config overrules a comment; empty where it does not."""
    reason = pin_reason(comments) if overrules(chosen) else None
    return f"; this overrules its comment: {reason}" if reason else ""


_BOTS = re.compile(r"(renovate|dependabot)\s*:|x-release-please-\w+|\$imagepolicy", re.IGNORECASE)


def bot_of(comments: Sequence[str]) -> str:
    """The comment by which another bot keeps the tag, empty for none."""
    return next((comment.lstrip("#/ ") for comment in comments if _BOTS.search(comment)), "")


def policy(image: Reference, context: Context, workload: ResourceId) -> ImagePolicy | None:
    """What the config says of the image in a workload."""
    return context.policy(image.name, workload)


def decision(image: Reference, context: Context, workload: ResourceId) -> Decision:
    """What becomes of the image's tag, by the config and the tag snapshot."""
    evidence = context.tags.image(image.name)
    verdict = decide.decide(image, policy(image, context, workload), evidence, stateful=_stateful(context))
    if says_version(image) and not context.config.keel.version and isinstance(verdict, Float | LastResort):
        return Unknown(_KEEL, _SAY_VERSION)
    return verdict


_KEEL = "it is Keel itself, and rules read from this tag which Keel runs"
_SAY_VERSION = "set `version` under [keel] in hclmod.toml, which they then read instead"


def stays(  # noqa: PLR0911 - one line for each cause
    verdict: Keep | LastResort | Unknown, image: Reference, chosen: ImagePolicy | None
) -> Reason:
    """Why an image stays by what is decided about its tag."""
    match verdict:
        case Keep(why, floating=True):
            return Reason("floats-already", why)
        case Keep(why) if chosen and chosen.float == "never":
            return Reason("never", why)
        case Keep(why) if image.digest:
            return Reason("digest", why)
        case Keep(why) if tags.classify(image.tag or "latest") is TagClass.CHANNEL:
            return Reason("name-may-move", why)
        case Keep(why):
            return Reason("holds-data", why)
        case LastResort(why):
            return Reason("last-resort", why)
        case Unknown(why, what_to_do) if why == _KEEL:
            return Reason("keel-itself", f"{why}; {what_to_do}")
        case Unknown(why, what_to_do) if chosen and chosen.float:
            return Reason("choice-does-not-fit", f"{why}; {what_to_do}")
        case Unknown(why, what_to_do):
            return Reason("unknown-tags", f"{why}; {what_to_do}", is_unknown=True)


def drifting(image: Reference, context: Context, workload: ResourceId) -> str | None:
    """The pattern by which an image that moves across majors holds data, unless a person chose its tag; else None."""
    chosen = policy(image, context, workload)
    if image.digest or (image.tag and not moves(image.tag)) or (chosen and chosen.float):
        return None
    return decide.holder_of_data(image, _stateful(context))


def _stateful(context: Context) -> tuple[str, ...]:
    return (*HOLDERS_OF_DATA, *context.config.stateful)
