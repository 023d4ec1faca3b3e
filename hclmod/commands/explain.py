"""The whole story of one workload: where it lives, who owns it, what it lacks, what the next `apply` would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from hclmod.engine.job import Job
from hclmod.engine.workloads import find
from hclmod.rulekit import folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hclmod.engine.outcomes import Reported
    from hclmod.engine.project import Project
    from hclmod.rulekit.facts import Facts, Namespace
    from hclmod.terraform.resources import Workload

    Workloads = tuple[Workload, ...]
    Select = Callable[[str, int | None], bool]

_STORY = "story"
_OWNERS = "owners"
_AUDIT = "audit"


class OwnerRow(Struct, frozen=True, kw_only=True):
    """Who owns image, tag and pull policy of one container, release or image in a manifest, and how that is known."""

    NARROW: ClassVar = ("workload", "container", "image", "image_owner", "tag_owner", "pull_policy_owner")

    workload: str
    container: str
    image: str
    image_owner: str
    tag_owner: str
    pull_policy_owner: str
    evidence: str


def owners(project: Project, select: Select | None = None) -> tuple[OwnerRow, ...]:
    """A row for each container, release and image in a manifest; `select` says of which stacks and phases."""
    cells = (dict(each.finding.cells) for each in _run(project, (_OWNERS,)) if each.finding.cells)
    rows = tuple(OwnerRow(**{name.replace(" ", "_"): text for name, text in each.items()}) for each in cells)
    if select is None:
        return rows
    ids = (each.id for each in project.model.workloads)
    names = {each.name for each in ids if select(each.stack, project.assignment.phase_of(each))}
    return tuple(row for row in rows if names.intersection(row.workload.split(", ")))


def explain(project: Project, target: str) -> Iterator[str]:
    """The lines that explain the workload at `STACK/ADDRESS`; where no call of its module is named, all of them."""
    workloads = find(project.model, target)
    block = workloads[0].block
    every = project.facts(project.done_if_known)[workloads[0].id.block]
    facts = project.facts_of(workloads)
    coming = [*_next(project, workloads, facts)]  # its rules ask for the most, so the others find it read
    yield f"{', '.join(facts.callers)}  {block.document}:{block.line}"
    if others := [name for name in every.callers if name not in facts.callers]:
        yield f"  {'the same block as':<28}  {', '.join(others)}"
    yield from _place(facts)
    yield from _images(facts)
    for result in _run(project, (_STORY, _OWNERS), workloads):
        if result.rule == _STORY:
            yield from (f"  {name:<28}  {text}" for name, text in result.finding.cells)
        else:
            yield from _owner(dict(result.finding.cells))
    yield from _audited(project, workloads)
    yield from coming


def _place(facts: Facts) -> Iterator[str]:
    for each in facts.namespaces:
        yield f"  {'namespace':<28}  {_namespace(each)}"
    for phase in facts.phases:
        text = "none" if phase is None else f"{phase} ({'done' if facts.done else 'not done'})"
        yield f"  {'phase':<28}  {text}"


def _namespace(namespace: Namespace) -> str:
    declared = f"declared by {', '.join(namespace.declared)}" if namespace.declared else "declared by no file here"
    marks = ", ".join(f"{key}={value}" for key, value in namespace.metadata)
    return f"{namespace.name or 'not known'}, {declared}{f' with {marks}' if marks else ''}"


def _images(facts: Facts) -> Iterator[str]:
    for image in facts.images:
        texts = " or ".join(text or "not known" for text in image.texts)
        chain = f" ({' -> '.join(('image', *image.chain))})" if image.chain else ""
        yield f"  {f'image of {image.label}':<28}  {texts}, which stands at {image.where}{chain}"


def _owner(cells: Mapping[str, str]) -> Iterator[str]:
    text = ", ".join(f"{name.removesuffix(' owner')} {cells[name]}" for name in cells if name.endswith(" owner"))
    label = f"owner of {cells['container']}"
    yield f"  {label:<28}  {text}: {cells['evidence']}"


def _audited(project: Project, workloads: Workloads) -> Iterator[str]:
    results = [each for each in _run(project, folders.group(_AUDIT), workloads) if each.is_open]
    yield "The audit says:" if results else "The audit finds nothing."
    yield from (f"  {each.rule:<28}  {each.finding.message}" for each in results)


def _next(project: Project, workloads: Workloads, facts: Facts) -> Iterator[str]:
    """What the rules of the workload's phase would do to it."""
    phase = next((each for each in facts.phases if each is not None), None)
    if phase is None:
        yield "No phase has it, so no `apply` does anything to it."
        return
    results = _reported(project, project.phase_job(phase, workloads=workloads))
    yield f"`hclmod apply --phase {phase}` would:" if results else f"`hclmod apply --phase {phase}` has nothing to do."
    for each in results:
        yield f"  {each.rule:<28}  {'' if each.finding.fix else 'leaves unchanged: '}{each.finding.message}"


def _run(project: Project, rules: tuple[str, ...], workloads: Workloads = ()) -> list[Reported]:
    """What rules find, in order; with `workloads` on that workload and on the places from which its images come."""
    return _reported(project, Job(rules=rules, options=project.options_of(None), workloads=workloads))


def _reported(project: Project, job: Job) -> list[Reported]:
    return list(project.plan(job).findings)
