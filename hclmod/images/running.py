"""Which digests run, from `kubectl get pods -A -o json`. A runtime names what it pulled by the digest of the tag.

Source: Kubernetes API, `status.containerStatuses[].imageID` of a pod, and the names that a Deployment gives its
ReplicaSets.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hclmod.errors import HclmodError
from hclmod.images import reference, tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hclmod.images.evidence import Snapshot
    from hclmod.images.reference import Reference

Owner = tuple[str, str, str]
"""Namespace, kind (a word of kubectl) and name of a workload."""

_KINDS = {"ReplicaSet": "deployment", "StatefulSet": "statefulset", "DaemonSet": "daemonset"}


def read(data: bytes, path: str) -> dict[Owner, dict[str, frozenset[str]]]:
    """The digests of each workload's images by their full name; an `HclmodError` for what is not a list of pods."""
    hint = "Give the output of `kubectl get pods -A -o json`."
    try:
        pods = json.loads(data)["items"]
        rows = [row for pod in pods for row in _rows(pod)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise HclmodError(f"{path}: not a list of pods in JSON", hint=hint) from error
    result: dict[Owner, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for owner, name, digest in rows:
        result[owner][name].add(digest)
    return {owner: {name: frozenset(each) for name, each in images.items()} for owner, images in result.items()}


def _rows(pod: Any) -> Iterator[tuple[Owner, str, str]]:
    if pod["kind"] != "Pod":
        raise ValueError(pod["kind"])
    for owner in pod["metadata"].get("ownerReferences") or ():
        if kind := _KINDS.get(owner["kind"]):
            name = owner["name"].rpartition("-")[0] if kind == "deployment" else owner["name"]
            status = pod.get("status", {})
            for each in (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())):
                known = reference.parse(each["imageID"].rpartition("://")[2])
                if known and known.digest:
                    yield (pod["metadata"]["namespace"], kind, name), known.name, known.digest


def is_current(running: Mapping[str, frozenset[str]], images: Iterable[Reference], known: Snapshot) -> bool:
    """Whether all pods of a workload run each of its moving tags at the digest that the snapshot has for it."""
    moving = [each for each in images if not each.digest and tags.classify(each.tag or "latest") not in tags.VERSIONS]
    return bool(moving) and all(_is_current(running, each, known) for each in moving)


def _is_current(running: Mapping[str, frozenset[str]], image: Reference, known: Snapshot) -> bool:
    listed = known.image(image.name)
    info = listed.tags.get(image.tag or "latest") if listed else None
    return info is not None and info.digest is not None and running.get(image.name) == frozenset({info.digest})
