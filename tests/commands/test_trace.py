from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.demo import hclmod, repository

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
def test_the_chain_of_an_image_is_shown(root: Path, place: str, said: str) -> None:
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


def test_an_image_outside_of_containers_is_traced_too(root: Path) -> None:
    (root / "stacks" / "beacon" / "lamp.tf").write_text(
        'resource "helm_release" "lamp" {\n  values = [yamlencode({ image = "a/lamp:${local.oil}" }), '
        'file("${path.module}/v.yaml")]\n}\n\nlocals {\n  oil = "1.0.0"\n}\n'
    )
    (root / "stacks" / "beacon" / "v.yaml").write_text("image: a/oil:2.1\n")
    told = hclmod(root, "trace", "beacon/helm_release.lamp").stdout
    assert "stacks/beacon/helm_release.lamp  helm values" in told
    assert "image -> local.oil is '1.0.0' at stacks/beacon/lamp.tf:6" in told
    assert "image is 'a/oil:2.1' at stacks/beacon/v.yaml:1" in told
    assert hclmod(root, "trace", "stacks/beacon/v.yaml:1").stdout in told


def test_what_the_survey_lists_is_traced_by_its_line(root: Path) -> None:
    (root / ".woodpecker.yml").write_text("steps:\n  build:\n    image: plugins/docker:20.1\n")
    (root / "stacks" / "beacon" / "Dockerfile").write_text("# base\nFROM alpine:3.20\n")
    places = [".woodpecker.yml:3", "stacks/beacon/Dockerfile:2"]
    listed = json.loads(hclmod(root, "survey", "--format", "json").stdout)["images_outside_containers"]
    assert set(places) <= {f"{each['file']}:{each['line']}" for each in listed}
    for place, image in zip(places, ("plugins/docker:20.1", "alpine:3.20"), strict=True):
        told = hclmod(root, "trace", place)
        assert told.returncode == 0, told.stderr
        assert f"image at {place}\n  {image}\n" in told.stdout
        (row,) = json.loads(hclmod(root, "trace", place, "--format", "json").stdout)
        assert row["origins"][0]["image"] == image
