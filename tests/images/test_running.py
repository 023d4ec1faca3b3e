"""Which digests run, and whether they are those of the tags."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hclmod.errors import HclmodError
from hclmod.images import reference
from hclmod.images.evidence import ImageTags, Snapshot, TagInfo
from hclmod.images.running import is_current, read

ONE, TWO = (f"sha256:{digit * 64}" for digit in "12")
WEB = "ghcr.io/acme/web"
OWNERS = [
    ("ReplicaSet", "web-7d9c8", "deployment"),
    ("StatefulSet", "web", "statefulset"),
    ("DaemonSet", "web", "daemonset"),
]


def pod(kind: str = "ReplicaSet", name: str = "web-7d9c8", image: str = f"{WEB}@{ONE}", **more: Any) -> dict[str, Any]:
    metadata = {"namespace": "ns", "ownerReferences": [{"kind": kind, "name": name}]}
    return {"kind": "Pod", "metadata": metadata, "status": {"containerStatuses": [{"imageID": image}]}, **more}


def listed(*pods: dict[str, Any]) -> bytes:
    return json.dumps({"items": pods}).encode()


@pytest.mark.parametrize(("kind", "name", "word"), OWNERS)
def test_workloads_are_known_by_their_pods(kind: str, name: str, word: str) -> None:
    assert read(listed(pod(kind, name)), "f") == {("ns", word, "web"): {WEB: frozenset({ONE})}}


def test_digests_of_all_pods_count_and_of_all_forms() -> None:
    seen = read(listed(pod(), pod(image=f"docker-pullable://{WEB}@{TWO}")), "f")
    assert seen[("ns", "deployment", "web")][WEB] == {ONE, TWO}


LEFT = [
    pod(kind="Job"),
    pod(image="sha256:" + "1" * 64),
    pod(image=""),
    pod(status={}),
    pod(metadata={"namespace": "ns"}),
    pod(status={"containerStatuses": None}),
]


@pytest.mark.parametrize("one", LEFT)
def test_what_says_nothing_is_left(one: dict[str, Any]) -> None:
    assert read(listed(one), "f") == {}


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"items": 1}', b'{"items": [1]}', b'{"items": [{"kind": "Deployment"}]}']
)
def test_what_is_not_a_list_of_pods(data: bytes) -> None:
    with pytest.raises(HclmodError, match="not a list of pods"):
        read(data, "f")


KNOWN = Snapshot(
    {WEB: ImageTags(checked="", source="hand", complete=True, tags={"latest": TagInfo(ONE), "edge": TagInfo()})}
)
CURRENT = [
    ([f"{WEB}:latest"], {WEB: {ONE}}, True),
    ([WEB], {WEB: {ONE}}, True),
    ([WEB, "redis:8.0.1"], {WEB: {ONE}}, True),
    ([f"{WEB}:latest"], {WEB: {TWO}}, False),
    ([f"{WEB}:latest"], {WEB: {ONE, TWO}}, False),
    ([f"{WEB}:latest"], {}, False),
    ([f"{WEB}:edge"], {WEB: {ONE}}, False),
    ([f"{WEB}:other"], {WEB: {ONE}}, False),
    ([WEB, "ghcr.io/acme/side"], {WEB: {ONE}}, False),
    (["redis:8.0.1"], {}, False),
    ([], {}, False),
]


@pytest.mark.parametrize(("images", "running", "expected"), CURRENT)
def test_is_current(images: list[str], running: dict[str, set[str]], *, expected: bool) -> None:
    used = [known for each in images if (known := reference.parse(each))]
    assert is_current({name: frozenset(each) for name, each in running.items()}, used, KNOWN) is expected
