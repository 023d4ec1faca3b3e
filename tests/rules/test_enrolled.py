"""Whom the enrolment of a namespace reaches: nobody is warned of what the same phase changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.engine.job import Job
from tests.support.cases import CHANGING
from tests.support.trees import project

if TYPE_CHECKING:
    from hclmod.engine.cases import Case

NAMESPACE = 'resource "kubernetes_namespace" "kms" {\n  metadata {\n    name = "kms"\n  }\n}\n'
WORKLOAD = """resource "kubernetes_deployment" "kms" {
  metadata {
    name      = "kms"
    namespace = kubernetes_namespace.kms.metadata[0].name
  }
}
"""
CALL = 'module "kms" {\n  source = "../../modules/kms"\n}\n'
PHASE_1 = 'stacks = ["stacks/*"]\nkeel.injected = "elsewhere: platform"\n[phase.1]\nstacks = ["a"]\n'


@pytest.mark.parametrize(
    ("files", "config", "warned"),
    [
        ({"stacks/a/main.tf": CALL}, PHASE_1, False),
        ({"stacks/a/main.tf": CALL, "stacks/b/main.tf": CALL}, PHASE_1, True),
        ({"stacks/a/main.tf": CALL, "stacks/b/main.tf": CALL}, PHASE_1.replace('"a"', '"a", "b"'), False),
    ],
)
def test_a_shared_module_with_namespace_and_workload(files: dict[str, str], config: str, warned: bool) -> None:  # noqa: FBT001
    module = {"modules/kms/main.tf": NAMESPACE + WORKLOAD}
    report = project({**files, **module}, config).plan(Job(rules=("enroll-namespace",), phase=1))
    codes = [each.finding.code for each in report.findings]
    assert "label" in codes
    assert ("enrolls-other-phases" in codes) == warned


OTHERWISE = (  # a map, or a block on one line, that was empty before
    "fills_an_empty_map_of_two_lines",
    "opens_an_empty_map",
    "opens_a_one_line_metadata_to_make_the_map",
    "tells_who_of_another_stack_is_enrolled_too",
)
CASES = [
    case
    for case in CHANGING
    if case.rule == "enroll-namespace" and not case.options and not case.name.endswith(OTHERWISE)
    if b"enrolment_list" not in case.before.get("hclmod.toml", b"")  # from that list a person takes names
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_what_fixtures_enroll_is_taken_out_again(case: Case) -> None:
    files, everything = dict(case.after), {"unenroll-namespace": {"namespaces": ["*"]}}
    report = project(files).plan(Job(rules=("unenroll-namespace",), options=everything))
    assert not report.unproven()
    result = {**files, **report.changes}
    assert result == {**files, **case.before}


def test_the_report_says_what_takes_the_annotations_off() -> None:
    out = {"unenroll-namespace": {"namespaces": ["kms"]}}
    labelled = NAMESPACE.replace('"kms"\n', '"kms"\n    labels = {\n      "keel.sh/enrolled" = "true"\n    }\n')
    own = WORKLOAD.replace("  }\n}", '    annotations = {\n      "keel.sh/policy" = "never"\n    }\n  }\n}')
    report = project({"a/main.tf": labelled + own}).plan(Job(rules=("unenroll-namespace",), options=out))
    (effect,) = [each.finding.effect for each in report.findings if each.finding.fix]
    assert "kubectl -n kms annotate deployment,statefulset,daemonset --all keel.sh/policy-" in effect
    assert "apply again for the policy of" in effect
