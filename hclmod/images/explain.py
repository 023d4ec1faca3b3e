"""Why an image's tag is decided as it is: the policy, the evidence, and what would change the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from hclmod.images import decide, tags
from hclmod.images.decide import Float, Keep, LastResort, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.images.decide import Decision
    from hclmod.images.evidence import ImageTags, TagInfo
    from hclmod.images.reference import Reference


class Explanation(Struct, frozen=True, kw_only=True):
    """A decision in words: `outcome` in one line, `why`, the `evidence` that was used, what would `change` it."""

    decision: Decision
    outcome: str
    why: str
    evidence: tuple[str, ...]
    change: tuple[str, ...]


def explain(
    reference: Reference, policy: decide.Policy | None, known: ImageTags | None, stateful: Sequence[str]
) -> Explanation:
    """Decide as the rules do, and tell how that came about; an image without a tag is taken for `latest`."""
    decision = decide.decide(reference, policy, known, stateful=stateful)
    return Explanation(
        decision=decision,
        outcome=_outcome(decision),
        why=decision.why,
        evidence=tuple(_evidence(reference, known, stateful)),
        change=tuple(_change(reference, decision)),
    )


def _outcome(decision: Decision) -> str:
    match decision:
        case Float(tag):
            return f"floats on `{tag}`"
        case Keep(floating=True):
            return "stays, and moves by itself"
        case Keep():
            return "stays, pinned"
        case LastResort():
            return "stays, and Terraform is to ignore the image (the last resort)"
        case Unknown():
            return "stays, for nothing proves an answer"
        case _ as never:
            assert_never(never)


def _evidence(reference: Reference, known: ImageTags | None, stateful: Sequence[str]) -> Iterator[str]:
    form = tags.form(reference.tag, reference.digest)
    yield f"the tag is {'none' if form == 'none' else f'of the form {form}'}"
    if glob := decide.holder_of_data(reference, stateful):
        yield f"its name matches `{glob}` of the images that hold data"
    if known is None:
        yield "hclmod.tags.json holds nothing of it"
        return
    whole = known.about(reference.tag or "latest").complete
    text = "complete" if whole else "not complete for this tag" if known.complete else "not complete"
    yield f"hclmod.tags.json: a {known.source} list of {known.checked}, {text}"
    for tag in _relevant(reference.tag or "latest", known):
        yield f"{tag}: {_text(known.tags.get(tag), whole=whole)}"


def _relevant(tag: str, known: ImageTags) -> Sequence[str]:
    """The tags that the decision looks at: this one, its rivals, and those that are the same image as one of them."""
    near = ("latest", tag, tags.major_of(tag), decide.highest(tag, known.tags), decide.minor_of(tag, known.tags))
    target = dict.fromkeys(each for each in near if each is not None)
    digests = {info.digest for each in target if (info := known.tags.get(each)) and info.digest}
    twins = sorted(each for each, info in known.tags.items() if info.digest in digests and each not in target)
    return [*target, *twins[:_SHOWN]]


_SHOWN = 5


def _text(info: TagInfo | None, *, whole: bool) -> str:
    if info is None:
        return "does not exist" if whole else "is not in the list"
    digest = f"{info.digest[:19]}..." if info.digest else "digest not known"
    return f"{digest}, {f'built {info.created}' if info.created else 'date not known'}"


def _change(reference: Reference, decision: Decision) -> Iterator[str]:
    table = f'[images."{reference.familiar}"]'
    match decision:
        case Float():
            yield f'`float = "never"` with a `reason` under {table}, or a comment at the image that says why it stays'
            yield f'`float = "major"` or a tag under {table}'
        case Keep(floating=True):
            yield "another tag in the file"
        case Keep():
            yield f"`float` under {table}"
        case LastResort():
            yield f"`float` with a tag that exists under {table}"
            yield "a `latest` or a major that is not stale in the registry, and another `hclmod tags refresh`"
        case Unknown(what_to_do=what):
            yield what
        case _ as never:
            assert_never(never)
