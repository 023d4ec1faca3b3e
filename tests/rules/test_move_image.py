"""Images that move to another name: as one file, and beside the rule that switches tags."""

from __future__ import annotations

import pytest

from hclmod.engine.job import Job
from hclmod.errors import RuleError
from tests.support.trees import project, workload

TAGGED = {
    "a/main.tf": 'variable "tag" {\n  default = "1.4"\n}\n' + workload('"ghcr.io/x/y:${var.tag}"'),
    "b/main.tf": workload('"ghcr.io/x/z:2.0"'),
}
OPTIONS = {"move-image": {"from": "ghcr.io", "to": "reg.lan/ghcr"}}


@pytest.mark.parametrize("path", TAGGED)
def test_a_file_alone_moves_as_it_does_among_all(path: str) -> None:
    whole = project(TAGGED).plan(Job(rules=("move-image",), options=OPTIONS)).changes
    job = Job(rules=("move-image",), options=OPTIONS, only=frozenset({path}), near=True)
    assert project(TAGGED).plan(job).changes == {path: whole[path]}
    assert b"reg.lan/ghcr/x/" in whole[path]


def test_a_tag_floats_and_its_name_moves_in_one_run() -> None:
    config = '[images."ghcr.io/x/*"]\nfloat = "latest"\n[images."reg.lan/ghcr/x/*"]\nfloat = "latest"\n'
    job = Job(rules=("float-image-tag", "move-image"), options=OPTIONS)
    report = project(TAGGED, config).plan(job)
    assert not report.unproven()
    assert b'default = "latest"' in report.changes["a/main.tf"]
    assert b'"reg.lan/ghcr/x/y:${var.tag}"' in report.changes["a/main.tf"]
    assert b'"reg.lan/ghcr/x/z:latest"' in report.changes["b/main.tf"]
    codes = {each.finding.code for each in report.findings if each.rule == "float-image-tag"}
    assert codes <= {"pinned-tag", "written-elsewhere", "floats-already"}


@pytest.mark.parametrize(
    "options", [{}, {"from": "ghcr.io"}, {"to": "reg.lan"}, {"from": "Not A Name", "to": "reg.lan"}]
)
def test_both_names_are_needed(options: dict[str, object]) -> None:
    with pytest.raises(RuleError, match=r"move-image"):
        project(TAGGED).plan(Job(rules=("move-image",), options={"move-image": options}))
