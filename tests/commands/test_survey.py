"""The survey as a whole: its rows, how an image's form is told, and every format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hclmod.commands.survey import NamespaceRow, OutsideRow, ReleaseRow, Survey, WorkloadRow, form_of, survey
from hclmod.reports.tables import render
from hclmod.terraform.origins import Hole, Piece, Site
from hclmod.terraform.resources import tag_piece
from tests.support.demo import FIXTURES, hclmod, repository
from tests.support.trees import project, uses, workload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

M = "s/main.tf"
VAR = 'variable "t" {{\n{}}}\n'
CALL = 'module "m" {{\n  source = "./m"\n{}}}\n'
DYNAMIC = (
    'resource "kubernetes_pod" "p" {{\n  spec {{\n'
    '    dynamic "init_container" {{\n      for_each = {}\n      content {{\n'
    '        image = "a/b:${{init_container.value}}"\n      }}\n    }}\n  }}\n}}\n'
)


def survey_of(files: Mapping[str, str], *stacks: str) -> Survey:
    """The survey of a small repository whose every resource is of phase 4."""
    names = json.dumps(stacks or ("s",))
    return survey(project(files, f"stacks = {names}\n[phase.4]\nstacks = {names}\n"))


@pytest.mark.parametrize(
    ("files", "form", "tag"),
    [
        ({M: workload('"a/b:1"')}, "literal", "1"),
        ({M: workload('"a/b"')}, "literal", None),
        ({M: workload('"a/b@sha256:%s"' % ("0" * 64))}, "literal", "0" * 64),
        ({M: workload('"a/b:${"1"}"')}, "template", "1"),
        ({M: workload("local.i") + 'locals {\n  i = "a/b:1"\n}\n'}, "local", "a/b:1"),
        ({M: workload('"a/b:${var.t}"') + VAR.format('  default = "1"\n')}, "var", "1"),
        ({M: workload('"a/b:${var.t}-x"') + VAR.format('  default = "1"\n')}, "var", "1"),
        ({M: workload('"a/b:${var.t}"') + VAR.format(""), "s/x.auto.tfvars": 't = "1"\n'}, "var-file", "1"),
        ({M: workload('"a/b:${var.t}"') + VAR.format(""), "s/terragrunt.hcl": 'inputs = {\n  t = "1"\n}\n'},
            "terragrunt", "1"),
        ({M: CALL.format('  t      = "1"\n'), "s/m/a.tf": workload('"a/b:${var.t}"') + VAR.format("")},
            "module argument", "1"),
        ({M: CALL.format(""), "s/m/a.tf": workload('"a/b:${var.t}"') + VAR.format('  default = "1"\n')},
            "module default", "1"),
        ({M: workload('"a/b:${each.value}"', head='for_each = { x = "1" }')}, "each", "1"),
        ({M: workload('"a/b:${count.index}"', head="count = 1")}, "count", "0"),
        ({M: DYNAMIC.format('["1"]')}, "dynamic", "1"),
        ({M: DYNAMIC.format('{ x = "1" }').replace("init_container.value", "init_container.key")}, "dynamic", "x"),
        ({M: workload('"a/b:${var.t}"')}, "unknown", None),
        ({M: workload("data.x.y.z")}, "unknown", None),
    ],
)  # fmt: skip
def test_how_an_image_is_written(files: dict[str, str], form: str, tag: str | None) -> None:
    (use,) = uses(files).values()
    (origin,) = use.origins
    piece = tag_piece(origin)
    assert (form_of(origin), piece.text if piece else None) == (form, _text_of(origin, tag))


def _text_of(origin: tuple[Piece | Hole, ...], tag: str | None) -> str | None:
    """The whole piece that ends in this tag."""
    return next((part.text for part in origin if isinstance(part, Piece) and tag and part.text.endswith(tag)), None)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("a/b:1",), "a/b:1"),
        (("host:5000/", "b:", "1"), "1"),
        (("a/b", ":1", "-x"), ":1"),
        (("a/b:", "", "1"), "1"),
        (("host:5000/b",), None),
        (("a/b:",), None),
        (("a b:1",), None),
        ((), None),
    ],
)
def test_the_piece_in_which_a_tag_begins(texts: tuple[str, ...], expected: str | None) -> None:
    piece = tag_piece(tuple(Piece(text, Site("d", "p", 0, 1)) for text in texts))
    assert (piece.text if piece else None) == expected


TREE = {
    M: (
        'resource "kubernetes_namespace" "n" {\n  metadata {\n    name = "ns"\n  }\n}\n'
        + workload("local.i")
        + workload("local.i", "other")
        + 'locals {\n  i = "a/b:1.2.3"\n}\n'
        + 'resource "helm_release" "r" {\n  chart   = "c"\n  version = "1"\n  atomic  = true\n'
        + '  values  = [file("${path.module}/values.yaml")]\n}\n'
    ),
    "s/values.yaml": "image:\n  repository: c/d\n  tag: v4\n",
    "s/old.yaml": "image: e/f\n",
}


def test_every_row_of_a_small_tree() -> None:
    found = survey_of(TREE)
    assert [(row.workload, row.image, row.form, row.origin, row.fan_out, row.phase) for row in found.images] == [
        ("kubernetes_deployment.web", "a/b:1.2.3", "local", "s/main.tf:39", 2, 4),
        ("kubernetes_deployment.other", "a/b:1.2.3", "local", "s/main.tf:39", 2, 4),
    ]
    assert found.releases == (
        ReleaseRow(
            stack="s",
            release="helm_release.r",
            namespace="default",
            chart="c",
            version="1",
            atomic="true",
            wait="",
            timeout="",
            phase=4,
        ),
    )
    assert found.workloads[0] == WorkloadRow(
        stack="s",
        workload="kubernetes_deployment.web",
        namespace="ns",
        owner="s/kubernetes_namespace.n",
        ignored=(),
        phase=4,
    )
    assert found.outside == (
        OutsideRow(
            stack="s",
            address="",
            namespace="",
            form="dead file",
            image="e/f",
            tag="",
            tag_class="none",
            file="s/old.yaml",
            line=1,
            origin="s/old.yaml:1",
            read=False,
            fan_out=1,
            floating="yes",
            phase=None,
        ),
        OutsideRow(
            stack="s",
            address="helm_release.r",
            namespace="default",
            form="values file",
            image="c/d:v4",
            tag="v4",
            tag_class="major",
            file="s/values.yaml",
            line=3,
            origin="s/values.yaml:3",
            read=True,
            fan_out=1,
            floating="unknown",
            phase=4,
        ),
    )
    assert found.namespaces == (
        NamespaceRow(namespace="default", owner="", workloads=0, releases=1, phases="4"),
        NamespaceRow(namespace="ns", owner="s/kubernetes_namespace.n", workloads=2, releases=0, phases="4"),
    )


def test_a_literal_that_makes_images_in_and_out_of_containers_counts_both() -> None:
    text = workload("local.i") + 'locals {\n  i = "a/b:1.2.3"\n}\n'
    release = 'resource "helm_release" "r" {\n  values = [yamlencode({ image = local.i })]\n}\n'
    found = survey_of({M: text + release})
    assert [found.images[0].fan_out, found.outside[0].fan_out] == [2, 2]


def test_an_image_that_cannot_be_followed_is_a_row_all_the_same() -> None:
    (row,) = survey_of({M: workload("var.i")}).images
    assert (row.tag, row.tag_class, row.floating, row.form) == ("", "none", "unknown", "unknown")
    assert row.image == "<var.i: nothing in the repository sets it>"


KEYS = {
    "images": [
        "stack",
        "workload",
        "container",
        "init",
        "namespace",
        "image",
        "form",
        "tag",
        "tag_class",
        "origin",
        "chain",
        "fan_out",
        "floating",
        "phase",
    ],
    "images_outside_containers": [
        "stack",
        "address",
        "namespace",
        "form",
        "image",
        "tag",
        "tag_class",
        "file",
        "line",
        "origin",
        "read",
        "fan_out",
        "floating",
        "phase",
    ],
    "helm_releases": ["stack", "release", "namespace", "chart", "version", "atomic", "wait", "timeout", "phase"],
    "workloads": ["stack", "workload", "namespace", "owner", "ignored", "phase"],
    "namespaces": ["namespace", "owner", "workloads", "releases", "phases"],
}


def test_json_has_the_keys_that_scripts_know() -> None:
    told = json.loads(render(survey_of(TREE).tables, "json"))
    assert {table: list(rows[0]) for table, rows in told.items()} == KEYS


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with values, a dead file and a pipeline beside its stacks."""
    root = repository(tmp_path_factory.mktemp("survey"), FIXTURES / "demo")
    stack = root / "stacks" / "beacon"
    (stack / "outside.tf").write_text(
        'resource "helm_release" "lamp" {\n  chart = "c"\n  values = [\n    yamlencode({ image = "a/lamp:1.0.0" }),\n'
        '    templatefile("${path.module}/values.yaml", { tag = "2.1" }),\n  ]\n}\n'
    )
    (stack / "values.yaml").write_text("image:\n  repository: a/oil\n  tag: ${tag}\n")
    (stack / "old-values.yaml").write_text("image: a/wick:9\n")
    (root / ".woodpecker.yml").write_text("steps:\n  - image: alpine:3.20\n")
    return root


@pytest.mark.parametrize("form", ["text", "json", "csv", "markdown"])
def test_the_demo_in_every_format(demo: Path, form: str) -> None:
    done = hclmod(demo, "survey", "--format", form)
    assert (done.returncode, done.stderr) == (0, "")
    assert "docker.io/lanternworks/beacon:1.14.2" in done.stdout
    assert "a/oil:2.1" in done.stdout
    assert hclmod(demo, "survey", "--format", form).stdout == done.stdout


def test_the_demo_lists_images_outside_of_containers(demo: Path) -> None:
    told = json.loads(hclmod(demo, "survey", "--format", "json").stdout)["images_outside_containers"]
    assert [(row["form"], row["image"], row["file"], row["line"], row["read"]) for row in told] == [
        ("ci file", "alpine:3.20", ".woodpecker.yml", 2, True),
        ("dead file", "a/wick:9", "stacks/beacon/old-values.yaml", 1, False),
        ("helm values", "a/lamp:1.0.0", "stacks/beacon/outside.tf", 4, True),
        ("template file", "a/oil:2.1", "stacks/beacon/values.yaml", 3, True),
        ("helm values", "<repository: the chart names it>:0.22.1", "stacks/keel/main.tf", 25, True),
    ]


def test_nothing_of_an_excluded_stack_or_a_comment_is_listed(demo: Path) -> None:
    told = hclmod(demo, "survey").stdout
    assert "stacks/_template" not in told
    assert "nginx:1.27.0" not in told
    assert "trellis:v2.9.4" not in told


@pytest.mark.parametrize(
    ("words", "stacks"),
    [
        (("--stack", "beacon"), {"stacks/beacon"}),
        (("--stack", "./stacks/beacon/"), {"stacks/beacon"}),
        (("--phase", "3", "--stack", "stacks/keel"), set()),
        (("--phase", "3"), {f"stacks/{name}" for name in ("beacon", "gauge", "loom", "pantry", "tidewatch")}),
    ],
)
def test_a_part_of_the_repository(demo: Path, words: tuple[str, ...], stacks: set[str]) -> None:
    told = json.loads(hclmod(demo, "survey", *words, "--format", "json").stdout)
    assert {row["stack"] for row in told["workloads"]} == stacks
    assert {row["stack"] for row in told["images"]} <= stacks
    owned = json.loads(hclmod(demo, "owners", *words, "--format", "json").stdout)["owners"]
    assert {"/".join(row["workload"].split("/")[:2]) for row in owned} == stacks


def test_a_stack_lists_the_namespaces_that_it_declares(tmp_path: Path) -> None:
    space = 'resource "kubernetes_namespace" "n" {\n  metadata {\n    name = "ns"\n  }\n}\n'
    for folder, text in {"a/x": space, "b": workload('"x:1"')}.items():
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "main.tf").write_text(text)
    told = json.loads(hclmod(tmp_path, "survey", "--stack", "x", "--format", "json").stdout)
    assert [row["namespace"] for row in told["namespaces"]] == ["ns"]
    told = json.loads(hclmod(tmp_path, "survey", "--stack", "b", "--format", "json").stdout)
    assert [(row["namespace"], row["owner"]) for row in told["namespaces"]] == [("ns", "a/x/kubernetes_namespace.n")]


def test_the_end_of_a_path_names_a_stack_where_it_is_unique(tmp_path: Path) -> None:
    for folder in ("a/web", "b/web", "b/db"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "main.tf").write_text(workload('"x:1"'))
    told = json.loads(hclmod(tmp_path, "survey", "--stack", "db", "--format", "json").stdout)
    assert {row["stack"] for row in told["images"]} == {"b/db"}
    done = hclmod(tmp_path, "survey", "--stack", "web")
    assert (done.returncode, "`web` is a/web and b/web" in done.stderr) == (2, True)


@pytest.mark.parametrize("command", ["survey", "owners"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--stack", "beacno"), "no stack `beacno`\nhint: Did you mean `beacon`?"),
        (("--phase", "77"), "has no phase 77"),
        (("--phase", "x"), "invalid phase `x`"),
    ],
)
def test_a_part_that_is_not_there(demo: Path, command: str, words: tuple[str, ...], message: str) -> None:
    done = hclmod(demo, command, *words)
    assert done.returncode == 2
    assert message in done.stderr


def test_the_summary_counts_each_phase(demo: Path) -> None:
    rows = json.loads(hclmod(demo, "survey", "--format", "json").stdout)
    table = hclmod(demo, "survey").stdout.split("\n\n")[0].splitlines()
    assert table[0] == "Phases"
    entries = [dict(zip(table[1].split(), line.split(), strict=True)) for line in table[2:]]
    images = [*rows["images"], *rows["images_outside_containers"]]
    for entry in entries:
        number = None if entry["phase"] == "none" else int(entry["phase"])
        assert int(entry["images"]) == sum(row["phase"] == number for row in images)
        assert int(entry["workloads"]) == sum(row["phase"] == number for row in rows["workloads"])
    assert sum(int(entry["images"]) for entry in entries) == len(images)
