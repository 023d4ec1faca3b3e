"""Who owns what, and the whole story of one workload, on the demo."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hclmod.commands import explain, survey, trace
from hclmod.engine.project import Project, open_project
from hclmod.errors import HclmodError
from tests.support.demo import hclmod, repository
from tests.support.trees import workload

if TYPE_CHECKING:
    from pathlib import Path


def test_every_container_has_owners_and_evidence(tmp_path: Path) -> None:
    root = repository(tmp_path)
    rows = json.loads(hclmod(root, "owners", "--format", "json").stdout)["owners"]
    told = survey.survey(open_project(root))
    assert {row["workload"] for row in rows} >= {f"{each.stack}/{each.workload}" for each in told.images}
    assert {row["image_owner"] for row in rows} <= {"keel", "terraform", "ci", "helm", "operator"}
    assert all(row["evidence"] for row in rows)
    assert any(row["image_owner"] == "helm" for row in rows)


def test_owners_change_when_a_phase_is_applied(tmp_path: Path) -> None:
    root = repository(tmp_path)
    text = (root / "hclmod.toml").read_text()
    (root / "hclmod.toml").write_text(f'{text}\n[keel]\nversion = "0.21.1"\n')

    def owner() -> tuple[str, str]:
        (row,) = (each for each in explain.owners(open_project(root)) if "deployment.beacon" in each.workload)
        return row.image_owner, row.tag_owner

    assert owner() == ("terraform", "terraform")
    assert hclmod(root, "apply", "--phase", "3", "--in-place").returncode == 0
    assert owner() == ("keel", "keel")
    assert hclmod(root, "opt-out", "beacon/kubernetes_deployment.beacon", "--reason", "old").returncode == 0
    assert owner() == ("terraform", "terraform")


def test_the_story_of_a_workload(tmp_path: Path) -> None:
    root = repository(tmp_path)
    told = hclmod(root, "explain", "beacon/kubernetes_deployment.beacon")
    assert told.returncode == 0, told.stderr
    for words in (
        "stacks/beacon/kubernetes_deployment.beacon  stacks/beacon/main.tf:",
        "beacon, declared by stacks/beacon/kubernetes_namespace.beacon",
        "3 (not done)",
        "docker.io/lanternworks/beacon:1.14.2, which stands at stacks/beacon/main.tf:",
        "no: Keel does not manage it",
        "marker KYVERNO_LIFECYCLE_V2",
        "image terraform, tag terraform",
        "`hclmod apply --phase 3` would:",
        "ignores drift of KYVERNO_LIFECYCLE_V2",
        "beacon: docker.io/lanternworks/beacon:1.14.2 floats on `latest`",
    ):
        assert words in told.stdout, words


def test_a_workload_of_no_phase_is_said(tmp_path: Path) -> None:
    root = repository(tmp_path)
    text = (root / "hclmod.toml").read_text()
    (root / "hclmod.toml").write_text(text.split("[phase")[0])
    told = list(explain.explain(open_project(root), "kubernetes_deployment.beacon"))
    assert told[-1] == "No phase has it, so no `apply` does anything to it."


def test_what_is_no_workload_is_said(tmp_path: Path) -> None:
    with pytest.raises(HclmodError, match="there is no workload"):
        list(explain.explain(open_project(repository(tmp_path)), "kubernetes_deployment.beakon"))


def broken(tmp_path: Path) -> Path:
    root = repository(tmp_path)
    (root / "stacks/beacon/main.tf").write_text('resource "x" {\n')
    return root


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("beacon/kubernetes_deployment.beacon", "stacks/beacon/main.tf was not read: syntax error on line 2."),
        ("gague/kubernetes_stateful_set_v1.needle", "Did you mean `stacks/gauge/kubernetes_stateful_set_v1.needle`?"),
        ("x/kubernetes_deployment.y", "Write STACK/TYPE.NAME."),
    ],
)
def test_what_is_not_found_is_answered_with_what_may_be_meant(tmp_path: Path, wanted: str, hint: str) -> None:
    workspace = open_project(broken(tmp_path))
    for ask in (explain.explain, trace.tell):
        with pytest.raises(HclmodError) as raised:
            list(ask(workspace, wanted))
        assert raised.value.hint.startswith(hint)


def test_a_survey_says_what_it_could_not_read(tmp_path: Path) -> None:
    root = broken(tmp_path)
    told = "warning: cannot read stacks/beacon/main.tf, so nothing in it is listed: syntax error on line 2"
    assert told in hclmod(root, "survey").stderr
    assert told not in hclmod(repository(tmp_path / "whole"), "survey").stderr


def called_three_times(root: Path, last: str) -> Project:
    calls = "".join(
        f'module "{name}" {{\n  source = "./factory"\n  tag    = "{tag}"\n}}\n'
        for name, tag in (("anca", "1.4.2"), ("emo", "1.4.2"), ("viktor", last))
    )
    (root / "stacks" / "budget" / "factory").mkdir(parents=True)
    (root / "stacks" / "budget" / "main.tf").write_text(calls)
    text = 'variable "tag" {}\n' + workload('"ghcr.io/lanternworks/awning:${var.tag}"')
    (root / "stacks" / "budget" / "factory" / "main.tf").write_text(text)
    toml = (
        'stacks = ["stacks/*"]\n[images."ghcr.io/lanternworks/*"]\nfloat = "latest"\n[phase.1]\nstacks = ["budget"]\n'
    )
    (root / "hclmod.toml").write_text(toml)
    return open_project(root)


@pytest.mark.parametrize(("name", "line", "others"), [("anca", 3, "emo viktor"), ("viktor", 11, "anca emo")])
def test_one_call_of_a_module_is_explained_and_the_others_named(
    tmp_path: Path, name: str, line: int, others: str
) -> None:
    address = "stacks/budget/module.{}.kubernetes_deployment.web"
    title, same, *told = explain.explain(
        called_three_times(tmp_path, "1.4.2"), f"budget/module.{name}.kubernetes_deployment.web"
    )
    assert title == f"{address.format(name)}  stacks/budget/factory/main.tf:2"
    assert same.startswith("  the same block as  ")
    assert same.endswith(f"  {', '.join(map(address.format, others.split()))}")
    (image,) = (each for each in told if "image of web" in each)
    assert image.endswith(f"which stands at stacks/budget/main.tf:{line} (image -> module.{name}.tag)")
    assert any(f"its tag stands at stacks/budget/main.tf:{line} (image -> module.{name}.tag)" in each for each in told)
    assert not any(f"module.{other}." in each for other in others.split() for each in told)


def test_of_one_call_only_that_is_said_which_holds_for_the_block(tmp_path: Path) -> None:
    told = list(
        explain.explain(called_three_times(tmp_path, "1.3.9"), "budget/module.viktor.kubernetes_deployment.web")
    )
    assert "1.3.9, which stands at stacks/budget/main.tf:11" in "".join(told)
    assert "it is ghcr.io/lanternworks/awning:1.3.9 and ghcr.io/lanternworks/awning:1.4.2" in "".join(told)
    assert not any(each.startswith("  pull-policy-for-floating-tag") for each in told)  # nor does `apply`


def test_without_a_call_all_are_explained(tmp_path: Path) -> None:
    told = list(explain.explain(called_three_times(tmp_path, "1.3.9"), "budget/kubernetes_deployment.web"))
    assert all(f"module.{name}." in told[0] for name in ("anca", "emo", "viktor"))
    assert not any("the same block as" in each for each in told)
    assert "1.4.2 or ghcr.io/lanternworks/awning:1.3.9" in "".join(told)
    assert all(f"for stacks/budget/module.{name}." in "".join(told) for name in ("anca", "viktor"))


def test_explain_still_explains_rules(tmp_path: Path) -> None:
    assert "pin" in hclmod(tmp_path, "explain", "pin").stdout
