"""In which order a rollout takes stacks: what is easy to put back first, by kind, image and chart."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod.images import decide, reference
from hclmod.images.tags import HOLDERS_OF_DATA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hclmod.terraform.model import Model

TITLES = ("Stateless", "Stateful", "Operators", "Critical")
"""The steps, the least risk first."""

_STATEFUL_KINDS = re.compile(r"kubernetes_(?:stateful_set|daemon_?set)")
_STATEFUL = re.compile(
    r"postgres|mysql|mariadb|mongo|redis|valkey|elastic|opensearch|clickhouse|influx|kafka|rabbitmq|nats|etcd|minio"
    r"|cassandra|couch|neo4j|loki|prometheus|victoria"
)
_OPERATOR = re.compile(r"operator|controller|cert-manager|crossplane|argo|flux|keda|reloader")
_CRITICAL = re.compile(
    r"vault|cilium|calico|flannel|coredns|kube-proxy|ingress|traefik|istio|linkerd|metallb|gatekeeper|admission"
    r"|(?:^|[/-])(?:csi|cni|dns|kms)(?:$|[/:-])|rook|ceph|longhorn|external-secrets|external-dns|sealed-secrets"
)


def steps(model: Model, stacks: Iterable[str]) -> list[tuple[str, list[str]]]:
    """The stacks by the risk of a change, with the title of each step that has some."""
    traits: dict[str, set[int]] = defaultdict(set)
    for stack, level in _traits(model):
        traits[stack].add(level)
    by_level: dict[int, list[str]] = defaultdict(list)
    for stack in stacks:
        by_level[max(traits[stack], default=0)].append(stack)
    return [(TITLES[level], by_level[level]) for level in sorted(by_level)]


def _traits(model: Model) -> Iterator[tuple[str, int]]:
    """How risky each workload, release and image is, with its stack."""
    for each in model.workloads:
        chart = each.block.settings.get("chart", "").strip('"')
        yield each.id.stack, _level(f"{chart} {each.id.address.rpartition('.')[2].replace('_', '-')}")
        yield each.id.stack, int(bool(_STATEFUL_KINDS.match(each.block.kind)))
    for use in model.uses:
        for image in filter(None, (reference.parse(text) for text in use.texts if text)):
            holds = decide.holder_of_data(image, HOLDERS_OF_DATA) is not None
            yield use.id.stack, max(_level(image.path), int(holds))


def _level(words: str) -> int:
    """The step to which a name belongs."""
    texts = words.lower().split()
    for level, pattern in ((3, _CRITICAL), (2, _OPERATOR), (1, _STATEFUL)):
        if any(pattern.search(each) for each in texts):
            return level
    return 0
