"""Who owns what, and the whole story of one workload, on the demo."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hclmod import api
from hclmod.errors import HclmodError
from tests.demo import hclmod, repository

if TYPE_CHECKING:
    from pathlib import Path


def test_every_container_has_owners_and_evidence(tmp_path: Path) -> None:
    root = repository(tmp_path)
    rows = json.loads(hclmod(root, "owners", "--format", "json").stdout)["owners"]
    told = api.survey(api.open_workspace(root))
    assert {row["workload"] for row in rows} >= {f"{each.stack}/{each.workload}" for each in told.images}
    assert {row["image_owner"] for row in rows} <= {"keel", "terraform", "ci", "helm", "operator"}
    assert all(row["evidence"] for row in rows)
    assert any(row["image_owner"] == "helm" for row in rows)


def test_owners_change_when_a_phase_is_applied(tmp_path: Path) -> None:
    root = repository(tmp_path)
    text = (root / "hclmod.toml").read_text()
    (root / "hclmod.toml").write_text(f'{text}\n[options."*"]\nkeel_version = "0.21.1"\n')

    def owner() -> tuple[str, str]:
        (row,) = (each for each in api.owners(api.open_workspace(root)) if "deployment.beacon" in each.workload)
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
        "no: Keel does not have it in its hands",
        "marker KYVERNO_LIFECYCLE_V2",
        "image terraform, tag terraform",
        "`hclmod apply --phase 3` would:",
        "drift of KYVERNO_LIFECYCLE_V2 is ignored",
        "beacon: docker.io/lanternworks/beacon:1.14.2 floats on `latest`",
    ):
        assert words in told.stdout, words


def test_a_workload_of_no_phase_is_said(tmp_path: Path) -> None:
    root = repository(tmp_path)
    text = (root / "hclmod.toml").read_text()
    (root / "hclmod.toml").write_text(text.split("[phase")[0])
    told = list(api.explain(api.open_workspace(root), "kubernetes_deployment.beacon"))
    assert told[-1] == "No phase has it, so no `apply` does anything to it."


def test_what_is_no_workload_is_said(tmp_path: Path) -> None:
    with pytest.raises(HclmodError, match="there is no workload"):
        list(api.explain(api.open_workspace(repository(tmp_path)), "kubernetes_deployment.beakon"))


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
    workspace = api.open_workspace(broken(tmp_path))
    for ask in (api.explain, api.trace):
        with pytest.raises(HclmodError) as raised:
            list(ask(workspace, wanted))
        assert raised.value.hint.startswith(hint)


def test_a_survey_says_what_it_could_not_read(tmp_path: Path) -> None:
    root = broken(tmp_path)
    told = "not read, so nothing of it is listed: stacks/beacon/main.tf: syntax error on line 2"
    assert told in hclmod(root, "survey").stderr
    assert told not in hclmod(repository(tmp_path / "whole"), "survey").stderr


def test_explain_still_tells_rules(tmp_path: Path) -> None:
    assert "pin" in hclmod(tmp_path, "explain", "pin").stdout
