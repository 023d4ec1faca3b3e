from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.demo import hclmod, repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("trace"))


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("gauge/kubernetes_stateful_set_v1.needle", "image -> var.dial_tag is '3.0.1' at stacks/gauge/main.tf:3"),
        ("kubernetes_deployment.printer", "is 'docker.io/lanternworks/pantry:2.6.0' at stacks/pantry/main.tf:3"),
        ("pantry/kubernetes_deployment.printer", "also drives stacks/pantry/kubernetes_deployment.scanner scanner"),
        ("stacks/pantry/main.tf:3", "stacks/pantry/kubernetes_deployment.scanner  scanner"),
        ("quill/module.quill.kubernetes_deployment.quill", "terragrunt.hcl"),
    ],
)
def test_the_chain_of_an_image_is_told(root: Path, place: str, said: str) -> None:
    done = hclmod(root, "trace", place)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout


@pytest.mark.parametrize(
    "place", ["nothing.here", "stacks/pantry/main.tf:1", "nowhere.tf:3", "pantry/kubernetes_job.x"]
)
def test_a_place_without_an_image_is_an_error_that_says_what_to_write(root: Path, place: str) -> None:
    done = hclmod(root, "trace", place)
    assert done.returncode == 2
    assert "FILE:LINE" in done.stderr
