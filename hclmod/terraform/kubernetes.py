"""The Kubernetes provider's resources that own pods: where their containers and namespaces stand.

Source: docs/facts.md, Terraform 7.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from hclmod.hcl.views import Attribute, Block

_TEMPLATE = ("spec", "template", "spec")
_CRON = ("spec", "job_template", "spec", "template", "spec")


class Kind(Struct, frozen=True):
    """A resource type that owns pods.

    `pod` is the path of block types to the pod spec; `rollout` says what the cluster does when Terraform
    applies a new image.
    """

    pod: tuple[str, ...]
    rollout: str

    @property
    def prefix(self) -> str:
        """The pod spec as `ignore_changes` writes it: `spec[0].template[0].spec[0]`."""
        return ".".join(f"{step}[0]" for step in self.pod)


_ROLLS = Kind(_TEMPLATE, "rolls the pods")
_NEXT_RUN = Kind(_CRON, "takes effect at the next run")
_JOB = Kind(_TEMPLATE, "replaces the job and runs it again")
_POD = Kind(("spec",), "replaces the pod")

KINDS: dict[str, Kind] = {
    "kubernetes_deployment": _ROLLS,
    "kubernetes_deployment_v1": _ROLLS,
    "kubernetes_stateful_set": _ROLLS,
    "kubernetes_stateful_set_v1": _ROLLS,
    "kubernetes_daemonset": _ROLLS,
    "kubernetes_daemon_set_v1": _ROLLS,
    "kubernetes_cron_job": _NEXT_RUN,
    "kubernetes_cron_job_v1": _NEXT_RUN,
    "kubernetes_job": _JOB,
    "kubernetes_job_v1": _JOB,
    "kubernetes_pod": _POD,
    "kubernetes_pod_v1": _POD,
    "kubernetes_replication_controller": _ROLLS,
    "kubernetes_replication_controller_v1": _ROLLS,
}

RELEASE = "helm_release"
_UPGRADES = "upgrades the release"
_APPLIES = "applies the object again"

ROLLOUTS = frozenset({*(each.rollout for each in KINDS.values()), _UPGRADES})
"""What a new image may do in the cluster, as `rollout` says it."""


PACED = frozenset({_ROLLS.rollout, _POD.rollout, _UPGRADES, _APPLIES})
"""What may start pods at once, as `rollout` says it."""


_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


def object_name(text: str | None) -> str:
    """The text if Kubernetes takes it as the name of an object, else empty. No other text goes into a command."""
    return text if text and _NAME.fullmatch(text) else ""


def word(kind: str) -> str:
    """The word of kubectl for a resource type, such as `deployment`; empty for what `rollout status` does not know."""
    plain = kind.removesuffix("_v1").removeprefix("kubernetes_").replace("_", "")
    return plain if KINDS.get(kind) is _ROLLS and plain != "replicationcontroller" else ""


def rollout(kind: str) -> str:
    """What the cluster does when Terraform applies a new image in a resource of any type."""
    if kind in KINDS:
        return KINDS[kind].rollout
    return _UPGRADES if kind == RELEASE else _APPLIES


NAMESPACES = ("kubernetes_namespace", "kubernetes_namespace_v1")
WORKLOADS = (*KINDS, RELEASE)
"""Everything that a phase selects: it runs something in a namespace."""


class Container(Struct, frozen=True):
    """A container or init container; `path` is as `ignore_changes` writes it, counted among its kind."""

    block: Block
    path: str
    init: bool

    @property
    def image(self) -> Attribute | None:
        """The attribute that names the image."""
        return self.block.attribute("image")

    @property
    def label(self) -> str:
        """How a person names it: its `name`, or its path where that cannot be read."""
        name = self.block.attribute("name")
        return (name.value.string() if name else None) or self.path.rpartition(".")[2]


def containers(workload: Block) -> tuple[Container, ...]:
    """The containers of a workload, then its init containers, in file order; `dynamic` ones are not among them."""
    kind = KINDS[workload.type_label]
    pods = workload.find(*kind.pod)
    results = [
        Container(block, f"{kind.prefix}.{name}[{index}]", name == "init_container")
        for name in ("container", "init_container")
        for pod in pods
        for index, block in enumerate(pod.blocks(name))
    ]
    return tuple(results)


def dynamic_containers(workload: Block) -> tuple[Block, ...]:
    """The `dynamic "container"` and `dynamic "init_container"` blocks of a workload."""
    pods = workload.find(*KINDS[workload.type_label].pod)
    targets = ("container", "init_container")
    return tuple(
        block for pod in pods for block in pod.blocks("dynamic") if block.labels[:1] and block.labels[0] in targets
    )


def namespace_attribute(workload: Block) -> Attribute | None:
    """Where a workload or a Helm release names its namespace, or None."""
    if workload.type_label == RELEASE:
        return workload.attribute("namespace")
    return next((result for block in workload.blocks("metadata") if (result := block.attribute("namespace"))), None)


def namespace_name(namespace: Block) -> Attribute | None:
    """The attribute that names a namespace resource, or None (`generate_name`)."""
    return next((result for block in namespace.blocks("metadata") if (result := block.attribute("name"))), None)
