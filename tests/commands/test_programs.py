"""Commands on a repository with a Python program, from outside: check, fix, survey, pin and what goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from hclmod.cli import cli

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """\
from cdktn import App, TerraformStack
from cdktn_provider_kubernetes import deployment_v1 as k

TAG = "1.4.2"  # of the release

class Lantern(TerraformStack):
    def __init__(self, scope, id):
        super().__init__(scope, id)
        k.DeploymentV1(
            self,
            "lantern",
            metadata=k.DeploymentV1Metadata(
                name="lantern",
            ),
            spec=k.DeploymentV1Spec(
                template=k.DeploymentV1SpecTemplate(
                    spec=k.DeploymentV1SpecTemplateSpec(
                        container=[
                            k.DeploymentV1SpecTemplateSpecContainer(
                                name="lantern",
                                image=f"ghcr.io/lanternworks/lantern:{TAG}",
                            ),
                        ],
                    ),
                ),
            ),
        )


app = App()
Lantern(app, "lantern")
app.synth()
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A program, a file of Terraform, and Python that is of no program."""
    home = tmp_path / "apps" / "lantern"
    home.mkdir(parents=True)
    (home / "cdktf.json").write_text('{"language": "python", "app": "python main.py"}')
    (home / "main.py").write_text(PROGRAM)
    (tmp_path / "tool.py").write_text(PROGRAM)
    (tmp_path / "main.tf").write_text('resource "helm_release" "a" {\n  atomic = true\n}\n')
    (tmp_path / "hclmod.toml").write_text('[images."ghcr.io/lanternworks/*"]\nfloat = "latest"\n')
    return tmp_path


def run(folder: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["-C", str(folder), *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, done.output


def test_a_program_that_is_named_is_checked_and_fixed(repository: Path) -> None:
    main = repository / "apps/lantern/main.py"
    code, text = run(repository, "check", "--rule", "float-image-tag", str(main))
    assert code == 1
    assert "`1.4.2` floats on `latest`" in text
    assert run(repository, "fix", "--rule", "float-image-tag", str(main))[0] == 0
    assert main.read_text() == PROGRAM.replace('"1.4.2"', '"latest"')
    assert run(repository, "check", "--rule", "float-image-tag", str(main))[0] == 0


def test_python_of_no_program_is_left_to_others(repository: Path) -> None:
    code, text = run(repository, "check", "--rule", "float-image-tag", str(repository / "tool.py"))
    assert code == 0
    assert "0 changes" in text
    assert "tool.py" not in text


def test_a_folder_is_checked_with_all_of_its_languages(repository: Path) -> None:
    (repository / "apps/lantern/main.py").write_text(PROGRAM.replace("k.DeploymentV1(", "print(", 1))
    code, text = run(repository, "check", "--rule", "drop-helm-atomic", str(repository))
    assert code == 1
    assert "main.tf" in text
    (repository / "apps/lantern/main.py").write_text("from cdktn import = App\n")
    text = run(repository, "check", "--rule", "drop-helm-atomic", str(repository))[1]
    assert "syntax error on line 1" in text


def test_a_survey_lists_images_and_workloads_of_programs(repository: Path) -> None:
    code, text = run(repository, "survey", "--format", "csv")
    assert code == 0
    (row,) = [each for each in text.splitlines() if "lantern:1.4.2" in each]
    assert "apps/lantern/main.py:4" in row
    assert "kubernetes_deployment_v1.lantern" in row


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (("pin", "apps/lantern/lantern", "--to", "1.4.3", "--reason", "why"), ("unpin", "apps/lantern/lantern")),
        (("opt-out", "apps/lantern/lantern", "--reason", "why"), ("opt-in", "apps/lantern/lantern")),
    ],
)
def test_what_a_person_does_to_a_workload_goes_back_byte_for_byte(
    repository: Path, there: tuple[str, ...], back: tuple[str, ...]
) -> None:
    main = repository / "apps/lantern/main.py"
    program = PROGRAM + "".join(f"X{number} = {number}\n" for number in range(40))  # many statements
    main.write_text(program)
    assert run(repository, *there)[0] == 0
    changed = main.read_text()
    assert '"keel.sh/policy": "never"' in changed
    assert ('TAG = "1.4.3"' in changed) == (there[0] == "pin")
    code, text = run(repository, *back)
    assert code == 0, text
    assert main.read_text() == program
