"""What Keel and Kyverno read and write on a workload (docs/facts.md, Keel 3, Keel 4, Keel 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hclmod.rulekit import Attribute, Block, Data, Value, values

POLICY = "keel.sh/policy"
SCHEDULE = "keel.sh/pollSchedule"
INIT_CONTAINERS = "keel.sh/initContainers"
MONITORED = "keel.sh/monitorContainers"
_EVERY = re.compile(
    r"@(?:every (?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+|yearly|annually|monthly|weekly|daily|midnight|hourly)"
)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
MATCH_TAG = ("keel.sh/matchTag", "keel.sh/match-tag")
"""The key that makes `force` watch one tag's digest, and its name before 0.21 (docs/facts.md, Keel 1)."""

MUTATED = (
    "kubernetes_deployment",
    "kubernetes_deployment_v1",
    "kubernetes_stateful_set",
    "kubernetes_stateful_set_v1",
    "kubernetes_daemonset",
    "kubernetes_daemon_set_v1",
)
"""The resource types whose objects the user's ClusterPolicy annotates: Deployment, StatefulSet, DaemonSet."""

CRON_JOBS = ("kubernetes_cron_job", "kubernetes_cron_job_v1")
"""Keel updates these, but only with a policy of their own, for the ClusterPolicy does not annotate them."""

RESTARTED = (*MUTATED, *CRON_JOBS)
"""The resource types whose objects Keel updates; not Job, not Pod (keel: `internal/k8s`)."""


def opt_out(workload: Block) -> Attribute | None:
    """The annotations or labels that opt the workload out with `keel.sh/policy = "never"`, or None.

    The label is not even read where the annotation exists (docs/facts.md, Keel 3). A map inside `merge(...)` counts.
    """
    for name in ("annotations", "labels"):
        for metadata in workload.blocks("metadata"):
            attribute = metadata.attribute(name)
            if attribute and (policy := _policy(values.read(attribute.value))) is not None:
                return attribute if policy == "never" else None
    return None


def declared(workload: Block, key: str) -> str | None:
    """The literal that a key has on the workload's own annotations, else its labels; empty where it is computed."""
    for name in ("annotations", "labels"):
        for metadata in workload.blocks("metadata"):
            attribute = metadata.attribute(name)
            if attribute and (text := _entry(values.read(attribute.value), key)) is not None:
                return text
    return None


def schedule_problem(schedule: str) -> str:
    """Why Keel does not parse a schedule; empty if it does (docs/facts.md, Keel 3, Keel 9)."""
    if not schedule or schedule.startswith("@"):
        known = not schedule or _EVERY.fullmatch(schedule)
        return "" if known else "which Keel cannot parse. It then polls by its default schedule"
    fields = len(schedule.split())
    return "" if fields == 6 else f"which has {fields} fields and not six. Keel then polls by its default schedule"


def seconds_between(schedule: str) -> float | None:
    """The seconds between two polls of `@every 1h30m`; None for any other schedule."""
    if not schedule.startswith("@every ") or not _EVERY.fullmatch(schedule):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _SPAN.findall(schedule))


def declared_maps(workload: Block) -> tuple[dict[str, Data], ...]:
    """The annotations and the labels of a workload, as far as they are literals; the last one of a `merge` wins."""
    result: list[dict[str, Data]] = []
    for name in ("annotations", "labels"):
        tables = [values.read(each.value) for meta in workload.blocks("metadata") if (each := meta.attribute(name))]
        pairs = ((key, _entry(table, key)) for table in tables for key in _keys(table))
        result.append({key: text for key, text in pairs if text is not None})
    return tuple(result)


def _keys(value: Value) -> Iterator[str]:
    match value:
        case values.Object(entries):
            yield from (key for key, _ in entries if key is not None)
        case values.Call("merge", arguments):
            yield from (key for each in arguments for key in _keys(each))


def unread_policy(workload: Block) -> Attribute | None:
    """The annotations of a workload that may hold a policy which cannot be read: another's map, a value not written."""
    for metadata in workload.blocks("metadata"):
        attribute = metadata.attribute("annotations")
        if attribute and not _is_written(values.read(attribute.value)):
            return attribute
    return None


def _is_written(value: Value) -> bool:
    match value:
        case values.Object(entries):
            return all(key is not None for key, _ in entries) and _policy(value) != ""
        case values.Call("merge", arguments):
            return all(_is_written(each) for each in arguments)
    return False


def declared_policy(workload: Block) -> Attribute | None:
    """The annotations of a workload where they declare a `keel.sh/policy`, whatever it is."""
    for metadata in workload.blocks("metadata"):
        attribute = metadata.attribute("annotations")
        if attribute and _policy(values.read(attribute.value)) is not None:
            return attribute
    return None


def _policy(value: Value) -> str | None:
    return _entry(value, POLICY)


def _entry(value: Value, key: str) -> str | None:
    """What a map has under a key, the last one in a `merge`; empty where it is not a literal."""
    match value:
        case values.Object() as table:
            item = table.get(key)
            return None if item is None else item.text if isinstance(item, values.Text) else ""
        case values.Call("merge", arguments):
            texts = [text for each in arguments if (text := _entry(each, key)) is not None]
            return texts[-1] if texts else None
    return None


def is_unread(metadata: Sequence[tuple[str, str]], *, mixed: bool = False) -> bool:
    """Whether a policy is declared whose value is not a literal, or may be; `mixed` as for `is_opted_out`."""
    return "" in _policies(metadata, mixed=mixed) or (mixed and ("annotations", "") in metadata)


def is_opted_out(metadata: Sequence[tuple[str, str]], *, mixed: bool = False) -> bool:
    """Whether literal annotations (first) and labels opt a workload out.

    In what is `mixed` of several objects, and of pods and their owners, any of them does.
    """
    return "never" in _policies(metadata, mixed=mixed)


def _policies(metadata: Sequence[tuple[str, str]], *, mixed: bool) -> list[str]:
    policies = [value for key, value in metadata if key == POLICY]
    return policies if mixed else policies[:1]
