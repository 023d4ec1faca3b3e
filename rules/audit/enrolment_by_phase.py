"""Find namespaces and workloads that are enrolled before their phase, or not enrolled after it.

Why: The phases are the only brake of the rollout. 77 namespaces, Vault and the CNI among them, were once enrolled at
the same time. Enrolment is per namespace, so a workload of a later phase in an enrolled namespace rolls too unless it
opts out.

Left alone: Repositories without phases in their config, exempt namespaces, workloads that opted out, and types that
the policy does not annotate. A Helm release counts for its namespace, because the policy annotates what it brings.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import NAMESPACES, RELEASE, AssignedWorkload, Block, Context, Finding, Namespace, Rule, warn

from .._cluster import WORDS
from .._enrolment import enrolled_namespace, is_enrolled, is_exempt
from .._keel import MUTATED, is_opted_out, opt_out


def check(block: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what is enrolled too early, or not enrolled."""
    facts = context.facts.get(block.address)
    if facts is None or not context.config.phases:
        return
    if block.type_label in NAMESPACES:
        for home in facts.namespaces:
            yield from _namespace(block, home, context)
    elif (there := enrolled_namespace(facts, context)) and not facts.done and not opt_out(block) and _any_done(there):
        phases = ", ".join("no phase" if phase is None else f"phase {phase}" for phase in facts.phases)
        message = f"{there.name} is enrolled, so it rolls before its phase ({phases}). Use `hclmod opt-out` until then"
        yield warn(block.title, "rolls-too-early", message)


def _namespace(block: Block, home: Namespace, context: Context) -> Iterator[Finding]:
    mutated = [each for each in home.workloads if each.kind in _ANNOTATED and not is_opted_out(each.metadata)]
    done = [each for each in mutated if each.done]
    if is_enrolled(home, context) and mutated and not done:
        message = f"{home.name} is enrolled before its phase: {_listed(mutated)}"
        yield warn(block.title, "enrolled-too-early", message)
    elif not is_enrolled(home, context) and done and not is_exempt(home.name, context):
        message = f"{home.name} is not enrolled, although these phases are done: {_listed(done)}"
        yield warn(block.title, "not-enrolled", message)


_ANNOTATED = (*MUTATED, RELEASE)
"""What the policy annotates, and the releases that bring such workloads."""


def _any_done(home: Namespace) -> bool:
    return any(each.done for each in home.workloads)


def _listed(workloads: list[AssignedWorkload]) -> str:
    names = (f"{each.id.name} ({'no phase' if each.phase is None else f'phase {each.phase}'})" for each in workloads)
    return ", ".join(sorted(names))


rule = Rule(check, kinds=(*NAMESPACES, *MUTATED), needs={"facts"}, objects=WORDS)
