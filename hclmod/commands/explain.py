"""The whole story of one workload: where it lives, who owns it, what it lacks, what the next `apply` would do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hclmod.commands import audit, pin
from hclmod.engine import facts as gather
from hclmod.engine import follow, plan
from hclmod.engine.outcomes import Changed, Unchanged
from hclmod.hcl.document import Document
from hclmod.rulekit import loading
from hclmod.terraform import stacks as stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hclmod.engine.job import Brief
    from hclmod.engine.outcomes import Reported
    from hclmod.engine.project import Workspace
    from hclmod.rulekit.facts import Facts, NamespaceFact
    from hclmod.rulekit.places import Driven, Placing
    from hclmod.terraform.repository import Estate
    from hclmod.terraform.uses import Home

    Homes = tuple[Home, ...]

_STORY = "story"
_OWNERS = "owners"


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """Who owns image, tag and pull policy of one container, release or image in a manifest, and how that is known."""

    workload: str
    container: str
    image: str
    image_owner: str
    tag_owner: str
    pull_policy_owner: str
    evidence: str


def owners(workspace: Workspace) -> tuple[OwnerRow, ...]:
    """A row for each container, release and image in a manifest."""
    texts = pin.read_all(workspace)
    brief = audit.informed_brief(workspace, gather.estate_of(workspace.config, texts), texts, (_OWNERS,))
    found = _run(workspace, brief, texts, None)
    told = (dict(each.finding.cells) for each in found if each.finding.cells)
    return tuple(OwnerRow(**{name.replace(" ", "_"): text for name, text in cells.items()}) for cells in told)


def explain(workspace: Workspace, target: str) -> Iterator[str]:
    """The lines that tell the workload at `STACK/ADDRESS`; where no call of its module is named, all of them."""
    texts = pin.read_all(workspace)
    estate = gather.estate_of(workspace.config, texts)
    homes = pin.find(estate, target)
    dweller = homes[0].dweller
    key = homes[0].folder, dweller.address
    brief = audit.informed_brief(workspace, estate, texts, (_STORY, _OWNERS))
    facts = gather.facts_of(estate, brief.assignment.phase_of, audit.done(workspace), homes)
    yield f"{', '.join(facts.callers)}  {dweller.document}:{dweller.line}"
    if others := [name for name in brief.facts[key].callers if name not in facts.callers]:
        yield f"  {'the same block as':<28}  {', '.join(others)}"
    yield from _place(facts)
    yield from _images(facts)
    for found in _run(workspace, replace(brief, facts={**brief.facts, key: facts}), texts, homes):
        if found.rule == _STORY:
            yield from (f"  {name:<28}  {text}" for name, text in found.finding.cells)
        else:
            yield from _owner(dict(found.finding.cells))
    yield from _audited(workspace, replace(brief, rules=loading.group(audit.GROUP)), texts, homes)
    yield from _next(workspace, estate, brief, texts, homes, facts)


def _place(facts: Facts) -> Iterator[str]:
    for home in facts.homes:
        yield f"  {'namespace':<28}  {_namespace(home)}"
    for phase in facts.phases:
        told = "none" if phase is None else f"{phase} ({'done' if facts.done else 'not done'})"
        yield f"  {'phase':<28}  {told}"


def _namespace(home: NamespaceFact) -> str:
    declared = f"declared by {', '.join(home.declared)}" if home.declared else "declared by no file here"
    marks = ", ".join(f"{key}={value}" for key, value in home.metadata)
    return f"{home.name or 'not known'}, {declared}{f' with {marks}' if marks else ''}"


def _images(facts: Facts) -> Iterator[str]:
    for image in facts.images:
        texts = " or ".join(text or "not known" for text in image.texts)
        chain = f" ({' -> '.join(('image', *image.chain))})" if image.chain else ""
        yield f"  {f'image of {image.label}':<28}  {texts}, which stands at {image.where}{chain}"


def _owner(cells: Mapping[str, str]) -> Iterator[str]:
    told = ", ".join(f"{name.removesuffix(' owner')} {cells[name]}" for name in cells if name.endswith(" owner"))
    label = f"owner of {cells['container']}"
    yield f"  {label:<28}  {told}: {cells['evidence']}"


def _audited(workspace: Workspace, brief: Brief, texts: Mapping[str, bytes], homes: Homes) -> Iterator[str]:
    found = [each for each in _run(workspace, brief, texts, homes) if each.finding.level.value == "warning"]
    yield "The audit says:" if found else "The audit has nothing to say."
    yield from (f"  {each.rule:<28}  {each.finding.message}" for each in found)


def _next(
    workspace: Workspace, estate: Estate, brief: Brief, texts: Mapping[str, bytes], homes: Homes, facts: Facts
) -> Iterator[str]:
    """What the rules of the workload's phase would do to it."""
    phase = next((each for each in facts.phases if each is not None), None)
    if phase is None:
        yield "No phase has it, so no `apply` does anything to it."
        return
    mine = replace(brief, phase=phase, rules=workspace.rules_of(phase), options=workspace.options_of(phase))
    whole = pin.read_all(workspace, yaml=True) if follow.forms_of(mine) else texts
    placed = follow.placed_in(estate, mine, stack.discover(whole, workspace.config), whole, homes)
    found = _run(workspace, placed, whole, homes)
    yield f"`hclmod apply --phase {phase}` would:" if found else f"`hclmod apply --phase {phase}` has nothing to do."
    for each in found:
        yield f"  {each.rule:<28}  {'' if each.finding.fix else 'not change: '}{each.finding.message}"


def _run(workspace: Workspace, brief: Brief, texts: Mapping[str, bytes], homes: Homes | None) -> list[Reported]:
    """What rules find, in order; with `homes` on that workload and on the places from which its images come."""
    if homes is not None:
        home = homes[0]
        brief = replace(brief, chosen=frozenset([(home.folder, home.dweller.address)]), placing=_only(brief, homes))
        stacks: Sequence[stack.Stack] = pin.stacks_around(workspace, brief, home, texts)
    else:
        stacks = audit.stacks_of(workspace, brief, texts)
    (reports,) = plan.run(
        [(brief, stacks)], lambda each: tuple(Document(name, texts[name]) for name in each.files if name in texts)
    )
    found: list[Reported] = []
    for outcome in (outcome for report in reports for outcome in report.outcomes):
        if isinstance(outcome, Changed):
            found += outcome.applied
        if isinstance(outcome, Changed | Unchanged):
            found += outcome.left
    return found


def _only(brief: Brief, homes: Homes) -> Placing:
    """The places from which images of one workload come."""
    places = {
        document: mine
        for document, each in brief.placing.places.items()
        if (mine := tuple(place for place in each if any(_is_of(driven, homes) for driven in place.driven)))
    }
    return replace(brief.placing, places=places)


def _is_of(driven: Driven, homes: Homes) -> bool:
    return any((driven.stack, driven.address) == (home.stack, home.address) for home in homes)
