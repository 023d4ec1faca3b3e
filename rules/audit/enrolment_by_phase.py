"""Find namespaces and workloads that are enrolled before their phase, or not enrolled after it.

Why: The phases are the only brake of the rollout. 77 namespaces, Vault and the CNI among them, were once enrolled at
the same time. Enrolment is per namespace, so a workload of a later phase in an enrolled namespace rolls too unless it
opts out.

Left alone: Repositories without phases in their config, exempt namespaces, workloads that opted out, Helm releases, and
types that the policy does not annotate.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import NAMESPACES, AssignedWorkload, Block, Context, Finding, Namespace, Rule, warn

from .._enrolment import EXEMPT, Enrolment, is_among
from .._keel import MUTATED, is_opted_out, opt_out


def check(
    block: Block, context: Context, /, *, enrolled: tuple[str, ...] = (), exempt: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Yield what is enrolled too early, or not enrolled."""
    facts, enrolment = context.facts.get(block.address), Enrolment(enrolled, exempt)
    if facts is None or not context.config.phases:
        return
    if block.type_label in NAMESPACES:
        for home in facts.namespaces:
            yield from _namespace(block, home, enrolment)
    elif (there := enrolment.of(facts)) and not facts.done and not opt_out(block) and _any_done(there):
        phases = ", ".join("no phase" if phase is None else f"phase {phase}" for phase in facts.phases)
        message = f"{there.name} is enrolled, so it rolls before its phase ({phases}). Use `hclmod opt-out` until then"
        yield warn(block.title, "rolls-too-early", message)


def _namespace(block: Block, home: Namespace, enrolment: Enrolment) -> Iterator[Finding]:
    mutated = [each for each in home.workloads if each.kind in MUTATED and not is_opted_out(each.metadata)]
    done = [each for each in mutated if each.done]
    if enrolment.holds(home) and mutated and not done:
        message = f"{home.name} is enrolled before its phase: {_listed(mutated)}"
        yield warn(block.title, "enrolled-too-early", message)
    elif not enrolment.holds(home) and done and not is_among(home.name or "", (*EXEMPT, *enrolment.exempt)):
        message = f"{home.name} is not enrolled, although these phases are done: {_listed(done)}"
        yield warn(block.title, "not-enrolled", message)


def _any_done(home: Namespace) -> bool:
    return any(each.done for each in home.workloads)


def _listed(workloads: list[AssignedWorkload]) -> str:
    names = (f"{each.id.name} ({'no phase' if each.phase is None else f'phase {each.phase}'})" for each in workloads)
    return ", ".join(sorted(names))


rule = Rule(check, kinds=(*NAMESPACES, *MUTATED), needs={"facts"})
