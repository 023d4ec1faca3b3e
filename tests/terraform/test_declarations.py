"""What one document declares: variables, locals, calls, images, workloads, namespaces; tfvars and terragrunt alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.hcl.document import Document
from hclmod.hcl.source import Unread, parse
from hclmod.hcl.values import Reference, Text
from hclmod.terraform.declarations import Declarations, declarations
from tests.support.hcl import HOSTILE
from tests.support.trees import source, workload

if TYPE_CHECKING:
    from pathlib import Path


def declared(text: str, path: str = "s/main.tf") -> Declarations:
    return declarations(source(path, text))


def test_variables_locals_and_outputs() -> None:
    found = declared(
        'variable "a" {\n  default = "x"\n}\nvariable "b" {}\nlocals {\n  c = 1\n}\nlocals {\n  d = 2\n}\n'
        'output "e" {\n  value = "y"\n}\noutput "f" {}\n'
    )
    default = found.variables["a"]
    assert default is not None
    assert (default.value, default.path, default.line) == (Text("x", 0), "variable.a[0].default", 2)
    assert found.variables["b"] is None
    assert {name: each.path for name, each in found.locals.items()} == {"c": "locals[0].c", "d": "locals[1].d"}
    assert {name: each.value for name, each in found.outputs.items()} == {"e": Text("y", 0)}


def test_a_call() -> None:
    found = declared(
        'module "m" {\n  source = "./x"\n  tag    = "1"\n}\nmodule "n" {\n  source = local.x\n}\nmodule "o" {}\n'
    )
    assert [(call.name, call.source, call.path) for call in found.calls] == [
        ("m", "./x", "module.m[0]"),
        ("n", None, "module.n[0]"),
        ("o", None, "module.o[0]"),
    ]
    assert found.calls[0].arguments["tag"].value == Text("1", 0)


def test_images() -> None:
    more = (
        '        container {\n          image = "b:2" # mine\n        }\n        container {}\n'
        '        init_container {\n          name = "i"\n          image = var.c\n        }\n'
        '        dynamic "container" {\n          for_each = ["d:4"]\n          iterator = it\n'
        "          content {\n            image = it.value\n          }\n        }\n"
        '        dynamic "container" {\n          content {\n            image = "lost"\n          }\n        }\n'
        '        dynamic "volume" {\n          for_each = []\n          content {}\n        }\n'
    )
    found = declared(workload('"a:1"', head="count = 2", more=more) + 'resource "null_resource" "x" {}\n')
    assert [(each.label, each.container.rpartition(".")[2], each.init) for each in found.images] == [
        ("web", "container[0]", False),
        ("container[1]", "container[1]", False),
        ("i", "init_container[0]", True),
        ("dynamic container", "", False),
    ]
    assert [each.comments for each in found.images] == [(), ("# mine",), (), ()]
    assert all(each.count and each.count.value == Text("2", None) and each.each is None for each in found.images)
    dynamic = found.images[3].dynamic
    assert dynamic is not None
    assert (dynamic[0], dynamic[1].line) == ("it", 22)
    assert {each.address for each in found.images} == {"kubernetes_deployment.web"}


def test_dwellers_and_namespaces() -> None:
    found = declared(
        'resource "helm_release" "r" {\n  namespace = "n"\n  version = "1"\n}\n'
        'resource "kubernetes_job" "j" {\n  for_each = local.x\n  metadata {\n    labels = {\n'
        '      a = "b"\n      c = d\n'
        "    }\n  }\n  lifecycle {\n    ignore_changes = [spec, metadata]\n  }\n}\n"
        'resource "kubernetes_namespace" "n" {\n  for_each = local.y\n  metadata {\n    name = each.value\n  }\n}\n'
        'resource "kubernetes_namespace_v1" "m" {\n  metadata {\n    generate_name = "x"\n  }\n}\n'
    )
    release, job = found.workloads
    assert release.settings == {"namespace": '"n"', "version": '"1"'}
    assert release.namespace is not None
    assert (job.namespace, job.metadata, job.ignored) == (None, (("a", "b"), ("c", "")), ("spec", "metadata"))
    assert job.each is not None
    assert {address: name and name.value for address, name in found.namespaces.items()} == {
        "kubernetes_namespace.n": Reference(("each", "value"), "each.value"),
        "kubernetes_namespace_v1.m": None,
    }
    assert list(found.each) == ["kubernetes_namespace.n"]


def test_tfvars_and_terragrunt() -> None:
    found = declared('tag = "1"\nmap = { a = "b" }\n', "s/terraform.tfvars")
    assert {name: each.path for name, each in found.attributes.items()} == {"tag": "tag", "map": "map"}
    found = declared(
        'include "root" {\n  path = "x"\n}\nterraform {\n  source = "y"\n  extra_arguments "v" {\n'
        "    arguments = []\n  }\n}\n"
        "inputs = {}\nlocals {\n  a = 1\n}\n",
        "s/terragrunt.hcl",
    )
    assert [(kind, labels, list(each)) for kind, labels, each in found.blocks] == [
        ("include", ("root",), ["path"]),
        ("terraform", (), ["source"]),
        ("terraform.extra_arguments", ("v",), ["arguments"]),
    ]
    assert list(found.attributes) == ["inputs"]
    assert list(found.locals) == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing",
        "variable {}\nmodule {}\noutput {}\nresource {}\n",
        'resource "kubernetes_deployment" {}\n',
        'resource "kubernetes_deployment" "x" {\n  spec = 1\n}\n',
        (
            'resource "kubernetes_deployment" "x" {\n  spec {\n    template {\n      spec {\n'
            "        dynamic {}\n      }\n    }\n  }\n}\n"
        ),
        'module "a" "b" {}\n',
        "locals = 1\n",
    ],
)
def test_what_is_not_whole_declares_nothing(text: str) -> None:
    found = declared(text)
    assert not found.images
    assert not found.variables
    assert not found.locals


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_hostile_documents_are_read(path: Path) -> None:
    parsed = parse(Document("main.tf", path.read_bytes()))
    if not isinstance(parsed, Unread):
        declarations(parsed)
