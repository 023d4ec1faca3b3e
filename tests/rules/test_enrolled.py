"""Whom the enrolment of a namespace reaches: nobody is warned of what the same phase changes."""

from __future__ import annotations

import pytest

from hclmod.engine.job import Job
from tests.support.trees import project

NAMESPACE = 'resource "kubernetes_namespace" "kms" {\n  metadata {\n    name = "kms"\n  }\n}\n'
WORKLOAD = """resource "kubernetes_deployment" "kms" {
  metadata {
    name      = "kms"
    namespace = kubernetes_namespace.kms.metadata[0].name
  }
}
"""
CALL = 'module "kms" {\n  source = "../../modules/kms"\n}\n'
PHASE_1 = 'stacks = ["stacks/*"]\n[phase.1]\nstacks = ["a"]\n'


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
