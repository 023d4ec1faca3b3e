"""Show where a workload is in the rollout (run by `hclmod explain ADDRESS`).

Why: A person who looks at one workload needs to know whether Keel manages it, why, and which markers it has.

Left alone: Everything, because this rule only reports.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import KINDS, Block, Context, Finding, Rule, fixes, note, replace

from .._cluster import WORDS
from .._enrolment import due
from .._keel import POLICY, declared, opt_out
from .._markers import MARKERS, SERVICES, marker_names
from .._rewrites import marker_entries, rewrites


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a note for each thing to tell."""
    why = due(workload, context)
    yield _row(workload, "enrolment", "enrolled", why or "no: Keel does not manage it")
    if opted := opt_out(workload):
        yield _row(workload, "opted-out", "opted out", f"yes: `{POLICY} = never` among its {opted.name}")
    elif (policy := declared(workload, POLICY)) is not None:
        yield _row(workload, "policy", "policy", f"{policy or 'not a literal'} (its own)")
    for reason in rewrites(workload, context).stays:
        yield _row(workload, "left-by-keel", "Keel leaves", reason)
    needed = marker_names(context)
    names = [name for name in (*MARKERS, *context.config.markers) if MARKERS.get(name) is None or _is_told(name)]
    for name, items in marker_entries(workload, context, names).items():
        yield _row(workload, "marker", f"marker {name}", _state(workload, items, needed=name in needed))


def _is_told(name: str) -> bool:
    return not set(MARKERS[name].kinds) & set(SERVICES)


def _state(workload: Block, items: tuple[str, ...], *, needed: bool) -> str:
    try:
        missing = fixes.missing_items(workload, "ignore_changes", items, inside="lifecycle")
    except fixes.UnfixableError as error:
        return f"unknown: {error}"
    if not missing:
        return "present" if items else "nothing to ignore"
    if len(missing) < len(items):
        return f"incomplete, {', '.join(missing)} missing"
    return "missing" if needed else "absent, and not required"


def _row(workload: Block, code: str, name: str, text: str) -> Finding:
    return replace(note(workload.title, code, f"{name}: {text}"), cells=((name, text),))


rule = Rule(check, kinds=tuple(KINDS), needs={"facts", "origins"}, objects=WORDS)
