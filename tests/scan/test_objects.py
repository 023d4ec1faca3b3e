"""The objects that a repository gives to the cluster, in every form in which Terraform can be given them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.engine.project import in_memory
from hclmod.scan.cluster import ClusterObject, UnknownData
from tests.support.hcl import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

WORDS = frozenset({"policy.example/v1"})
POLICY = """\
apiVersion: policy.example/v1
kind: Policy
metadata:
  name: p
spec:
  on: true
  list: [a, "1"]
"""
DATA = {
    "apiVersion": "policy.example/v1",
    "kind": "Policy",
    "metadata": {"name": "p"},
    "spec": {"on": "true", "list": ["a", "1"]},
}
OBJECT = """{
    apiVersion = "policy.example/v1"
    kind       = "Policy"
    metadata   = { name = "p" }
    spec       = { on = true, list = ["a", 1] }
  }"""


def found(**files: str) -> tuple[ClusterObject, ...]:
    texts = {name.replace("__", "/").replace("_t", ".t").replace("_y", ".y"): text for name, text in files.items()}
    return in_memory({name: text.encode() for name, text in texts.items()}).objects(WORDS).objects


def kubectl(body: str, more: str = "") -> str:
    return f'resource "kubectl_manifest" "p" {{\n{more}  yaml_body = {body}\n}}\n'


def manifest(body: str) -> str:
    return f'resource "kubernetes_manifest" "p" {{\n  manifest = {body}\n}}\n'


def release(values: str) -> str:
    return f'resource "helm_release" "r" {{\n  name   = "r"\n  values = [{values}]\n}}\n'


def named(name: str) -> str:
    """The object with another expression in the place of its name."""
    return OBJECT.replace('"p"', name)


def written(name: str) -> str:
    """The same as a heredoc."""
    return "<<EOT\n" + POLICY.replace("name: p", f"name: ${{{name}}}") + "EOT"


ROLE = 'resource "kubernetes_cluster_role" "r" {\n  metadata {\n    labels = { "policy.example/v1" = "true" }\n  }\n}\n'
LIST = "apiVersion: v1\nkind: List\nitems:\n- " + POLICY.rstrip().replace("\n", "\n  ")
FORMS = {
    "object": {"a__main_tf": manifest(OBJECT)},
    "yamldecode of a heredoc": {
        "a__main_tf": manifest(f"yamldecode(<<-EOT\n{POLICY}EOT\n  )")
    },
    "yamlencode": {"a__main_tf": kubectl(f"yamlencode({OBJECT})")},
    "jsonencode": {"a__main_tf": kubectl(f"jsonencode({OBJECT})")},
    "heredoc": {"a__main_tf": kubectl(f"<<EOT\n{POLICY}EOT")},
    "heredoc with a value": {
        "a__main_tf": 'locals {\n  name = "p"\n}\n' + kubectl(written("local.name"))
    },
    "local": {"a__main_tf": f"locals {{\n  body = {OBJECT}\n}}\n" + kubectl("yamlencode(local.body)")},
    "local of a part": {
        "a__main_tf": 'locals {\n  spec = { on = true }\n}\nresource "kubernetes_manifest" "p" {\n  manifest = '
        + OBJECT.replace("{ on = true, ", "merge(local.spec, { ").replace("1] }", "1] })")
        + "\n}\n"
    },
    "for": {
        "a__main_tf": 'resource "kubernetes_manifest" "p" {\n  manifest = '
        + OBJECT.replace('["a", 1]', '[for each in concat(["a"], ["1"]) : each]')
        + "\n}\n"
    },
    "file": {"a__main_tf": kubectl('file("${path.module}/p.yaml")'), "a__p_yaml": POLICY},
    "yamldecode of a file": {
        "a__main_tf": manifest('yamldecode(file("${path.module}/p.yaml"))'),
        "a__p_yaml": POLICY,
    },
    "template": {
        "a__main_tf": kubectl('templatefile("${path.module}/p.yaml.tpl", { name = "p" })'),
        "a__p.yaml_tpl": POLICY.replace("name: p", "name: ${ name }"),
    },
    "files of a folder": {
        "a__main_tf": kubectl(
            'file("${path.module}/policies/${each.value}")',
            '  for_each = fileset("${path.module}/policies", "*.yaml")\n',
        ),
        "a__policies__p_yaml": POLICY,
    },
    "documents of a file": {
        "a__main_tf": 'data "kubectl_file_documents" "p" {\n  content = file("${path.module}/p.yaml")\n}\n',
        "a__p_yaml": POLICY,
    },
    "documents of a folder": {
        "a__main_tf": 'data "kubectl_path_documents" "p" {\n  pattern = "${path.module}/policies/*.yaml"\n}\n',
        "a__policies__p_yaml": POLICY,
    },
    "module": {
        "a__main_tf": 'module "m" {\n  source = "./m"\n  name   = "p"\n}\n',
        "a__m__main_tf": 'variable "name" {}\n' + kubectl(f"yamlencode({named('var.name')})"),
    },
    "list": {
        "a__main_tf": kubectl(f"<<EOT\n{LIST}\nEOT")
    },
    "values": {
        "a__main_tf": release(f"yamlencode({{ more = [{OBJECT}] }})")
    },
    "text in values": {
        "a__main_tf": release('file("${path.module}/v.yaml")'),
        "a__v_yaml": "more:\n- |\n  " + POLICY.replace("\n", "\n  ") + "\n",
    },
    "plain file": {"k8s__p_yaml": POLICY, "a__main_tf": 'resource "kubernetes_namespace" "n" {}\n'},
}  # fmt: skip


@pytest.mark.parametrize("files", FORMS.values(), ids=FORMS.keys())
def test_an_object_is_read_in_every_form(files: dict[str, str]) -> None:
    objects = [each for each in found(**files) if each.type != "helm_release" or "kind" in each.data]  # type: ignore[operator]
    assert [each.data for each in objects] == [DATA]


def test_where_it_stands() -> None:
    (here,) = found(**FORMS["module"])
    assert here.resource is not None
    assert (here.place, here.type, here.resource.name) == (
        "a/m/main.tf:2",
        "kubectl_manifest",
        "a/module.m.kubectl_manifest.p",
    )
    (there,) = found(**FORMS["file"])
    assert (there.place, there.resource and there.resource.name) == ("a/p.yaml:1", "a/kubectl_manifest.p")
    (plain,) = found(**FORMS["plain file"])
    assert (plain.place, plain.resource) == ("k8s/p.yaml:1", None)


UNREAD = {
    "a condition": ('"a" == var.x ? "p" : "q"', "it depends on a condition"),
    "a data source": ("data.x.y.name", "it is a data source"),
    "a part of a text": ('"x-${data.x.y.name}"', "it is a data source"),
    "a function": ('md5("p")', "what md5() makes is not followed"),
}


@pytest.mark.parametrize(("name", "why"), UNREAD.values(), ids=UNREAD.keys())
def test_what_cannot_be_read_is_named_and_the_rest_is_read(name: str, why: str) -> None:
    for body in (f"yamlencode({named(name)})", written(name)):
        (one,) = found(a__main_tf=kubectl(body))
        assert isinstance(one.data, dict)
        hidden = one.data["metadata"]["name"]  # type: ignore[index,call-overload]
        assert isinstance(hidden, UnknownData)
        assert hidden.why == why
        assert one.data["spec"] == DATA["spec"]


@pytest.mark.parametrize("text", ["a: [1", "a: &a [*a]", "a: b: c"])
def test_a_text_that_is_not_yaml_says_so(text: str) -> None:
    (one,) = found(a__main_tf=kubectl(f"<<EOT\n# policy.example/v1\n{text}\nEOT"))
    assert isinstance(one.data, UnknownData)


def test_a_file_that_is_not_there_says_so() -> None:
    (one,) = found(a__main_tf="# policy.example/v1\n" + kubectl('file("${path.module}/p.yaml")'))
    assert one.data == UnknownData("/a/p.yaml", "the file is not in this repository")


def test_values_of_a_release_are_merged() -> None:
    whole = """\
# policy.example/v1
resource "helm_release" "r" {
  name    = "r"
  chart   = "c"
  version = "1.0.0"
  values  = [yamlencode({ image = { tag = "1", name = "n" }, on = true }), file("v.yaml")]
  set {
    name  = "image.tag"
    value = "3"
  }
}
"""
    (one,) = found(a__main_tf=whole, a__v_yaml="image:\n  tag: 2\noff: 1\n")
    values = {"image": {"tag": "3", "name": "n"}, "on": "true", "off": "1"}
    assert one.data == {"name": "r", "chart": "c", "version": "1.0.0", "values": values}


def test_another_resource_is_its_attributes_and_blocks() -> None:
    (one,) = found(a__main_tf=ROLE)
    assert (one.type, one.data) == (
        "kubernetes_cluster_role",
        {"metadata": [{"labels": {"policy.example/v1": "true"}}]},
    )


def test_documents_without_a_word_are_not_read() -> None:
    assert found(a__main_tf=kubectl("<<EOT\napiVersion: v1\nkind: ConfigMap\nEOT")) == ()


def test_an_override_file_is_read_over_the_others() -> None:
    over = FORMS["object"]["a__main_tf"].replace('"p" }', '"q" }')
    (one,) = found(a__main_tf=FORMS["object"]["a__main_tf"], a__main_override_tf=over)
    assert one.data == {**DATA, "metadata": {"name": "q"}}


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_hostile_documents_are_read(path: Path) -> None:
    project = in_memory({"main.tf": path.read_bytes(), "other.tf": b"# policy.example/v1\n"})
    objects = project.objects(frozenset({"policy.example/v1", "resource"})).objects
    assert all(each.data is not None for each in objects)


def test_values_that_double_each_other_end() -> None:
    doubling = "".join(f"  v{n} = [local.v{n + 1}, local.v{n + 1}]\n" for n in range(40))
    (one,) = found(a__main_tf=f"locals {{\n{doubling}  v40 = 1\n}}\n" + manifest(named("local.v0")))
    assert isinstance(one.data, dict)
    assert "it has too many values" in str(one.data["metadata"])


def test_aliases_of_aliases_end() -> None:
    bombs = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    (one,) = found(a__main_tf=kubectl(f"<<EOT\n# policy.example/v1\na0: &a0 [x]\n{bombs}EOT"))
    assert isinstance(one.data, UnknownData)
    assert "its aliases written out" in one.data.why
