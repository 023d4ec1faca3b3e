"""Correct the description of a variable that makes tags of images and asks for commit SHAs or forbids `latest`.

Why: A person who sets a variable reads its description. After a phase is completed its images float, and a description
that asks for a commit SHA is wrong. The rule runs where it is named: in `rules` of a phase, or with
`hclmod fix --rule stale-tag-description`. The sentences that are wrong give way to `text`.

Left alone: Other sentences of the description. Variables that something else reads too, or from which no image is known
to get its tag. Descriptions of images whose phase is not completed, because they still hold. Without `text` nothing
changes, nor where an image keeps a tag that does not float.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from hclmod.rulekit import (
    Attribute,
    Block,
    Context,
    Finding,
    Float,
    Keep,
    Rule,
    RuleError,
    TaggedImage,
    change,
    fixes,
    note,
    reference,
    replace,
    warn,
)

from .._floats import decision, switches_tags
from .._kept import escaped
from .._statements import claims, phases, sentences


def check(variable: Block, context: Context, /, *, text: str = "") -> Iterator[Finding]:
    """Yield the new description, or why the old one stays.

    `text`: the sentence that takes the place of those that are wrong.
    """
    if text and any(claims(f"Image tag. {text}")):
        raise RuleError(f"`{text}` asks for what it is to replace", hint="Write what holds for tags that float.")
    description = variable.attribute("description")
    old = description.value.string() if description else None
    if description is None or old is None:
        return
    words = " and ".join(dict.fromkeys(claim.words for _, claim in claims(old)))
    if words:
        yield _corrected(description, old, words, text, variable=variable, context=context)


def _corrected(
    description: Attribute, old: str, words: str, text: str, *, variable: Block, context: Context
) -> Finding:
    known = context.variables.get(variable.address)
    if known is None:
        message = f"it {words}, and no image is known to get its tag from this variable"
        return warn(description, "no-image", message)
    images = _some([each.name for each in known.images])
    if known.read_by:
        message = (
            f"it {words}. The variable is more than the tag of {images}, because {', '.join(known.read_by)} reads it"
        )
        return warn(description, "read-elsewhere", message)
    waiting = [phase for phase in known.open if phase is None or phase != context.phase]
    if waiting:
        numbers = tuple(phase for phase in waiting if phase is not None)
        when = f"{phases(numbers)} is completed" if numbers else "a phase has them"
        return note(description, "phase-open", f"it {words}, which holds for {images} until {when}")
    if fixed := [each.text for each in known.images if not _floats(each, context)]:
        message = f"it {words}, which holds while {images} is {_some(sorted({each or 'not known' for each in fixed}))}"
        return note(description, "tag-stays", message)
    now = f"but {images} {'floats' if len(known.images) == 1 else 'float'}"
    if not text:
        message = f"it {words}, {now}"
        advice = 'Say what holds instead: text = "..." in [options.stale-tag-description].'
        return replace(warn(description, "no-text", message), advice=advice)
    new = escaped(_rewritten(old, text)).encode()
    make = partial(fixes.replace, description.value, new, description.value.quoted)
    return change(description, "corrected", f"it {words}, {now}", make)


def _floats(image: TaggedImage, context: Context) -> bool:
    """Whether an image has a tag that floats, or gets one in this run."""
    known = reference.parse(image.text or "")
    verdict = decision(known, context, image.id) if known else None
    if isinstance(verdict, Float):
        return switches_tags(context)
    return isinstance(verdict, Keep) and verdict.floating


def _some(names: Sequence[str]) -> str:
    """The names, of many the first and how many there are."""
    every = list(dict.fromkeys(names))
    return " and ".join(every) if len(every) < 3 else f"{every[0]} and {len(every) - 1} more"


def _rewritten(old: str, text: str) -> str:
    """The description with `text` once in the place of the sentences that are wrong."""
    wrong = [start for start, _ in claims(old)]
    parts: list[str] = []
    for start, sentence in sentences(old):
        if not any(start <= each < start + len(sentence) for each in wrong):
            parts.append(sentence)
        elif text not in parts:
            parts.append(text)
    return " ".join(part.strip() for part in parts)


rule = Rule(check, kinds=("variable",), needs={"variables"})
