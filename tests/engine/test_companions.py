"""Which images may have to move together, and that a check of one file knows as much as a phase does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.commands import check
from hclmod.config import file
from hclmod.engine import companions
from hclmod.engine.project import open_project
from tests.support import demo
from tests.support.demo import hclmod
from tests.support.trees import workload

if TYPE_CHECKING:
    from pathlib import Path

AWNING = '"ghcr.io/lanternworks/awning:1.4.2"'
CRANK = '"ghcr.io/lanternworks/crank:1.4.2"'
GROUP = '[images."ghcr.io/lanternworks/*"]\nfloat = "latest"\ngroup = "lantern"\n'
PHASES = 'stacks = ["stacks/*"]\nrules = ["float-image-tag"]\n'
OPTED = '"keel.sh/policy" = "never"'


@pytest.mark.parametrize(
    ("texts", "shares"),
    [
        (['image = "a/b:1"\n', 'image = "a/b:2"\n'], True),
        (['image = "a/b:1"\nimage = "docker.io/a/b@sha256:x"\n'], True),
        (['image = "a/b:${var.x}"\n', 'image = "a/b"'], True),
        (['image = "a/b:1"\n', 'image = "a/c:1"\n'], False),
        (['image = "a/b:1"\nimage_tag = "a/b:1"\n'], False),
        (['image = "localhost:5000/b:1"\nimage = "localhost:5000/c:1"'], False),
        (["image = local.x\n"], False),
        ([], False),
    ],
)
def test_a_text_shows_whether_images_share_a_repository(texts: list[str], *, shares: bool) -> None:
    assert companions.sharing({"s": [text.encode() for text in texts]}) == ({"s"} if shares else set())


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ('image = "ghcr.io/lanternworks/awning:1"', True),
        ('image = "ghcr.io/lanternworks/awning:${var.tag}"', True),
        ("image = local.image", True),
        ('image = "ghcr.io/others/awning:1"', False),
        ("", False),
    ],
)
def test_a_text_shows_whether_an_image_may_be_in_a_group(text: str, *, grouped: bool) -> None:
    read = file.parse(GROUP.encode(), "hclmod.toml")
    assert companions.grouped({"s": [text.encode()]}, read) == ({"s"} if grouped else set())


def repository(root: Path, toml: str, **stacks: str) -> None:
    (root / "hclmod.toml").write_text(toml)
    (root / ".git").mkdir()
    for name, text in stacks.items():
        (root / "stacks" / name).mkdir(parents=True)
        (root / "stacks" / name / "main.tf").write_text(text)


def said(root: Path, path: str, *rules: str) -> str:
    reports = check.check(open_project(root), [root / path], rules)
    outcomes = (each for report in reports for each in report.outcomes)
    return "\n".join(told.finding.message for each in outcomes for told in getattr(each, "left", ()))


def opted_out(image: str, name: str) -> str:
    return workload(image, name).replace('namespace = "ns"', f'namespace = "ns"\n    annotations = {{ {OPTED} }}')


def test_a_check_of_one_file_knows_the_rest_of_its_stack(tmp_path: Path) -> None:
    repository(tmp_path, PHASES + GROUP.replace('group = "lantern"\n', ""), one=workload(AWNING))
    (tmp_path / "stacks" / "one" / "other.tf").write_text(opted_out(AWNING, "other"))
    assert "stays with stacks/one/kubernetes_deployment.other other, which has to: opted out" in said(
        tmp_path, "stacks/one/main.tf", "float-image-tag"
    )


def test_a_check_of_one_file_knows_the_groups_of_other_stacks(tmp_path: Path) -> None:
    repository(tmp_path, PHASES + GROUP, one=workload(AWNING), two=opted_out(CRANK, "crank"))
    assert "stays with stacks/two/kubernetes_deployment.crank crank, which has to: opted out" in said(
        tmp_path, "stacks/one/main.tf", "float-image-tag"
    )


def test_a_check_of_a_phase_that_is_done_knows_the_phases_of_a_group(tmp_path: Path) -> None:
    phases = '[phase.1]\nstacks = ["one"]\n[phase.2]\nstacks = ["two"]\n'
    repository(tmp_path, f"through = 1\n{PHASES}{GROUP}{phases}", one=workload(AWNING), two=workload(CRANK, "crank"))
    assert "which has to: it is in phase 2" in said(tmp_path, "stacks/one/main.tf")


MODULE = 'variable "tag" {\n  default = "1.4.2"\n}\n' + workload('"ghcr.io/lanternworks/awning:${var.tag}"', "gate")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one/kubernetes_deployment.web", ""),
        ("one/module.gate.kubernetes_deployment.gate", ""),
        ("two/kubernetes_deployment.nobody", ""),
        ("one/kubernetes_deployment.wbe", "workloads names `kubernetes_deployment.wbe`, which stacks/one lacks"),
        (
            "one/module.gat.kubernetes_deployment.gate",
            "names `module.gat.kubernetes_deployment.gate`, which stacks/one",
        ),
    ],
)
@pytest.mark.parametrize("rules", ["float-image-tag", "drop-helm-atomic"])
def test_a_decision_for_a_workload_has_to_name_one(tmp_path: Path, name: str, said: str, rules: str) -> None:
    toml = PHASES.replace("float-image-tag", rules) + '[phase.1]\nstacks = ["one"]\n'
    toml += f'[workloads."{name}"]\nfloat = "latest"\n'
    call = '\nmodule "gate" {\n  source = "../../modules/gate"\n}\n'
    root = demo_repository(tmp_path, toml, one=workload(AWNING) + call, two="")
    done = hclmod(root, "apply", "--phase", "1", "--dry-run")
    assert (said in done.stderr, done.returncode) == (True, 2 if said else 0), done.stderr


def demo_repository(folder: Path, toml: str, **stacks: str) -> Path:
    """The same as a git repository, with a module beside the stacks."""
    source = folder / "source"
    source.mkdir()
    repository(source, toml, **stacks)
    (source / ".git").rmdir()
    (source / "modules" / "gate").mkdir(parents=True)
    (source / "modules" / "gate" / "main.tf").write_text(MODULE)
    return demo.repository(folder, source)
