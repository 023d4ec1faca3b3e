"""The guard of `hclmod ci` in all its states, and what has to be true of every case."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from hclmod.commands.ci import ASKED, DROPPING
from hclmod.engine.job import Job
from hclmod.engine.outcomes import Changed
from hclmod.engine.project import in_memory
from hclmod.yaml import data as plain
from tests.support.cases import CASES

if TYPE_CHECKING:
    from hclmod.engine.cases import Case

WORKFLOW = """\
on:
  push:
    branches: [main]
jobs:
  build:
    runs-on: ubuntu-latest
    outputs:
      tag: ${{ steps.tag.outputs.sha }}
    steps:
      - id: tag
        run: echo "sha=${GITHUB_SHA::8}" >> "$GITHUB_OUTPUT"
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: ghcr.io/lanternworks/sluice:latest
  deploy:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: kubectl -n basin set image deployment/sluice web=ghcr.io/lanternworks/sluice:${{ needs.build.outputs.tag }}
  tell:
    needs: [build, deploy]
    runs-on: ubuntu-latest
    steps:
      - run: curl -d done "$SLACK_WEBHOOK"
"""
NAMESPACE = """\
resource "kubernetes_namespace" "basin" {
  metadata {
    name   = "basin"
    labels = { "keel.sh/enrolled" = "%s" }
  }
}
"""
WORKLOAD = """\
resource "kubernetes_deployment" "sluice" {
  metadata {
    name      = "%s"
    namespace = "basin"
  }
  spec {
    template {
      spec {
        container {
          name  = "%s"
          image = "ghcr.io/lanternworks/sluice:%s"
        }
      }
    }
  }
}
"""
POLICY = """\
resource "kubernetes_manifest" "inject" {
  manifest = {
    apiVersion = "kyverno.io/v1"
    kind       = "ClusterPolicy"
    metadata   = { name = "inject-keel" }
    spec = {
      rules = [{
        name   = "annotate"
        match  = { any = [{ resources = {
          kinds             = ["Deployment"]
          namespaceSelector = { matchLabels = { "keel.sh/enrolled" = "true" } }
        } }] }
        mutate = { patchStrategicMerge = { metadata = { annotations = {
          "+(keel.sh/policy)" = "force"
          %s
        } } } }
      }]
    }
  }
}
"""
GUARDS = ("there", "enrolled", "watched", "floating", "same containers")


def infra(*, there: bool, enrolled: bool, watched: bool, floating: bool, same: bool) -> dict[str, bytes]:
    """A Terraform repository in one of the states that the guard tells apart."""
    workload = WORKLOAD % (
        "sluice" if there else "weir",
        "web" if same else "app",
        "latest" if floating else "1.4.2",
    )
    texts = {
        "stacks/basin/main.tf": NAMESPACE % ("true" if enrolled else "false") + workload,
        "stacks/kyverno/main.tf": POLICY % ('"+(keel.sh/matchTag)" = "true"' if watched else ""),
    }
    return {path: text.encode() for path, text in texts.items()}


@pytest.mark.parametrize("state", list(product((True, False), repeat=5)))
def test_a_deploy_goes_only_where_nothing_is_missing(state: tuple[bool, ...]) -> None:
    there, enrolled, watched, floating, same = state
    texts = infra(there=there, enrolled=enrolled, watched=watched, floating=floating, same=same)
    asked = in_memory(texts).plan(Job(rules=(ASKED,)))
    answers = tuple(each.finding for each in asked.findings)
    project = in_memory({".github/workflows/build.yml": WORKFLOW.encode()})
    report = project.plan(Job(rules=DROPPING, answers=answers))
    deploy = [each for each in report.findings if each.rule == "drop-deploy-job"]
    (after,) = [each.after for each in report.outcomes if isinstance(each, Changed)] or [WORKFLOW.encode()]
    if all(state):
        assert [each.code for each in deploy] == ["drop-deploy-job/deploy"]
        assert b"deploy" not in after
        assert b"needs: [build]" in after
        assert b"outputs:\n" not in after
    else:
        assert [each.code for each in deploy] == ["drop-deploy-job/not-delivered"]
        assert b"  deploy:\n" in after
        assert not [each for each in report.findings if each.rule in ("drop-needs", "drop-unused-output")]


def _needs(job: object) -> list[str]:
    given = job.get("needs", job.get("depends_on")) if isinstance(job, dict) else None
    names = [given] if isinstance(given, str) else given or []
    return [each["job"] if isinstance(each, dict) else each for each in names]


def _units(path: str, document: object) -> dict[str, object]:
    """The jobs or the steps of a document by name."""
    if not isinstance(document, dict):
        return {}
    if ".gitlab-ci" in path:
        return {key: each for key, each in document.items() if isinstance(each, dict) and "script" in each}
    inside = document.get("jobs") or document.get("steps") or {}
    named = inside.items() if isinstance(inside, dict) else ((each.get("name", ""), each) for each in inside)
    return dict(named)


def _unknown(path: str, data: bytes) -> set[str]:
    """The names that units of a file wait for and that nothing has."""
    documents = plain.documents(data.decode())
    assert isinstance(documents, list), "the text is YAML"
    every = [_units(path, each) for each in documents]
    return {name for units in every for job in units.values() for name in _needs(job)} - {
        name for units in every for name in units
    }


MINE = [case for case in CASES if case.rule in DROPPING and case.answers]


@pytest.mark.sampled(30)
@pytest.mark.parametrize("case", MINE, ids=[case.name for case in MINE])
def test_all_rules_together_leave_no_name_that_nothing_has(case: Case) -> None:
    asked = in_memory(case.other or case.before).plan(Job(rules=(ASKED,)))
    answers = tuple(each.finding for each in asked.findings)
    options = {case.rule: case.options}
    report = in_memory(case.before, options=options).plan(Job(rules=DROPPING, options=options, answers=answers))
    assert not report.unproven()
    for path, data in report.changes.items():
        assert _unknown(path, data) <= _unknown(path, case.before[path])
    texts = {path: data for path, data in {**case.before, **report.changes}.items() if path not in report.deleted}
    again = in_memory(texts, options=options).plan(Job(rules=DROPPING, options=options, answers=answers))
    assert (again.changes, again.deleted) == ({}, ())


def test_a_third_of_the_cases_must_not_change() -> None:
    rules = {*DROPPING, ASKED, "add-deploy", "ci-sets-image", "new-pipeline"}
    mine = [case for case in CASES if case.rule in rules]
    assert len(mine) >= 60
    assert 3 * sum(case.after == case.before for case in mine) >= len(mine)
