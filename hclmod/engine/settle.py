"""One document until it is settled: check, apply, realign, parse again, and prove the result."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from hclmod.engine.outcomes import Changed, Refused, Reported, Skipped, Unchanged
from hclmod.hcl import alignment, edits, suppression
from hclmod.hcl.edits import excerpt
from hclmod.hcl.views import path_at, top_level
from hclmod.proof import verify
from hclmod.rulekit import places
from hclmod.rulekit.rule import BLOCKS, Finding, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hclmod.hcl.document import Document
    from hclmod.hcl.source import Source
    from hclmod.hcl.views import Block
    from hclmod.proof.verify import Verdict
    from hclmod.rulekit.loading import Loaded
    from hclmod.rulekit.places import Place
    from hclmod.rulekit.rule import Context

ROUNDS = 10
"""Rules that have not settled after so many rounds fight each other."""


def settle(
    source: Source, rules: Sequence[Loaded], context: Context, select: Callable[[Loaded, Block], bool]
) -> Unchanged | Changed | Skipped | Refused:
    """Run `rules` on the blocks that `select` chooses until a round finds no fix, then judge the whole change."""
    before = source
    first: tuple[Reported, ...] = ()
    applied: list[Reported] = []
    fixed: list[edits.Fix] = []
    late: set[str] = set()
    for number in range(ROUNDS):
        changed = frozenset((each.rule, each.finding.address) for each in applied)
        result = _check(source, rules, replace(context, changed=changed), select)
        first = first if number else result
        fixable = [each for each in result if each.finding.fix is not None]
        if not fixable:
            return _judged(before, source, fixed, tuple(applied), _left(first, result, applied))
        taken, made = edits.select([each.finding.fix for each in fixable if each.finding.fix is not None])
        applied += [fixable[index] for index in taken]
        late.update(fixable[index].rule for index in taken if number >= ROUNDS // 2)  # two that fight take turns
        fixed += [fix for index in taken if (fix := fixable[index].finding.fix) is not None]
        source = alignment.applied(source, made, columns=all(fix.realign for fix in fixed[-len(taken) :]))
    fighting = ", ".join(sorted(late))
    why = f"not settled after {ROUNDS} rounds; these rules undo each other or themselves: {fighting}"
    return Refused(before.document.path, (why,), tuple(applied))


def _check(
    source: Source, rules: Sequence[Loaded], context: Context, select: Callable[[Loaded, Block], bool]
) -> tuple[Reported, ...]:
    blocks = [block for block in top_level(source)[1] if _is_offered(block)]
    at_blocks = (
        _reported(source, loaded.id, addressed(finding, block.address))
        for loaded in rules
        for block in blocks
        if loaded.rule.is_for(block) and select(loaded, block)
        for finding in loaded.check(block, context)
    )
    at_places = (
        _reported(source, loaded.id, addressed(finding, place.images[0].name), literal.comments)
        for loaded in rules
        for place in context.places
        if loaded.rule.images and (literal := places.find(source, place))
        for finding in loaded.at_places(literal, heeding(place, loaded.id), context)
    )
    return (*at_blocks, *at_places)


def _is_offered(block: Block) -> bool:
    """Whether a block is one that rules see; a `terraform` block of Terragrunt is something else."""
    return block.type == "resource" or (block.type in BLOCKS and block.source.document.path.endswith((".tf", ".tofu")))


def addressed(finding: Finding, address: str) -> Finding:
    """The finding with an address: its own, else this one."""
    return finding if finding.address else replace(finding, address=address)


def heeding(place: Place, rule: str) -> Place:
    """The place, each container that it drives with the reason of a comment there that suppresses the rule."""
    reasons = [suppression.among((*each.comments, *each.above), rule) for each in place.images]
    images = (replace(each, suppressed=reason or "") for each, reason in zip(place.images, reasons, strict=True))
    return replace(place, images=tuple(images)) if any(reasons) else place


def _reported(source: Source, rule: str, finding: Finding, comments: Sequence[str] = ()) -> Reported:
    why = suppression.reason(source, finding.span, rule, comments)
    return reported(rule, finding, source.document, why, path_at(source, finding.span))


def reported(rule: str, finding: Finding, document: Document, why: str | None, where: str = "") -> Reported:
    """A finding with its line and the lines that it changes, as a comment there leaves it.

    `why` is the comment's reason, None without a comment; `where` the path of the innermost item around it.
    """
    line = document.line(finding.span.start)
    if why:
        message = f"suppressed ({why}): {finding.message}"
        finding = replace(finding, message=message, fix=None, level=Level.NOTE, effect="")
    elif why is not None:
        message = f"{finding.message} (the `hclmod: ignore` here gives no reason, so it does not count)"
        finding = replace(finding, message=message)
    before, after = excerpt(document, finding.fix) if finding.fix else ("", "")
    return Reported(rule, finding, line, where, before, after)


def _left(first: Sequence[Reported], last: Sequence[Reported], applied: Sequence[Reported]) -> tuple[Reported, ...]:
    """What the last round still says, on the lines of the document as it was where the first round said it too.

    A note that only says what this run's own fix has made true is left out.
    """
    lines: dict[tuple[str, str, str], deque[Reported]] = defaultdict(deque)
    for each in first:
        lines[_messages(each)].append(each)
    fixed = {(each.rule, each.finding.address) for each in applied}
    return tuple(
        lines[_messages(each)].popleft() if lines[_messages(each)] else each
        for each in last
        if lines[_messages(each)] or each.finding.level is not Level.NOTE or _messages(each)[:2] not in fixed
    )


def _messages(reported: Reported) -> tuple[str, str, str]:
    return reported.rule, reported.finding.address, reported.finding.message


def _judged(
    before: Source,
    after: Source,
    fixes: Sequence[edits.Fix],
    applied: tuple[Reported, ...],
    left: tuple[Reported, ...],
) -> Unchanged | Changed | Skipped | Refused:
    path = before.document.path
    if after.data != before.data and (why := verify.rejected(before)):
        return Skipped(path, why)
    verdict: Verdict = verify.verify(before, after, fixes)
    match verdict:
        case verify.Same():
            return Unchanged(path, left)
        case verify.AsDeclared():
            return Changed(path, before.data, after.data, applied, left, verdict)
        case verify.Broken(paths):
            return Refused(path, paths, applied)
        case verify.Unverifiable(why):
            return Refused(path, (why,), applied)
