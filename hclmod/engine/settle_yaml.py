"""One document of YAML: the places in it that rules may write, the edits, and the proof that nothing else changed.

It has no blocks, so rules are offered places only; PyYAML is the judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.engine.outcomes import Changed, Refused, Reported, Unchanged
from hclmod.engine.settle import addressed, heeding, reported
from hclmod.hcl import edits, suppression
from hclmod.hcl.document import Document
from hclmod.hcl.edits import Span
from hclmod.proof.verify import AsDeclared
from hclmod.rulekit import places
from hclmod.rulekit.places import Literal
from hclmod.yaml import fixes, scalars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hclmod.rulekit.loading import Loaded
    from hclmod.rulekit.places import Place
    from hclmod.rulekit.rule import Context


def settle(document: Document, rules: Sequence[Loaded], context: Context) -> Unchanged | Changed | Refused:
    """Make every fix that rules have for the document's places, and prove it; a second look has to find none."""
    result = _check(document, rules, context)
    fixable = [(each, fix) for each in result if (fix := each.finding.fix) is not None]
    taken, made = edits.select([fix for _, fix in fixable])
    applied = tuple(fixable[index][0] for index in taken)
    left = tuple(each for each in result if each.finding.fix is None)
    if not applied:
        return Unchanged(document.path, left)
    after = edits.apply(document.data, made)
    texts = [edit.text.decode().strip('"') for edit in made]
    wrong = fixes.undeclared(scalars.covered(document.data), scalars.covered(after), texts)
    again = _check(Document(document.path, after), rules, context)
    if any(each.finding.fix is not None for each in again):
        wrong = wrong or "not settled: a second look at it finds more"
    if wrong:
        return Refused(document.path, (wrong,), applied)
    return Changed(document.path, document.data, after, applied, left, AsDeclared((fixes.judge(),)))


def _check(document: Document, rules: Sequence[Loaded], context: Context) -> tuple[Reported, ...]:
    return tuple(
        reported(
            loaded.id,
            addressed(finding, place.images[0].name),
            document,
            suppression.among(literal.comments, loaded.id),
        )
        for loaded in rules
        for place in context.places
        if loaded.rule.images and (literal := _find(document, place))
        for finding in loaded.at_places(literal, heeding(place, loaded.id), context)
    )


def _find(document: Document, place: Place) -> Literal | None:
    if not place.why:
        return places.in_yaml(document.data, place)
    lines = document.data.splitlines(keepends=True)
    start = sum(map(len, lines[: place.line - 1]))
    return Literal(Span(start, start), place.text, (), places.refusing(place))
