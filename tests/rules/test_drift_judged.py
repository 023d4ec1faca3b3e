"""Terraform itself as the judge of the markers and of `pin`.

`terraform_data` needs no provider and takes any value, so it stands in for a workload: the same paths below `input`.
Its state is changed as Keel and Kyverno change the live object, and `terraform plan` says whether that is drift.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from hclmod.config import file
from hclmod.engine import settle
from hclmod.engine.outcomes import Changed
from hclmod.engine.texts import Hcl
from hclmod.images.evidence import Snapshot
from hclmod.rulekit import loading
from hclmod.rulekit.rule import Context
from hclmod.scan.cluster import ClusterObjects
from hclmod.terraform.kubernetes import containers
from tests.support.hcl import block, source
from tests.support.trees import needs_terraform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hclmod.hcl.views import Block

PODS = {  # as docs/facts.md, Terraform 7, has them, not as the code does
    "kubernetes_deployment": ("spec", "template"),
    "kubernetes_stateful_set_v1": ("spec", "template"),
    "kubernetes_daemon_set_v1": ("spec", "template"),
    "kubernetes_cron_job_v1": ("spec", "job_template"),
}
POLICY = '    annotations = {\n      "keel.sh/policy" = "force"\n    }\n'
FULL: dict[str, object] = {"keel_version": "0.22.2"}


def workload(kind: str) -> bytes:
    """A workload of two containers; a CronJob has a policy of its own."""
    images = {"w": "docker.io/x/y:3.0.4", "v": "x/z:1"}
    inner = "".join(f'container {{\n  name  = "{name}"\n  image = "{image}"\n}}\n' for name, image in images.items())
    steps = ("spec", "job_template", "spec", "template", "spec") if "cron" in kind else ("spec", "template", "spec")
    for step in reversed(steps):
        inner = f"{step} {{\n{inner}}}\n"
    own = POLICY if "cron" in kind else ""
    return f'resource "{kind}" "w" {{\n  metadata {{\n    name = "w"\n{own}  }}\n{inner}}}\n'.encode()


def settled(data: bytes, rule: str, options: dict[str, object]) -> bytes:
    """The document after one rule."""
    config, own = file.parse(b"", "hclmod.toml").settled({rule: options})
    context = Context(config=config, tags=Snapshot({}), objects=ClusterObjects())
    loaded = loading.load([rule], own)
    outcome = settle.settle(Hcl(source(data), lambda _rule, _block: True), loaded, context)
    assert isinstance(outcome, Changed), outcome
    return outcome.after


def stand_in(data: bytes) -> str:
    """The workload as `terraform_data`: what Keel looks at, with the entries of its `ignore_changes`."""
    found = block(data)
    images = [{"name": each.label, "image": each.image.value.string()} for each in containers(found) if each.image]
    pod: dict[str, Any] = {"container": images}
    head, template = PODS[found.type_label]
    if template == "job_template":
        pod = {"template": [{"spec": [pod]}]}
    inside = {template: [{"metadata": [{"annotations": {"own": "x"}}], "spec": [pod]}]}
    top = {"metadata": [{"name": "w", "annotations": {"own": "x", **declared(found)}}], head: [inside]}
    ignored = "".join(f"      input.{each},\n" for each in entries(found))
    lifecycle = f"  lifecycle {{\n    ignore_changes = [\n{ignored}    ]\n  }}\n"
    return f'resource "terraform_data" "w" {{\n  input = {_hcl(top)}\n{lifecycle}}}\n'


def _hcl(value: object) -> str:
    """A value as an expression; annotations are a map and not an object, as the provider's are."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_entry(key, inner)}" for key, inner in value.items()) + "}"
    return f"[{', '.join(map(_hcl, value))}]" if isinstance(value, list) else json.dumps(value)


def _entry(key: str, value: object) -> str:
    return f"tomap({_hcl(value)})" if key == "annotations" else _hcl(value)


def declared(found: Block) -> dict[str, str | None]:
    attribute = found.blocks("metadata")[0].attribute("annotations")
    return {each.key or "": each.value.string() for each in (attribute.value.entries() or ())} if attribute else {}


def entries(found: Block) -> Iterator[str]:
    for lifecycle in found.blocks("lifecycle"):
        attribute = lifecycle.attribute("ignore_changes")
        yield from (each.text for each in (attribute.value.elements() or ())) if attribute else ()


class Plans:
    """A folder with a state; `plan` tells whether Terraform would change anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=kept | {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in allowed, done.stdout + done.stderr
        return done

    def write(self, data: bytes) -> None:
        (self.folder / "main.tf").write_text(stand_in(data))

    def apply(self, data: bytes) -> None:
        self.write(data)
        if not (self.folder / ".terraform.lock.hcl").exists():
            self.run("init", "-input=false", "-no-color")
        self.run("apply", "-auto-approve", "-input=false", "-no-color")

    def drift(self, kind: str, image: str = "x/y:3.1.0") -> None:
        """What Kyverno injects at admission and Keel writes when it rolls (docs/facts.md, Keel 5, Kyverno 1)."""
        path = self.folder / "terraform.tfstate"
        state = json.loads(path.read_text())
        (instance,) = state["resources"][0]["instances"]
        for name in ("input", "output"):
            value = instance["attributes"][name]["value"]
            own = value["metadata"][0]["annotations"]
            own.setdefault("keel.sh/policy", "force")
            own.update({"keel.sh/trigger": "poll", "keel.sh/pollSchedule": "@every 1h"} if "cron" not in kind else {})
            own.update({"keel.sh/digest": "sha256:1", "keel.sh/matchTag": "true", "keel.sh/match-tag": "true"})
            head, template = PODS[kind]
            inside = value[head][0][template][0]
            inside["metadata"][0]["annotations"]["keel.sh/update-time"] = "2026-08-01 00:00:00"
            pod = inside["spec"][0]["template"][0]["spec"][0] if template == "job_template" else inside["spec"][0]
            pod["container"][0]["image"], pod["container"][1]["image"] = image, "x/z:2"
        state["serial"] += 1
        path.write_text(json.dumps(state))

    def changes(self, data: bytes) -> str:
        """What Terraform would do with this configuration; empty for no changes."""
        self.write(data)
        done = self.run("plan", "-input=false", "-no-color", "-detailed-exitcode", allowed=(0, 2))
        return done.stdout if done.returncode else ""


@pytest.mark.sampled(1)
@needs_terraform
@pytest.mark.parametrize("kind", PODS)
def test_drift_is_no_change_with_the_markers_and_one_without(kind: str, tmp_path: Path) -> None:
    bare = workload(kind)
    marked = settled(bare, "ignore-keel-drift", FULL)
    plans = Plans(tmp_path)
    plans.apply(bare)
    assert not plans.changes(marked), "adding entries alone is no change (docs/facts.md, Terraform 2)"
    plans.drift(kind)
    assert not plans.changes(marked)
    without = plans.changes(bare)
    assert "keel.sh/update-time" in without
    assert '"x/y:3.1.0" -> "docker.io/x/y:3.0.4"' in without


@pytest.mark.sampled(1)
@needs_terraform
@pytest.mark.parametrize(
    ("options", "left"),
    [
        (
            {"markers": ["KYVERNO_LIFECYCLE_V2"]},
            ("keel.sh/update-time", "x/y:3.1.0", "keel.sh/digest"),
        ),  # the block of the user's design alone
        ({"markers": ["KYVERNO_LIFECYCLE_V2", "KEEL_LIFECYCLE_V1"]}, ("x/y:3.1.0", "keel.sh/digest")),
        ({"keel_version": "0.21.1"}, ("keel.sh/digest",)),
        ({"markers": ["KEEL_IGNORE_IMAGE"]}, ("keel.sh/policy", "keel.sh/trigger", "keel.sh/update-time")),
    ],
)
def test_each_marker_is_needed(options: dict[str, object], left: tuple[str, ...], tmp_path: Path) -> None:
    kind = "kubernetes_deployment"
    bare = workload(kind)
    plans = Plans(tmp_path)
    plans.apply(bare)
    plans.drift(kind)
    told = plans.changes(settled(bare, "ignore-keel-drift", options))
    assert all(each in told for each in left)


PIN: dict[str, object] = {"to": "3.0.1", "reason": "3.1.0 crashes", "container": "w", "allow_downgrade": True}


@pytest.mark.sampled(1)
@needs_terraform
@pytest.mark.parametrize("kind", PODS)
def test_a_pin_takes_effect_and_would_not_with_the_entries(kind: str, tmp_path: Path) -> None:
    marked = settled(workload(kind), "ignore-keel-drift", FULL)
    plans = Plans(tmp_path)
    plans.apply(marked)
    plans.drift(kind)
    pinned = settled(marked, "pin", PIN)
    told = plans.changes(pinned)
    assert '"x/y:3.1.0" -> "docker.io/x/y:3.0.1"' in told
    assert '"force" -> "never"' in told
    by_hand = marked.replace(b"x/y:3.0.4", b"x/y:3.0.1")
    by_hand = by_hand.replace(b'"keel.sh/policy" = "force"', b'"keel.sh/policy" = "never"')
    if "cron" not in kind:
        by_hand = by_hand.replace(b'name = "w"\n', b'name = "w"\n' + POLICY.replace("force", "never").encode(), 1)
    assert b'"keel.sh/policy" = "never"' in by_hand
    image_only = plans.changes(by_hand)
    assert '-> "docker.io/x/y:3.0.1"' not in image_only, "an ignored image is not set"
    assert "cron" in kind or not image_only, "an ignored policy is not declared (docs/facts.md, Terraform 3)"
    plans.apply(pinned)
    assert not plans.changes(pinned)


@needs_terraform
def test_an_opt_out_takes_effect_and_is_taken_back(tmp_path: Path) -> None:
    kind = "kubernetes_deployment"
    marked = settled(workload(kind), "ignore-keel-drift", FULL)
    plans = Plans(tmp_path)
    plans.apply(marked)
    plans.drift(kind)
    out = settled(marked, "opt-out", {"reason": "the old schema"})
    assert '"force" -> "never"' in plans.changes(out)
    assert settled(out, "unpin", {}) == marked
    assert not plans.changes(marked)


@needs_terraform
def test_ignored_images_count_by_position(tmp_path: Path) -> None:
    """Why several containers are warned of: their images would swap (docs/facts.md, Terraform 4)."""
    kind = "kubernetes_deployment"
    marked = settled(workload(kind), "ignore-keel-drift", FULL)
    plans = Plans(tmp_path)
    plans.apply(marked)
    swapped = marked
    for old, new in ((b'"w"\n  image', b'"?"\n  image'), (b'"v"\n', b'"w"\n'), (b'"?"', b'"v"')):
        swapped = swapped.replace(old, new)
    told = plans.changes(swapped)
    assert '~ name  = "w" -> "v"' in told
    assert "image" not in "".join(line for line in told.splitlines() if "->" in line)
