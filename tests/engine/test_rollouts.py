"""What a phase rolls: items by comparing a repository before and after the changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hclmod.engine.pacing import Plan, check_targets
from hclmod.engine.rollouts import Comparison, Seen, addresses
from hclmod.errors import HclmodError
from tests.support.trees import project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.engine.project import Project

CONFIG = """stacks = ["stacks/*"]
[phase.1]
stacks = ["a", "b"]
rules = ["float-image-tag", "enroll-namespace", "drop-helm-atomic"]
[images."ghcr.io/acme/*"]
float = "latest"
[keel]
injected = "elsewhere: a test"
"""
OLD_KEEL = 'version = "0.21.1"\n'
PINNED, FLOATING = "ghcr.io/acme/web:1.4.2", "ghcr.io/acme/web:latest"
NAMESPACE = """resource "kubernetes_namespace" "ns" {
  metadata {
    name = "ns"
  }
}
"""
IN_NAMESPACE = "kubernetes_namespace.ns.metadata[0].name"


def workload(
    image: str, kind: str = "deployment", name: str = "web", *, home: str = IN_NAMESPACE, head: str = ""
) -> str:
    """A workload with one container, in the namespace of its stack."""
    template = (
        f'template {{\n      spec {{\n        container {{\n          name  = "{name}"\n          image = {image}\n'
    )
    template += "        }\n      }\n    }"
    if kind.startswith("cron"):
        template = f"job_template {{\n      spec {{\n        {template}\n      }}\n    }}"
    return (
        f'resource "kubernetes_{kind}" "{name}" {{\n{head}  metadata {{\n    name      = "{name}"\n'
        f"    namespace = {home}\n  }}\n  spec {{\n    {template}\n  }}\n}}\n"
    )


def quoted(image: str) -> str:
    return f'"{image}"'


MODULE = 'variable "tag" {}\n' + workload('"ghcr.io/acme/web:${var.tag}"', home='"ns"')
CALL = 'module "m" {\n  source = "../../modules/m"\n  tag    = "1.4.2"\n}\n'
RELEASE = 'resource "helm_release" "web" {\n  name   = "web"\n  atomic = true\n}\n'

# Files, additions to the config, what is expected: `STACK TARGETS WHEN WEIGHT WHY` of each item.
CASES: dict[str, tuple[Mapping[str, str], str, list[str]]] = {
    "an image rolls as it is applied": (
        {"stacks/a/main.tf": workload(quoted(PINNED), home='"ns"')},
        "",
        ["stacks/a kubernetes_deployment.web apply 1 image"],
    ),
    "an image from a local": (
        {"stacks/a/main.tf": f'locals {{\n  i = "{PINNED}"\n}}\n' + workload("local.i", home='"ns"')},
        "",
        ["stacks/a kubernetes_deployment.web apply 1 image"],
    ),
    "an image from the caller of a module": (
        {"stacks/a/main.tf": CALL, "modules/m/main.tf": MODULE},
        "",
        ["stacks/a module.m.kubernetes_deployment.web apply 1 image"],
    ),
    "a module with two callers is two": (
        {"stacks/a/main.tf": CALL, "stacks/b/main.tf": CALL, "modules/m/main.tf": MODULE},
        "",
        [
            "stacks/a module.m.kubernetes_deployment.web apply 1 image",
            "stacks/b module.m.kubernetes_deployment.web apply 1 image",
        ],
    ),
    "a daemon set is a whole window": (
        {"stacks/a/main.tf": workload(quoted(PINNED), "daemon_set_v1", home='"ns"')},
        "",
        ["stacks/a kubernetes_daemon_set_v1.web apply 5 image"],
    ),
    "a cron job takes no window": (
        {"stacks/a/main.tf": workload(quoted(PINNED), "cron_job_v1", home='"ns"')},
        "",
        ["stacks/a kubernetes_cron_job_v1.web never 0 image"],
    ),
    "two instances are two rollouts": (
        {"stacks/a/main.tf": workload(quoted(PINNED), home='"ns"', head="  count = 2\n")},
        "",
        ["stacks/a kubernetes_deployment.web apply 2 image"],
    ),
    "enrolment rolls what floats": (
        {"stacks/a/main.tf": NAMESPACE + workload(quoted(FLOATING))},
        "",
        [
            "stacks/a kubernetes_namespace.ns never 0 enroll-namespace",
            "stacks/a kubernetes_namespace.ns poll 1 enrolment",
        ],
    ),
    "an older Keel rolls nothing then": (
        {"stacks/a/main.tf": NAMESPACE + workload(quoted(FLOATING))},
        OLD_KEEL,
        ["stacks/a kubernetes_namespace.ns never 0 enroll-namespace"],
    ),
    "what is rolled as it is applied is not rolled again": (
        {"stacks/a/main.tf": NAMESPACE + workload(quoted(PINNED))},
        "",
        [
            "stacks/a kubernetes_deployment.web apply 1 image enrolment",
            "stacks/a kubernetes_namespace.ns never 0 enroll-namespace",
        ],
    ),
    "a workload of another stack and of no phase is rolled by the stack that enrolls it": (
        {
            "stacks/a/main.tf": NAMESPACE + workload(quoted("redis:8.0.1"), name="cache"),
            "stacks/z/main.tf": workload(quoted(FLOATING), home='"ns"'),
        },
        "",
        [
            "stacks/a kubernetes_namespace.ns never 0 enroll-namespace",
            "stacks/a kubernetes_namespace.ns poll 1 enrolment",
        ],
    ),
    "what is enrolled already is not rolled": (
        {
            "stacks/a/main.tf": NAMESPACE.replace(
                'name = "ns"', 'name = "ns"\n    labels = {\n      "keel.sh/enrolled" = "true"\n    }'
            )
            + workload(quoted(FLOATING))
        },
        "",
        [],
    ),
    "nothing changes": ({"stacks/a/main.tf": workload(quoted(FLOATING), home='"ns"')}, "", []),
    "a release that only loses `atomic` does not roll": ({"stacks/a/main.tf": RELEASE}, "", []),
    "another phase's workload": ({"stacks/z/main.tf": workload(quoted(PINNED), home='"ns"')}, "", []),
    "a digest": (
        {"stacks/a/main.tf": workload(quoted(f"{PINNED}@sha256:{'0' * 64}"), home='"ns"')},
        '[images."x"]\nfloat = "latest"\n',
        [],
    ),
}


def opened(files: Mapping[str, str], more: str = "", snapshot: object = None) -> Project:
    here = {"stacks/a/main.tf": "", "stacks/b/main.tf": "", **files}
    tags = {"hclmod.tags.json": json.dumps(snapshot)} if snapshot else {}
    return project({**here, **tags}, CONFIG + more)


def compared(there: Project) -> Comparison:
    return Comparison(there, there.plan(there.phase_job(1)), there.config.rollout)


@pytest.mark.parametrize("name", CASES)
def test_items(name: str) -> None:
    files, more, expected = CASES[name]
    items = compared(opened(files, more)).items()
    shown = [f"{e.stack} {','.join(e.targets)} {e.when} {e.weight} {' '.join(e.why)}" for e in items]
    assert sorted(shown) == sorted(expected)


def test_what_kubectl_is_told() -> None:
    (item,) = compared(opened({"stacks/a/main.tf": workload(quoted(PINNED), home='"ns"')})).items()
    assert (item.kind, item.name, item.namespace) == ("deployment", "web", "ns")
    assert item.images == ((PINNED, FLOATING),)
    assert item.workload == "stacks/a/kubernetes_deployment.web"


CARE: dict[str, tuple[str, str, tuple[str, ...], str]] = {  # the kind, the config, the notes, why by hand
    "nothing to heed": ("deployment", "", (), ""),
    "a stateful set": ("stateful_set_v1", "", ("keeps data",), ""),
    "what needs a backup": ("deployment", '[rollout]\nbackup_first = ["a"]\n', ("back it up first",), ""),
    "by the name of the namespace": ("deployment", '[rollout]\nbackup_first = ["n?"]\n', ("back it up first",), ""),
    "another stack needs one": ("deployment", '[rollout]\nbackup_first = ["b"]\n', (), ""),
    "a stack by hand": ("deployment", '[rollout]\nby_hand = ["a"]\n', (), "`by_hand` in hclmod.toml names a"),
    "another stack by hand": ("deployment", '[rollout]\nby_hand = ["stacks/b"]\n', (), ""),
}


@pytest.mark.parametrize("name", CARE)
def test_care(name: str) -> None:
    kind, more, notes, by_hand = CARE[name]
    (item,) = compared(opened({"stacks/a/main.tf": workload(quoted(PINNED), kind, home='"ns"')}, more)).items()
    assert (item.notes, item.by_hand) == (notes, by_hand)


DIGESTS = {"latest": "1", "3.0.1": "1", "1.4.2": "2", "1.4.9": "3"}


@pytest.mark.parametrize(
    ("newest", "step", "jumps", "by_hand"),
    [("3.0.1", False, 1, False), ("3.0.1", True, 1, True), ("1.4.9", False, 0, False), ("1.4.9", True, 0, False)],
)
def test_another_major_version_is_said(newest: str, *, step: bool, jumps: int, by_hand: bool) -> None:
    tags = {tag: {"digest": f"sha256:{number * 64}"} for tag, number in DIGESTS.items()}
    tags["latest"] = tags[newest]
    known = {"checked": "2026-08-01T00:00:00Z", "source": "registry", "complete": True, "tags": tags}
    snapshot = {"version": 1, "images": {"ghcr.io/acme/web": known}}
    more = '[rollout]\nstep = ["ghcr.io/acme/*"]\n' if step else ""
    (item,) = compared(opened({"stacks/a/main.tf": workload(quoted(PINNED), home='"ns"')}, more, snapshot)).items()
    assert [("1.4.2 to 3.0.1 is another major version" in note) for note in item.notes] == [True] * jumps
    assert bool(item.by_hand) == by_hand


def test_addresses_of_a_stack() -> None:
    there = opened({"stacks/a/main.tf": CALL + NAMESPACE + RELEASE, "modules/m/main.tf": MODULE})
    known = addresses(there, "stacks/a")
    assert {"module.m.kubernetes_deployment.web", "kubernetes_namespace.ns", "helm_release.web"} <= known
    assert "kubernetes_deployment.web" not in known
    targets = (
        'kubernetes_namespace.ns["x.y"]',
        'kubernetes_namespace.ns["x[0]"]',
        "helm_release.web[0]",
        "helm_release.web",
    )
    check_targets(there, "stacks/a", targets)


@pytest.mark.parametrize(
    "target",
    ["kubernetes_deployment.web", "module.n.kubernetes_deployment.web", "helm_release.we", "helm_release.web[x]", ""],
)
def test_a_target_that_is_not_declared_is_refused(target: str) -> None:
    there = opened({"stacks/a/main.tf": CALL + RELEASE, "modules/m/main.tf": MODULE})
    with pytest.raises(HclmodError, match="does not declare"):
        check_targets(there, "stacks/a", (target,))


GRUNT = 'include "root" {\n  path = find_in_parent_folders()\n}\n'
RUNNERS = {
    "no Terragrunt": ({}, "terraform"),
    "Terragrunt in one of two": ({"stacks/a/terragrunt.hcl": GRUNT}, "terraform"),
    "Terragrunt": ({"stacks/a/terragrunt.hcl": GRUNT, "stacks/b/terragrunt.hcl": GRUNT}, "terragrunt"),
    "an older one": (
        {
            "stacks/a/terragrunt.hcl": GRUNT,
            "stacks/b/terragrunt.hcl": GRUNT,
            ".woodpecker/default.yml": "steps:\n  - terragrunt init --terragrunt-non-interactive\n",
        },
        "terragrunt --terragrunt-non-interactive",
    ),
    "a script of the repository": (
        {"scripts/tg": "", ".woodpecker/default.yml": "steps:\n  - (cd x && ../../scripts/tg apply --now)\n"},
        "scripts/tg",
    ),
    "a script that is not there": (
        {".woodpecker/default.yml": "steps:\n  - (cd x && ../../scripts/tg apply --now)\n"},
        "terraform",
    ),
    "a path that applies nothing": (
        {"scripts/tg": "", ".woodpecker/default.yml": "steps:\n  - scripts/tg plan\n"},
        "terraform",
    ),
}


@pytest.mark.parametrize("name", RUNNERS)
def test_runner(name: str) -> None:
    files, expected = RUNNERS[name]
    there = opened({"stacks/a/main.tf": workload(quoted(PINNED), home='"ns"'), **files})
    assert Plan(there, there.plan(there.phase_job(1)), there.config.rollout).state.runner == expected


DIFF = "steps:\n  - git diff --name-only HEAD~1 HEAD > changed\n  - terragrunt apply\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (DIFF, True),
        (DIFF.replace("HEAD~1", "$CI_PREV_COMMIT_SHA"), True),
        (DIFF.replace("apply", "plan"), False),
        (DIFF.replace("  - git", "  # git"), False),
        ("steps:\n  - terragrunt apply\n", False),
    ],
)
def test_a_pipeline_that_applies_what_a_push_changes(text: str, *, found: bool) -> None:
    there = opened({".woodpecker/default.yml": text})
    state = Plan(there, there.plan(there.phase_job(1)), there.config.rollout).state
    assert state.pipeline == (".woodpecker/default.yml" if found else "")


@pytest.mark.parametrize(("digest", "weights"), [("1", [0, 0]), ("2", [0, 1])])
def test_what_runs_the_newest_image_is_not_rolled_by_enrolment(digest: str, weights: list[int]) -> None:
    tags = {"latest": {"digest": f"sha256:{'1' * 64}"}}
    known = {"checked": "2026-08-01T00:00:00Z", "source": "registry", "complete": True, "tags": tags}
    snapshot = {"version": 1, "images": {"ghcr.io/acme/web": known}}
    there = opened({"stacks/a/main.tf": NAMESPACE + workload(quoted(FLOATING))}, "", snapshot)
    running = {("ns", "deployment", "web"): {"ghcr.io/acme/web": frozenset({f"sha256:{digest * 64}"})}}
    seen = Seen(running=running)
    items = Comparison(there, there.plan(there.phase_job(1)), there.config.rollout, seen).items()
    assert sorted(each.weight for each in items) == weights


POLICY = """resource "kubernetes_manifest" "inject" {
  manifest = {
    apiVersion = "kyverno.io/v1"
    kind       = "ClusterPolicy"
    metadata   = { name = "inject-keel" }
    spec = {
      rules = [{
        name = "annotate"
        mutate = {
          patchStrategicMerge = {
            metadata = {
              annotations = {
                "+(keel.sh/policy)"   = "force"
                "+(keel.sh/matchTag)" = "true"
              }
            }
          }
        }
        match = {
          any = [{
            resources = {
              kinds      = ["Deployment"]
              namespaces = ["basin"]
            }
          }]
        }
      }]
    }
  }
}
"""
BY_LIST = """stacks = ["stacks/*"]
[phase.1]
stacks = ["a", "b"]
rules = ["enroll-namespace", "drop-helm-atomic"]
[options.enroll-namespace]
allowlist = "stacks/kyverno/kubernetes_manifest.inject"
"""


def test_a_list_of_the_policy_enrolls_from_the_stack_that_has_it() -> None:
    files = {
        "stacks/a/main.tf": NAMESPACE + workload(quoted(FLOATING)) + RELEASE.replace("web", "chart"),
        "stacks/b/main.tf": workload(quoted(PINNED), home='"ns"'),
        "stacks/kyverno/main.tf": POLICY,
    }
    there = project(files, BY_LIST)
    items = compared(there).items()
    shown = [f"{each.stack} {each.workload} {each.when} {each.weight}" for each in items]
    assert shown == [
        "stacks/kyverno stacks/a/kubernetes_deployment.web poll 1",
        "stacks/kyverno stacks/kyverno/kubernetes_manifest.inject never 0",
    ]
