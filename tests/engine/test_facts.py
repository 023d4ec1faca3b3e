"""What rules are told of a resource from all stacks together."""

from __future__ import annotations

from hclmod.config.file import parse
from hclmod.engine import facts as gather
from hclmod.rulekit.facts import Facts, Rival
from tests.support.trees import Files, estate, workload

NAMESPACE = (
    'resource "kubernetes_namespace" "ns" {\n  metadata {\n    name   = "ns"\n    labels = { tier = "1" }\n  }\n}\n'
)
CONFIG = parse(b'stacks = ["s/*"]\n[phase.1]\nstacks = ["a"]\n[phase.2]\nstacks = ["b"]\n', "hclmod.toml")


def facts(files: Files, *done: int, earlier: Files | None = None) -> dict[gather.Key, Facts]:
    texts = {path: text.encode() for path, text in files.items()}
    before = gather.estate_of(CONFIG, {path: text.encode() for path, text in earlier.items()}) if earlier else None
    return gather.facts(gather.estate_of(CONFIG, texts), gather.assignment_of(CONFIG, texts).phase_of, done, before)


WEB = "kubernetes_deployment.web"


def test_a_workload_knows_its_phase_its_home_and_who_else_lives_there() -> None:
    files = {"s/a/main.tf": NAMESPACE + workload('"x/y:1"'), "s/b/main.tf": workload('"x/z:1"', "other")}
    found = facts(files, 1)
    mine = found["s/a", WEB]
    assert mine.callers == (f"s/a/{WEB}",)
    assert (mine.phases, mine.done) == ((1,), True)
    (home,) = mine.homes
    assert (home.name, home.declared) == ("ns", ("s/a/kubernetes_namespace.ns",))
    assert ("tier", "1") in home.metadata
    assert [(each.name, each.phase, each.done) for each in home.residents] == [
        (f"s/a/{WEB}", 1, True),
        ("s/b/kubernetes_deployment.other", 2, False),
    ]
    assert found["s/b", "kubernetes_deployment.other"].homes == (home,)
    assert found["s/a", "kubernetes_namespace.ns"].homes == (home,)


def test_a_namespace_that_no_file_declares_has_a_name_all_the_same() -> None:
    (home,) = facts({"s/a/main.tf": workload('"x/y:1"')})["s/a", WEB].homes
    assert (home.name, home.declared, home.metadata) == ("ns", (), ())


CALL = 'module "m" {\n  source = "../../m"\n  tag    = "%s"\n}\n'
MODULE = 'variable "tag" {\n}\n' + workload('"x/y:${var.tag}"')


def test_a_module_is_told_for_all_its_callers() -> None:
    found = facts({"m/main.tf": MODULE, "s/a/main.tf": CALL % "1", "s/b/main.tf": CALL % "2"}, 1)
    mine = found["m", WEB]
    assert mine.callers == (f"s/a/module.m.{WEB}", f"s/b/module.m.{WEB}")
    assert (mine.phases, mine.done) == ((1, 2), False)
    (image,) = mine.images
    assert image.texts == ("x/y:1", "x/y:2")
    assert mine.image(image.container) is image
    assert mine.image("spec[0]") is None


def test_an_image_is_told_with_its_chain_and_place() -> None:
    files = {"s/a/main.tf": 'locals {\n  tag = "1"\n}\n' + workload('"x/y:${local.tag}"')}
    (image,) = facts(files)["s/a", WEB].images
    assert (image.texts, image.where, image.chain) == (("x/y:1",), "s/a/main.tf:2", ("local.tag",))
    assert image.earlier is None


def test_an_image_knows_what_it_was() -> None:
    now, before = {"s/a/main.tf": workload('"x/y:2"')}, {"s/a/main.tf": workload('"x/y:1"')}
    (image,) = facts(now, earlier=before)["s/a", WEB].images
    assert image.earlier == ("x/y:1",)
    (fresh,) = facts(now, earlier={"s/a/main.tf": workload('"x/y:1"', "other")})["s/a", WEB].images
    assert fresh.earlier is None


def test_an_image_that_ends_nowhere_is_no_text() -> None:
    (image,) = facts({"s/a/main.tf": workload("var.image")})["s/a", WEB].images
    assert image.texts == (None,)


def test_rivals_run_the_same_repository_at_other_tags() -> None:
    files = {
        "s/a/main.tf": workload('"x/y"') + workload('"docker.io/x/y:2"', "two") + workload('"x/y:latest"', "three"),
        "s/b/main.tf": workload('"x/z:2"', "other"),
    }
    found = facts(files)
    name = "s/a/kubernetes_deployment"
    assert found["s/a", WEB].rivals == (Rival("docker.io/x/y", "latest", f"{name}.two", "2"),)
    assert [each.other for each in found["s/a", "kubernetes_deployment.two"].rivals] == [f"{name}.three", f"{name}.web"]
    assert found["s/b", "kubernetes_deployment.other"].rivals == ()


def test_without_stacks_folders_that_are_called_are_none() -> None:
    files = {"m/main.tf": MODULE, "a/main.tf": CALL.replace("../../m", "../m") % "1"}
    texts = {path: text.encode() for path, text in files.items()}
    assert gather.estate_of(parse(b"", "hclmod.toml"), texts).stacks == ("a",)
    assert estate(files, "a").stacks == ("a",)
