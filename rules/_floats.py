"""What the image rules share: which containers may be touched, and what their tag should be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod.images import decide, reference
from hclmod.images.tags import HOLDERS_OF_DATA, moves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.config.policies import ImagePolicy
    from hclmod.hcl.views import Attribute, Block
    from hclmod.images.decide import Decision
    from hclmod.images.reference import Reference
    from hclmod.rulekit.rule import Context

_PIN_WORDS = re.compile(
    r"\b(pin(ned|s)?|held|hold|keep|stay|until|do ?n[o']t|never|must|bump|patched|broken?|breaks?|bug|regress\w*"
    r"|crash\w*|fail\w*|revert\w*|roll(ed)? ?back|downgrad\w*|incompatib\w*|requires?|match(es)?"
    r"|same as|in sync|v?\d+\.\d+(\.\d+)?)\b",
    re.IGNORECASE,
)


def parsed(image: Attribute) -> Reference | None:
    """The image reference, if it is a plain string that is one; None for templates and references."""
    text = image.value.string()
    quoted = image.value.quoted
    if text is None or quoted is None or len(text.encode()) != quoted.end - quoted.start:
        return None
    return reference.parse(text)


def pin_reason(comments: Sequence[str]) -> str | None:
    """The comment on an image that gives a reason for its tag, or None; a link or a title is no reason."""
    return next((comment for comment in comments if _PIN_WORDS.search(comment)), None)


def policy(image: Reference, context: Context, where: Sequence[str]) -> ImagePolicy | None:
    """What the config says of the image in a workload: `where` is its stack, folder and address."""
    stack, folder, address = where
    return context.policy(image.name, stack, folder, address)


def decision(image: Reference, context: Context, where: Sequence[str]) -> Decision:
    """What becomes of the image's tag, by the config and the tag snapshot."""
    known = context.tags.image(image.name)
    return decide.decide(image, policy(image, context, where), known, stateful=_stateful(context))


def drifting(image: Reference, context: Context, where: Sequence[str]) -> str | None:
    """The pattern by which an image that moves across majors holds data, unless a person chose its tag; else None."""
    chosen = policy(image, context, where)
    if image.digest or (image.tag and not moves(image.tag)) or (chosen and chosen.float):
        return None
    return decide.holder_of_data(image, _stateful(context))


def _stateful(context: Context) -> tuple[str, ...]:
    return (*HOLDERS_OF_DATA, *context.config.stateful)


def here(workload: Block, context: Context) -> tuple[str, str, str]:
    """Where a workload of the document at hand is: stack, folder, address."""
    return context.stack, context.folder, workload.address
