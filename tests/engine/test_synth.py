"""What programs synthesise before and after a change: with small stand-ins for the library, and with CDK Terrain."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from hclmod.engine import cases, synth
from hclmod.engine.job import Job
from hclmod.engine.outcomes import PhaseReport
from hclmod.engine.project import Project, open_project
from hclmod.errors import RefusedError

ROOT = Path(__file__).parents[2]

LIBRARY = """\
import json, os, pathlib

made = {}


class DeploymentV1:
    def __init__(self, scope, id, **arguments):
        made[id] = arguments


def synth():
    folder = pathlib.Path(os.environ["CDKTF_OUTDIR"]) / "stacks" / "lantern"
    folder.mkdir(parents=True)
    text = json.dumps({"//": {"pid": os.getpid()}, "resource": {"kubernetes_deployment_v1": made}})
    (folder / "cdk.tf.json").write_text(text)
"""

PROGRAM = """\
from cdktn_provider_kubernetes import deployment_v1

TAG = "1.4.2"
deployment_v1.DeploymentV1(
    None,
    "lantern",
    metadata={"name": "lantern"},
    spec={"template": {"spec": {"container": [{"name": "lantern", "image": f"lanternworks/lantern:{TAG}"}]}}},
)
deployment_v1.synth()
"""

CONFIG = '[images."docker.io/lanternworks/*"]\nfloat = "latest"\n[keel]\nmarkers = ["KYVERNO_LIFECYCLE_V2"]\n'


@pytest.fixture(autouse=True)
def _this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")


def planned(root: Path, program: str, *rules: str) -> tuple[Project, list[PhaseReport]]:
    """A repository with a program and a library of its own, and what rules would do there."""
    home = root / "apps" / "lantern"
    (home / "cdktn_provider_kubernetes").mkdir(parents=True)
    (home / "cdktn_provider_kubernetes" / "__init__.py").write_text("")
    (home / "cdktn_provider_kubernetes" / "deployment_v1.py").write_text(LIBRARY)
    (home / "cdktf.json").write_text('{"language": "python", "app": "python main.py"}')
    (home / "main.py").write_text(program)
    (root / "hclmod.toml").write_text(CONFIG)
    project = open_project(root)
    jobs = [Job(rules=(rule,), options=project.options_of(None)) for rule in rules]
    return project, [project.plan(job) for job in jobs]


def test_what_differs_is_what_is_declared(tmp_path: Path) -> None:
    project, reports = planned(tmp_path, PROGRAM, "float-image-tag")
    assert synth.prove(project, reports) == (1, 1)
    project, reports = planned(tmp_path / "other", PROGRAM, "ignore-keel-drift")
    assert synth.prove(project, reports) == (1, 1)
    assert (tmp_path / "apps/lantern/main.py").read_text() == PROGRAM
    assert not list(tmp_path.rglob("cdktf.out")), "nothing is written beside the program"


def test_programs_that_do_not_change_are_not_run(tmp_path: Path) -> None:
    project, reports = planned(
        tmp_path, PROGRAM.replace("1.4.2", "latest") + "raise SystemExit(3)\n", "float-image-tag"
    )
    assert synth.prove(project, reports) == (0, 0)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('{"name": "lantern"}', '{"name": "lantern", "labels": {"tag": str(len(open(__file__).read()))}}', "declares"),
        ("lantern:{TAG}", "lantern:{TAG}", ""),
        ("deployment_v1.synth()", "", "is declared and is not there"),
        ("deployment_v1.synth()", "deployment_v1.synth()\nraise SystemExit('no credentials')", "no credentials"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    project, reports = planned(tmp_path, PROGRAM.replace(old, new), "float-image-tag")
    if not says:
        assert synth.prove(project, reports) == (1, 1)
        return
    with pytest.raises(RefusedError, match=says):
        synth.prove(project, reports)


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    project, reports = planned(tmp_path, PROGRAM, "float-image-tag")
    (tmp_path / "apps/lantern/cdktf.json").write_text('{"language": "python", "app": "no-such-program main.py"}')
    with pytest.raises(RefusedError, match="did not run"):
        synth.prove(open_project(tmp_path), reports)
    assert project.apps["apps/lantern"].command == "python main.py"


REAL = (
    "float-image-tag/python/changes_constructs_of_both_versions",
    "float-image-tag/python/changes_the_field_of_a_dataclass",
    "float-image-tag/python/changes_the_values_that_a_loop_runs_over",
    "float-image-tag/python/changes_what_calls_give_a_class_of_the_program",
    "ignore-keel-drift/python/adds_the_struct_and_its_import",
    "ignore-keel-drift/python/adds_to_the_list_of_an_override",
    "pull-policy-for-floating-tag/python/adds_it_behind_the_image",
    "drop-helm-atomic/python/removes_it_with_the_other_package",
    "enroll-namespace/python/adds_the_labels_to_metadata",
    "opt-out/python/adds_the_annotation_to_a_construct",
)
"""Cases whose programs run on CDK Terrain, which does not look for the providers that they leave out."""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("cdktn") is None, reason="CDK Terrain is not installed: pip install 'hclmod[cdktn]'")
@pytest.mark.skipif(shutil.which("node") is None, reason="CDK Terrain runs on node, which is not installed")
@pytest.mark.parametrize("name", REAL)
def test_a_case_changes_what_its_program_synthesises_as_declared(tmp_path: Path, name: str) -> None:
    (case,) = cases.cases(ROOT / "fixtures", name)
    for path, data in case.before.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data.replace(b"App()", b"App(skip_validation=True)"))
    project = open_project(tmp_path, options={case.rule: case.options})
    report = project.plan(Job(rules=(case.rule,), options=project.options_of(None)))
    assert report.changes
    programs, values = synth.prove(project, [report])
    assert programs == 1
    assert values > 0
