"""What rules are told of a resource from all stacks together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.rulekit.facts import Facts, SplitTags
from hclmod.terraform.ids import BlockId
from tests.support.trees import Files, model, project, workload

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = (
    'resource "kubernetes_namespace" "ns" {\n  metadata {\n    name   = "ns"\n    labels = { tier = "1" }\n  }\n}\n'
)
CONFIG = 'stacks = ["s/*"]\n[phase.1]\nstacks = ["a"]\n[phase.2]\nstacks = ["b"]\n'


def facts(files: Files, *done: int, earlier: Files | None = None) -> Mapping[BlockId, Facts]:
    return project(files, CONFIG).facts(done, project(earlier, CONFIG).model if earlier else None)


WEB = "kubernetes_deployment.web"


def test_a_workload_knows_its_phase_its_namespace_and_who_else_lives_there() -> None:
    files = {"s/a/main.tf": NAMESPACE + workload('"x/y:1"'), "s/b/main.tf": workload('"x/z:1"', "other")}
    found = facts(files, 1)
    mine = found[BlockId("s/a", WEB)]
    assert mine.callers == (f"s/a/{WEB}",)
    assert (mine.phases, mine.done) == ((1,), True)
    (namespace,) = mine.namespaces
    assert (namespace.name, namespace.declared) == ("ns", ("s/a/kubernetes_namespace.ns",))
    assert ("tier", "1") in namespace.metadata
    assert [(each.id.name, each.phase, each.done) for each in namespace.workloads] == [
        (f"s/a/{WEB}", 1, True),
        ("s/b/kubernetes_deployment.other", 2, False),
    ]
    assert found[BlockId("s/b", "kubernetes_deployment.other")].namespaces == (namespace,)
    assert found[BlockId("s/a", "kubernetes_namespace.ns")].namespaces == (namespace,)


def test_a_namespace_that_no_file_declares_has_a_name_all_the_same() -> None:
    (namespace,) = facts({"s/a/main.tf": workload('"x/y:1"')})[BlockId("s/a", WEB)].namespaces
    assert (namespace.name, namespace.declared, namespace.metadata) == ("ns", (), ())


CALL = 'module "m" {\n  source = "../../m"\n  tag    = "%s"\n}\n'
MODULE = 'variable "tag" {\n}\n' + workload('"x/y:${var.tag}"')


def test_a_module_is_reported_for_all_its_callers() -> None:
    found = facts({"m/main.tf": MODULE, "s/a/main.tf": CALL % "1", "s/b/main.tf": CALL % "2"}, 1)
    mine = found[BlockId("m", WEB)]
    assert mine.callers == (f"s/a/module.m.{WEB}", f"s/b/module.m.{WEB}")
    assert (mine.phases, mine.done) == ((1, 2), False)
    (image,) = mine.images
    assert image.texts == ("x/y:1", "x/y:2")
    assert mine.image(image.container) is image
    assert mine.image("spec[0]") is None


def test_an_image_is_reported_with_its_chain_and_place() -> None:
    files = {"s/a/main.tf": 'locals {\n  tag = "1"\n}\n' + workload('"x/y:${local.tag}"')}
    (image,) = facts(files)[BlockId("s/a", WEB)].images
    assert (image.texts, image.where, image.chain) == (("x/y:1",), "s/a/main.tf:2", ("local.tag",))
    assert image.earlier is None


def test_an_image_knows_what_it_was() -> None:
    now, before = {"s/a/main.tf": workload('"x/y:2"')}, {"s/a/main.tf": workload('"x/y:1"')}
    (image,) = facts(now, earlier=before)[BlockId("s/a", WEB)].images
    assert image.earlier == ("x/y:1",)
    (fresh,) = facts(now, earlier={"s/a/main.tf": workload('"x/y:1"', "other")})[BlockId("s/a", WEB)].images
    assert fresh.earlier is None


def test_an_image_that_ends_nowhere_is_no_text() -> None:
    (image,) = facts({"s/a/main.tf": workload("var.image")})[BlockId("s/a", WEB)].images
    assert image.texts == (None,)


def test_the_first_workload_knows_at_which_tags_a_repository_runs() -> None:
    files = {
        "s/a/main.tf": workload('"x/y"') + workload('"docker.io/x/y:2"', "two") + workload('"x/y:latest"', "three"),
        "s/b/main.tf": workload('"x/z:2"', "other") + workload('"x/z:2"', "same"),
    }
    every = facts(files)
    name = "s/a/kubernetes_deployment"
    assert {block.address: each.splits for block, each in every.items() if each.splits} == {
        "kubernetes_deployment.three": (
            SplitTags("docker.io/x/y", (("2", (f"{name}.two",)), ("latest", (f"{name}.three", f"{name}.web")))),
        )
    }


def test_without_stacks_folders_that_are_called_are_none() -> None:
    files = {"m/main.tf": MODULE, "a/main.tf": CALL.replace("../../m", "../m") % "1"}
    assert project(files).model.stacks == ("a",)
    assert model(files, "a").stacks == ("a",)
