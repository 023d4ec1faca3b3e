"""What a stack declares, and which workload lives in which namespace."""

from __future__ import annotations

import pytest

from hclmod.hcl import syntax
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source
from hclmod.terraform.ids import BlockId
from hclmod.terraform.inventory import folder_of, take


def source(path: str, text: str) -> Source:
    data = text.encode()
    return Source(Document(path, data), syntax.parse(data))


def namespace(name: str, address: str = "this", kind: str = "kubernetes_namespace") -> str:
    return f'resource "{kind}" "{address}" {{\n  metadata {{\n    name = {name}\n  }}\n}}\n'


def job(value: str | None, address: str = "x") -> str:
    line = f"    namespace = {value}\n" if value else ""
    return f'resource "kubernetes_job" "{address}" {{\n  metadata {{\n{line}  }}\n}}\n'


def home(*files: tuple[str, str]) -> BlockId | None:
    inventory = take(source(*each) for each in files)
    (found,) = inventory.workloads.values()
    return found


HERE = BlockId("s", "kubernetes_namespace.this")
LOCALS = 'locals {\n  ns    = "web"\n  other = var.ns\n}\n'


@pytest.mark.parametrize(
    ("declared", "named"),
    [
        (namespace('"web"'), job("kubernetes_namespace.this.metadata[0].name")),
        (namespace('"web"'), job("kubernetes_namespace.this.metadata.0.name")),
        (namespace("var.ns"), job("kubernetes_namespace.this.metadata[0].name")),
        (namespace("var.ns"), job("kubernetes_namespace.this.id")),
        (namespace('"web"'), job('"web"')),
        (LOCALS + namespace("local.ns"), job('"web"')),
        (LOCALS + namespace('"web"'), job("local.ns")),
        (LOCALS + namespace("local.ns"), job("local.ns")),
        (LOCALS + namespace("local.other"), job("local.other")),
        (namespace("local.elsewhere"), job("local.elsewhere")),
        (namespace("var.ns"), job("var.ns")),
        (namespace('"${var.a}-web"'), job('"${var.a}-web"')),
    ],
)
def test_a_namespace_that_is_found(declared: str, named: str) -> None:
    assert home(("s/a.tf", declared + named)) == HERE
    assert home(("s/z.tf", declared), ("s/a.tf", named)) == HERE


@pytest.mark.parametrize(
    ("declared", "named"),
    [
        (namespace('"web"'), job(None)),
        (namespace('"web"'), job('"Web"')),
        (namespace('"web"'), job('"web "')),
        (namespace('"web"'), job("kubernetes_namespace.other.metadata[0].name")),
        (namespace('"web"'), job("kubernetes_namespace_v1.this.metadata[0].name")),
        (namespace('"web"'), job("data.kubernetes_namespace.this.id")),
        (namespace('"web"'), job("var.ns")),
        (namespace("var.a"), job("var.b")),
        (namespace("var.ns"), job('"web"')),
        (LOCALS + namespace('"web"'), job("local.other")),
        (LOCALS + namespace('"web"'), job("local.missing")),
        ('resource "kubernetes_namespace" "this" {}\n', job('"web"')),
        (namespace('"web"').replace("resource", "data"), job('"web"')),
    ],
)
def test_a_namespace_that_is_not_found(declared: str, named: str) -> None:
    assert home(("s/a.tf", declared + named)) is None


def test_a_literal_reaches_over_folders_and_an_expression_does_not() -> None:
    assert home(("s/a.tf", namespace('"web"')), ("s/sub/b.tf", job('"web"'))) == HERE
    assert home(("s/a.tf", namespace("var.ns")), ("s/sub/b.tf", job("var.ns"))) is None
    assert home(("s/a.tf", namespace('"web"')), ("s/sub/b.tf", job("kubernetes_namespace.this.id"))) is None
    assert home(("s/a.tf", LOCALS + namespace('"web"')), ("s/sub/b.tf", job("local.ns"))) is None


def test_the_inventory_knows_names_and_inhabitants() -> None:
    text = namespace('"web"') + namespace("var.x", "dark", "kubernetes_namespace_v1")
    text += job('"web"', "a") + job('"web"', "b") + job("var.x", "c") + job('"no"', "d")
    text += 'resource "helm_release" "e" {\n  namespace = "web"\n}\nresource "null_resource" "f" {}\n'
    inventory = take([source("s/a.tf", text)])
    assert inventory.namespaces == {HERE: "web", BlockId("s", "kubernetes_namespace_v1.dark"): None}
    addresses = [each.address for each in inventory.living_in(HERE)]
    assert addresses == ["kubernetes_job.a", "kubernetes_job.b", "helm_release.e"]
    assert len(inventory.workloads) == 5


def test_folders() -> None:
    assert folder_of("a/b/c.tf") == "a/b"
    assert folder_of("c.tf") == ""
    assert take([]).workloads == {}
