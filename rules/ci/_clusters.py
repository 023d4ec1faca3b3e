"""Whether pipelines deploy a workload in more clusters than the Terraform repository has it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hclmod.rulekit import Context

from ._acts import Target
from ._guard import rows, sets
from ._pipelines import Pipeline, Unit
from ._pushes import has_matrix
from ._values import table

_COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
_CONTEXT = re.compile(r"(?:--context[ =]|--kube-context[ =]|use-context\s+|--kubeconfig[ =])\s*([^\s'\"]+)")
_CLUSTER = re.compile(r"(?:cluster[-_]name:\s*|get-credentials\s+)(?!-)['\"]?([\w.${}-]+)", re.IGNORECASE)
_SECRET = re.compile(r"(?:secrets\.|from_secret:\s*|\$\{?)(\w*(?:KUBE|K8S|CLUSTER)\w*)", re.IGNORECASE)


def several_clusters(unit: Unit, each: Pipeline, every: Sequence[Pipeline], context: Context) -> str:
    """Why a unit may deploy in a cluster that the Terraform repository does not have; empty where nothing says so."""
    if has_matrix(unit, each):
        return "it runs once for each entry of a matrix, and Keel may watch only one of these clusters"
    for target in unit.targets:
        known = max((_known(target, name, context) for name, _ in target.images), default=1)
        same = [one for other in every for one in other.units if any(_is(target, its) for its in one.targets)]
        places = _places(same)
        if len(places) > max(known, 1):
            where = ", ".join(f"`{name}`" for name in sorted(places))
            return f"the pipelines deploy {target.name} to {where}, and the Terraform repository has it once"
    return ""


def _known(target: Target, container: str, context: Context) -> int:
    """How often the Terraform repository has a container."""
    return sum(sets(target, row) and container in (row.container, f"#{row.position}") for row in rows(context))


def _is(one: Target, other: Target) -> bool:
    return (one.kind, one.name) == (other.kind, other.name) and one.namespace == other.namespace


def _places(units: Sequence[Unit]) -> set[str]:
    """What the deploys of a workload call the cluster, of contexts, credentials and environments what differs most."""
    texts = [_EXPRESSION.sub(r"${\1}", _COMMENT.sub("", unit.text)) for unit in units]
    contexts = {name for text in texts for name in _CONTEXT.findall(text)}
    clusters = {name for text in texts for name in _CLUSTER.findall(text)}
    secrets = {", ".join(sorted(set(_SECRET.findall(text)))) for text in texts} - {""}
    environments = {name for unit in units if (name := _environment(unit))}
    return max(contexts, clusters, secrets, environments, key=len)


def _environment(unit: Unit) -> str:
    given = table(unit.data).get("environment")
    name = table(given).get("name") if isinstance(given, dict) else given
    return name if isinstance(name, str) else ""
