"""Images outside of container blocks: what is found, with its place, and what must not be found."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import yaml

from hclmod.commands.survey import survey
from hclmod.hcl.edits import Span
from hclmod.yaml import scalars
from tests.support.demo import hclmod
from tests.support.trees import Terraform, needs_terraform, project, workload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hclmod.commands.survey import OutsideRow

M = "s/main.tf"
READ = 'locals {\n  text = file("${path.module}/values.yaml")\n}\n'


def rows(files: Mapping[str, str | bytes], *stacks: str) -> tuple[OutsideRow, ...]:
    names = [each or "." for each in stacks or ("s",)]
    return survey(project(files, f"stacks = {json.dumps(names)}\n")).outside


def told(files: Mapping[str, str | bytes] | str, *stacks: str) -> list[str]:
    """`address form image file:line`, with a `!` for what nobody reads."""
    given = {M: files} if isinstance(files, str) else files
    return [
        f"{row.address} {row.form} {row.image} {row.file}:{row.line}{'' if row.read else ' !'}".strip()
        for row in rows(given, *stacks)
    ]


def release(values: str = "[]", more: str = "") -> str:
    return f'resource "helm_release" "r" {{\n  chart  = "c"\n  values = {values}\n{more}}}\n'


def manifest(value: str, kind: str = "kubernetes_manifest", name: str = "manifest") -> str:
    return f'resource "{kind}" "m" {{\n  {name} = {value}\n}}\n'


def setting(name: str, value: str, kind: str = "set") -> str:
    return f'  {kind} {{\n    name  = "{name}"\n    value = "{value}"\n  }}\n'


LISTED = '  set = [\n    { name = "image.repository", value = "q" },\n    { name = "image.tag", value = "1" },\n  ]\n'
DYNAMIC = (
    '  dynamic "set" {\n    for_each = [1]\n    content {\n      name = "image"\n      value = "q:1"\n    }\n  }\n'
)
COMPUTED = """  dynamic "set" {
    for_each = %s
    content {
      name  = set.key
      value = set.value
    }
  }
"""
UNSET = "nothing in the repository sets it"
VALUES = "helm_release.r helm values"
SET = "helm_release.r helm set"
HEREDOC = "helm_release.r heredoc"
FILE = "helm_release.r values file"


@pytest.mark.parametrize(
    ("values", "more", "expected"),
    [
        ('[yamlencode({ image = "a/b:1" })]', "", [f"{VALUES} a/b:1 {M}:3"]),
        ('[yamlencode({\n  web = {\n    image = "a/b"\n  }\n})]', "", [f"{VALUES} a/b {M}:5"]),
        ('[yamlencode({ image = {\n repository = "a/b"\n tag = "1"\n} })]', "", [f"{VALUES} a/b:1 {M}:5"]),
        (
            '[yamlencode({ image = {\n tag = "1"\n registry = "q.io"\n repository = "a/b" } })]',
            "",
            [f"{VALUES} q.io/a/b:1 {M}:4"],
        ),
        ('[yamlencode({ image = { repository = "a/b", tag = "" } })]', "", [f"{VALUES} a/b {M}:3"]),
        ('[yamlencode({ image = { repository = "a/b", tag = null } })]', "", [f"{VALUES} a/b {M}:3"]),
        (
            '[yamlencode({ image = { tag = "1" } })]',
            "",
            [f"{VALUES} <repository: the chart names it>:1 {M}:3"],
        ),
        ('[yamlencode({ "image" : "a/b:1" })]', "", [f"{VALUES} a/b:1 {M}:3"]),
        ('[jsonencode(merge({}, { x = [{ image = "a/b:1" }] }))]', "", [f"{VALUES} a/b:1 {M}:3"]),
        ('[yamlencode({ kubectlImage = { repository = "a/b" } })]', "", [f"{VALUES} a/b {M}:3"]),
        ('["image: a/b:1"]', "", [f"{VALUES} a/b:1 {M}:3"]),
        ('["", <<-EOT\n  image:\n    tag: 1\n    repository: a/b\n  EOT\n]', "", [f"{HEREDOC} a/b:1 {M}:5"]),
        ("[local.v]", '}\nlocals {\n  v = yamlencode({ image = "a:1" })\n', [f"{VALUES} a:1 {M}:6"]),
        ("[local.v]", '}\nlocals {\n  v = local.w\n  w = { image = "a:1" }\n', [f"{VALUES} a:1 {M}:7"]),
        ("[yamlencode({ image = var.i })]", '}\nvariable "i" {\n  default = "a:1"\n', [f"{VALUES} a:1 {M}:3"]),
        (
            "[yamlencode({ image = local.i })]",
            '}\nlocals {\n  i = { repository = "q", tag = "1" }\n',
            [f"{VALUES} q:1 {M}:3"],
        ),
        ("[yamlencode({ image = var.i })]", "", [f"{VALUES} <var.i: nothing in the repository sets it> {M}:3"]),
        (
            "[yamlencode({ image = { repository = each.key, tag = each.value } })]",
            '  for_each = { a = "1", b = "2" }\n',
            [f"{VALUES} a:1 {M}:3", f"{VALUES} b:2 {M}:3"],
        ),
        ("[]", setting("image.tag", "1"), [f"{SET} <repository: the chart names it>:1 {M}:6"]),
        ("[]", setting("a.image.tag", "1") + setting("a.image.repository", "q"), [f"{SET} q:1 {M}:6"]),
        ("[]", LISTED, [f"{SET} q:1 {M}:6"]),
        ("[]", setting("x[0].image", "q:1", "set_sensitive"), [f"{SET} q:1 {M}:6"]),
        ("[]", DYNAMIC, [f"{SET} q:1 {M}:8"]),
        ("[]", COMPUTED % '{ "a.image" = "q:1" }', [f"{SET} q:1 {M}:8"]),
        (
            "[]",
            COMPUTED % "local.s" + '}\nlocals {\n  s = { "a.image" = "q:1" }\n',
            [f"{SET} q:1 {M}:8"],
        ),
        ("[]", COMPUTED % "var.s", [f"{SET} <var.s: {UNSET}> {M}:5"]),
        ("[]", COMPUTED % '{ "replicas" = "1" }', []),
        ("[]", COMPUTED % "local.s" + '}\nlocals {\n  s = { "replicas" = "1" }\n', []),
        ("[]", setting("${local.a}.image.tag", "1"), [f"{SET} <local.a: it is not declared> {M}:5"]),
        ("[]", '  set_list {\n    name  = "image"\n    value = ["q:1"]\n  }\n', [f"{SET} q:1 {M}:6"]),
        ("[]", '  set_list = [{ name = "a.image", value = ["q:1"] }]\n', [f"{SET} q:1 {M}:4"]),
        ("[]", '  set_list {\n    name  = "hosts"\n    value = ["q:1"]\n  }\n', []),
        ("[]", setting("image.pullPolicy", "Always"), []),
        ("[]", setting("replicas", "1"), []),
        ("[]", setting("${var.name}", "a:1"), [f"{SET} <var.name: {UNSET}> {M}:5"]),
        ("[]", setting("${var.name}.enabled", "true"), []),
        ('[yamlencode({ image = { pullPolicy = "Always" } })]', "", []),
        ('[yamlencode({ image = { registry = "q.io" } })]', "", []),
        ("[yamlencode({ image = null })]", "", []),
        ("[yamlencode({ image = true })]", "", []),
        ('[yamlencode({ imagePullPolicy = "Always", myimage = "a:1" })]', "", []),
        ('[yamlencode({\n  # image = "a:1"\n})]', "", []),
    ],
)
def test_a_helm_release(values: str, more: str, expected: list[str]) -> None:
    assert told(release(values, more)) == expected


ONE = '{ name = "image", value = "q:1" }'
LOCALS = """}
locals {
  list  = [{ name = "image", value = "q:1" }]
  table = { "a.image.repository" = "q", "a.image.tag" = "1" }
  words = ["a", "b"]
  text  = "image: q:1"
"""
MODULE = """}
variable "on" {
  default = true
}
variable "set" {
"""


@pytest.mark.parametrize(
    "built",
    [
        f"concat([], [{ONE}])",
        "concat(local.list, [])",
        "local.list",
        f"var.on ? [{ONE}] : []",
        "var.on ? local.list : []",
        f"flatten([[[]], [[{ONE}]]])",
        "flatten([for each in [local.list] : each])",
        "distinct(concat(local.list, local.list))",
        "[for name, value in local.table : { name = name, value = value }]",
        '[for each in local.list : { name = each.name, value = each.value } if each.name != "x"]',
        "[for each in local.list : each]",
        "values({ a = local.list[0] })",
        '[merge({ name = "image" }, { value = "q:1" })]',
        '[{ name = format("%s.image", "a"), value = join(":", ["q", "1"]) }]',
        '[for each in local.words : { name = "${each}.image", value = "q:1" }]',
    ],
)
def test_what_is_set_is_found_however_the_list_is_built(built: str) -> None:
    images = told(release("[]", f"  set = {built}\n{LOCALS}"))
    assert {each.rpartition(" ")[0] for each in images} == {f"{SET} q:1"}


@pytest.mark.parametrize(
    ("built", "hole"),
    [
        ("var.set", f"var.set: {UNSET}"),
        ("concat(var.set, [])", f"var.set: {UNSET}"),
        ("[for name, value in var.set : { name = name, value = value }]", f"var.set: {UNSET}"),
        ('[{ name = "image", value = var.set }]', f"var.set: {UNSET}"),
        ('chunklist(["a"], 1)', 'chunklist(["a"], 1): what chunklist() makes is not followed'),
        ("data.x.y.z", "data.x.y.z: it is a data source"),
    ],
)
def test_what_is_set_and_cannot_be_followed_is_named(built: str, hole: str) -> None:
    (image,) = told(release("[]", f"  set = {built}\n{MODULE}"))
    assert image.startswith(f"{SET} <{hole}>")


@pytest.mark.parametrize("built", ["[]", "null", "var.on ? [] : []", '[{ name = "a.enabled", value = var.set }]'])
def test_a_list_without_images_is_not_named(built: str) -> None:
    assert told(release("[]", f"  set = {built}\n{MODULE}")) == []


@pytest.mark.parametrize(
    "text",
    [
        'format("image: %s:%s\\n", "q", "1")',
        'join("\\n", ["replicas: 1", "image: q:1"])',
        '"image:\\n  repository: q\\n  tag: \\"1\\"\\n"',
        '"{\\"image\\": \\"q:1\\"}"',
        '"image: q:${1}"',
        "local.text",
        'trimspace("image: q:1\\n")',
        'indent(2, "image: q:1")',
        'format(<<-EOT\n  image: q:%s\n  EOT\n, "1")',
        'coalesce("", local.text)',
        'var.on ? "image: q:1" : ""',
    ],
)
def test_texts_in_values(text: str) -> None:
    images = told(release(f"[{text}]", LOCALS))
    assert [each.rpartition(" ")[0] for each in images] == [f"{VALUES} q:1"]


@pytest.mark.parametrize(
    ("text", "hole"),
    [
        ("var.set", f"<var.set: {UNSET}>"),
        ("module.m.text", "<module.m.text: the module is not in this repository or has no such output>"),
        ('replace("a", "b", "c")', '<replace("a", "b", "c"): what replace() makes is not followed>'),
        ('"image: q:${var.set}"', f"q:<var.set: {UNSET}>"),
        ('"replicas: 1\\n${var.set}\\n"', f"<var.set: {UNSET}>"),
    ],
)
def test_texts_in_values_that_cannot_be_followed_are_named(text: str, hole: str) -> None:
    (image,) = told(release(f"[{text}]", MODULE))
    assert image.startswith(f"{VALUES} {hole}")


def test_a_number_in_a_text_is_not_named() -> None:
    assert told(release('["replicas: ${var.set}"]', MODULE)) == []


DOCUMENTS = '{\n    "a.yaml" = <<-EOT\n      kind: Pod\n      ---\n      image: a\n    EOT\n  }'
POD = 'spec = { containers = [{ name = "a"\n image = %s }] }'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (manifest("{\n" + POD % '"a/b:1"' + "}"), [f"kubernetes_manifest.m manifest a/b:1 {M}:4"]),
        (
            manifest('{ kind = "Deployment", ' + POD % '"a${local.t}"' + "}") + 'locals {\n  t = ":1"\n}\n',
            [f"kubernetes_manifest.m manifest a:1 {M}:3"],
        ),
        (manifest('{ spec = { imageName = "a/b:1" } }'), [f"kubernetes_manifest.m manifest a/b:1 {M}:2"]),
        (
            manifest("yamldecode(<<-EOT\n  a: 1\n  image: a/b:1\n  EOT\n)"),
            [f"kubernetes_manifest.m heredoc a/b:1 {M}:4"],
        ),
        (
            manifest('<<EOT\nimage: a:1\n---\nb: [{image: "b:1"}]\nEOT', "kubectl_manifest", "yaml_body"),
            [f"kubectl_manifest.m kubectl manifest a:1 {M}:3", f"kubectl_manifest.m kubectl manifest b:1 {M}:5"],
        ),
        (
            manifest('yamlencode({ image = "a:1" })', "kubectl_manifest", "yaml_body"),
            [f"kubectl_manifest.m kubectl manifest a:1 {M}:2"],
        ),
        (manifest(DOCUMENTS, "kubernetes_config_map", "data"), [f"kubernetes_config_map.m heredoc a {M}:6"]),
        (
            manifest('{ a = yamlencode({ image = "a:1" }) }', "kubernetes_config_map_v1", "data"),
            [f"kubernetes_config_map_v1.m config map a:1 {M}:2"],
        ),
        (manifest('{ image = "a:1" }', "null_resource", "triggers"), [f"null_resource.m trigger a:1 {M}:2"]),
        (manifest('{ image = "docker.io/*" }'), []),
        (manifest('{ image = "docker.io/* | ghcr.io/* | */*" }'), []),
        (manifest('{ image = "${var.registry}/*" }'), []),
        (manifest('{ image = "https://x.io/a.png" }'), []),
        (manifest('{ image = "assets/a.png" }'), []),
        (manifest('{ image = "/usr/a" }'), []),
        (manifest('{ key = "{{ ends_with(element.image, 1) }}" }'), []),
        (
            manifest('{ image = "{{ element.image }}" }'),
            [f"kubernetes_manifest.m manifest {{{{ element.image }}}} {M}:2"],
        ),
        (manifest('{ image = "a:1" }', "kubernetes_config_map", "data"), []),
        (manifest('{ image = "a:1" }', "aws_instance", "tags"), []),
        (manifest('{ a = { image = "a:1" } }', "x", "y") + 'locals {\n  a = { image = "b:1" }\n}\n', []),
        (workload('"a:1"'), []),
        ("/* " + manifest('{ image = "a:1" }') + " */", []),
    ],
)
def test_objects_of_the_cluster(text: str, expected: list[str]) -> None:
    assert told(text) == expected


SCRIPT = 'resource "null_resource" "n" {{\n  provisioner "local-exec" {{\n    command = <<-EOT\n{}\n    EOT\n  }}\n}}\n'


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            "      kubectl apply -f - <<'EOF'\n      apiVersion: v1\n      imageName: a/b:16 # c\n      EOF",
            [f"null_resource.n heredoc a/b:16 {M}:6"],
        ),
        ("      image: a:${var.t}", [f"null_resource.n heredoc a:<var.t: nothing in the repository sets it> {M}:4"]),
        ("      image: $${IMAGE}", [f"null_resource.n heredoc ${{IMAGE}} {M}:4"]),
        ("      %{ if true }\n      image: a:1\n      %{ endif }", [f"null_resource.n heredoc a:1 {M}:5"]),
        ("      set -e\n      image: a:1\n      if [ x ]; then echo; fi", []),
        ("      echo 'image: a:1'", []),
        ("      # image: a:1\n      a: b", []),
        ("      import x\n      d = {'image': y}", []),
    ],
)
def test_heredocs(script: str, expected: list[str]) -> None:
    assert told(SCRIPT.format(script)) == expected


TASK = 'resource "aws_ecs_task_definition" "p" {\n  container_definitions = %s\n}\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('resource "docker_container" "p" {\n  image = "a:1"\n}', 2),
        ('resource "docker_service" "p" {\n  task_spec {\n    container_spec {\n      image = "a:1"\n    }\n  }\n}', 4),
        ('resource "nomad_job" "p" {\n  jobspec = <<EOT\njob "a" {\n  image = "a:1"\n}\nEOT\n}', 4),
        (TASK % 'jsonencode([{\n    image = "a:1"\n  }])', 3),
        (TASK % '<<EOT\n[{\n"image": "a:1"\n}]\nEOT', 4),
        ('resource "aws_lambda_function" "p" {\n  image_uri = "a:1"\n}', 2),
        ('resource "aws_apprunner_service" "p" {\n  source_configuration {\n    image_identifier = "a:1"\n  }\n}', 3),
        ('resource "google_cloud_run_v2_service" "p" {\n  template {\n    containers {\n image = "a:1"\n }\n }\n}', 4),
        ('resource "azurerm_container_group" "p" {\n  container {\n    image = "a:1"\n  }\n}', 3),
    ],
)
def test_other_providers(text: str, line: int) -> None:
    kind = text.split('"')[1]
    assert told(text) == [f"{kind}.p provider resource a:1 {M}:{line}"]


SPLIT = "image:\n  repository: a/b\n  tag: 1.2\n"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ('[file("${path.module}/v.yaml")]', f"{FILE} a/b:1.2 s/v.yaml:3"),
        ('[file("v.yaml")]', f"{FILE} a/b:1.2 s/v.yaml:3"),
        ('[templatefile("${path.root}/v.yaml", {})]', "helm_release.r template file a/b:1.2 s/v.yaml:3"),
        ('[join("", [file("./v.yaml")])]', f"{FILE} a/b:1.2 s/v.yaml:3"),
        ('[file(local.f)]\n}\nlocals {\n  f = "${path.module}/v.yaml"\n', f"{FILE} a/b:1.2 s/v.yaml:3"),
        ('[local.f]\n}\nlocals {\n  f = file("v.yaml")\n', f"{FILE} a/b:1.2 s/v.yaml:3"),
        ('[for f in fileset(path.module, "*.yaml") : file("./${f}")]', f"{FILE} a/b:1.2 s/v.yaml:3"),
        ('[]\n # values = [file("v.yaml")]', "dead file a/b:1.2 s/v.yaml:3 !"),
        ('[file("w.yaml")]', "dead file a/b:1.2 s/v.yaml:3 !"),
        ('[file("/v.yaml")]', "dead file a/b:1.2 s/v.yaml:3 !"),
        ("[file(var.unknown)]", "dead file a/b:1.2 s/v.yaml:3 !"),
        ('[]\n  x = "kubectl apply -f ${path.module}/v.yaml"', "values file a/b:1.2 s/v.yaml:3"),
        ('[]\n  x = "ov.yaml"', "dead file a/b:1.2 s/v.yaml:3 !"),
    ],
)
def test_a_file_and_who_reads_it(values: str, expected: str) -> None:
    assert told({M: release(values), "s/v.yaml": SPLIT}) == [expected]


def test_a_template_is_filled_from_its_variables_and_origin_says_where_the_literal_stands() -> None:
    main = release('[templatefile("v.tpl", { version = local.v })]') + 'locals {\n  v = "7.1"\n}\n'
    (row,) = rows({M: main, "s/v.tpl": "%{ if x }\nimage: a/b:${version}\n%{ endif }\n"})
    assert (row.image, row.tag, row.tag_class, row.file, row.line) == ("a/b:7.1", "7.1", "minor", "s/v.tpl", 2)
    assert row.origin == "s/main.tf:6"
    (row,) = rows({M: release('[file("v.tpl")]'), "s/v.tpl": "image: a/b:${version}\n"})
    assert (row.image, row.tag, row.tag_class, row.origin) == ("a/b:${version}", "", "unknown", "s/v.tpl:1")


def test_a_module_of_two_stacks_gives_a_row_to_each_and_shared_readers_share_a_row() -> None:
    call = 'module "m" {\n  source = "../m"\n  tag    = "%s"\n}\n'
    inner = release('[yamlencode({ image = "a:${var.tag}" }), file("${path.module}/v.yaml")]') + 'variable "tag" {}\n'
    again = 'resource "x" "y" {\n  z = sha1(file("${path.module}/v.yaml"))\n}\n'
    files = {"s/main.tf": call % 1, "t/main.tf": call % 2, "m/main.tf": inner + again, "m/v.yaml": "image: b\n"}
    assert told(files, "s", "t") == [
        "module.m.helm_release.r helm values a:1 m/main.tf:3",
        "module.m.helm_release.r, module.m.x.y values file b m/v.yaml:1",
        "module.m.helm_release.r helm values a:2 m/main.tf:3",
        "module.m.helm_release.r, module.m.x.y values file b m/v.yaml:1",
    ]
    assert [row.origin for row in rows(files, "s", "t")][::2] == ["s/main.tf:3", "t/main.tf:3"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('data "kubectl_path_documents" "d" {\n  pattern = "./k/*.yaml"\n}\n', ["data.kubectl_path_documents.d", ""]),
        ('resource "x" "y" {\n  z = filesha256("k/a.yaml")\n}\n', ["x.y", ""]),
        ('resource "x" "y" {\n  z = fileset("${path.module}/k", "**/*.{yaml,yml}")\n}\n', ["x.y", "x.y"]),
        (
            'resource "x" "y" {\n  for_each = fileset("./k", "**")\n  z = file("./k/${each.key}")\n}\n',
            ["x.y", "x.y"],
        ),
        ('resource "x" "y" {\n  z = file("./k/${var.a}.yaml")\n}\n', ["x.y", ""]),
    ],
)
def test_files_that_are_read_in_numbers(text: str, expected: list[str]) -> None:
    found = rows({M: text, "s/k/a.yaml": "image: a:1\n", "s/k/deep/b.yaml": "image: b:1\n"})
    assert [row.address for row in found] == expected
    assert [row.form == "dead file" for row in found] == [not each for each in expected]


def test_a_hash_of_a_template_adds_no_row_of_its_own() -> None:
    main = 'resource "x" "y" {\n  z = filesha1("v.tpl")\n}\n' + release('[templatefile("v.tpl", { t = "1" })]')
    assert told({M: main, "s/v.tpl": "image: a:${t}\n"}) == ["helm_release.r template file a:1 s/v.tpl:1"]


def test_a_chart_in_the_repository_is_read_by_its_release() -> None:
    main = 'resource "helm_release" "r" {\n  chart = "${path.module}/chart"\n}\n'
    files = {M: main, "s/chart/values.yaml": SPLIT, "s/chart/templates/a.yaml": "image: {{ .Values.image }}\n"}
    assert told(files) == ["helm_release.r values file a/b:1.2 s/chart/values.yaml:3"]


def test_a_local_and_a_chart_belong_to_each_that_uses_them() -> None:
    two = release("[local.v, file(local.f)]") + release("[local.v]").replace('"r"', '"q"').replace('"c"', '"./chart"')
    third = 'resource "helm_release" "p" {\n  chart = "./chart"\n}\n'
    main = two + third + 'locals {\n  v = yamlencode(local.w)\n  w = { image = "a:1" }\n  f = "./v.yaml"\n}\n'
    files = {M: main, "s/v.yaml": "image: b:1\n", "s/chart/values.yaml": "image: c:1\n"}
    assert told(files) == [
        "helm_release.q, helm_release.p values file c:1 s/chart/values.yaml:1",
        f"helm_release.r, helm_release.q helm values a:1 {M}:14",
        "helm_release.r values file b:1 s/v.yaml:1",
    ]


DOCKERFILE = (
    "ARG V=3.20\nFROM --platform=x alpine:${V} AS base\nCOPY --from=busybox:1 /a /a\n"
    "FROM base\nCOPY --from=0 /a /a\nFROM scratch\n"
)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"s/app/Dockerfile": DOCKERFILE},
            ["dead file alpine:3.20 s/app/Dockerfile:2 !", "dead file busybox:1 s/app/Dockerfile:3 !"],
        ),
        ({"ci/Dockerfile": "from a:1\r\n"}, ["dockerfile a:1 ci/Dockerfile:1 !"]),
        (
            {"s/app/Dockerfile": "FROM a:1", ".woodpecker/b.yml": "context: s/app\nimage: b:1"},
            ["ci file b:1 .woodpecker/b.yml:2", "dockerfile a:1 s/app/Dockerfile:1"],
        ),
        (
            {"s/app/Dockerfile": "FROM a:1", ".woodpecker/b.yml": "context: s/application"},
            ["dead file a:1 s/app/Dockerfile:1 !"],
        ),
        ({"s/docker-compose.yml": "services:\n  a:\n    image: a:1\n"}, ["dead file a:1 s/docker-compose.yml:3 !"]),
        ({"compose.yaml": "services:\n  a:\n    image: a:${T:-1}\n"}, ["compose file a:${T:-1} compose.yaml:3 !"]),
        ({".gitlab-ci.yml": "image:\n  name: a:1\n"}, ["ci file a:1 .gitlab-ci.yml:2"]),
        (
            {".github/workflows/a.yml": "image: a:${{ matrix.tag }}\n"},
            ["ci file a:${{ matrix.tag }} .github/workflows/a.yml:1"],
        ),
        ({"s/Dockerfile.md": "FROM a:1"}, []),
        ({"s/.dockerignore": "FROM a:1"}, []),
        ({"s/notes.md": "image: a:1"}, []),
        ({"docs/values.yaml": "image: a:1"}, []),
        ({"s/dashboard.json": '{"image": "a:1"}'}, []),
        ({"s/other.yaml": "image: {}\nb: 1\n"}, []),
    ],
)
def test_files_that_no_expression_reads(files: dict[str, str], expected: list[str]) -> None:
    assert told({M: "", **files}) == expected


def test_a_folder_that_a_pattern_names_is_in_use() -> None:
    text = 'resource "x" "y" {\n  z = fileset("./k", "?.txt")\n}\n'
    found = rows({M: text, "s/k/a.yaml": "image: a:1\n", "s/k/deep/b.yaml": "image: b:1\n"})
    assert [row.form for row in found] == ["values file", "dead file"]


def test_at_the_root_of_a_repository_only_what_lies_beside_the_code_can_be_dead() -> None:
    files = {"main.tf": "", "values.yaml": "image: a:1\n", "docs/values.yaml": "image: b:1\n"}
    assert told(files, "") == ["dead file a:1 values.yaml:1 !"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"image: a:1\r\nb:\r\n  image: 'c:2' # d\r\n", ["a:1 1", "c:2 3"]),
        (b"a:\n\timage: a:1\n", ["a:1 2"]),
        (b"a: [\nimage: a:1\n  # image: b:1\n", ["a:1 2"]),
        (b"a: }{\nx:\n  - image:\n      # c\n      repository: a\n      tag: '2'\n    z: 1\nimage:\n", ["a:2 6"]),
        (b'image: "a:{{ .t }}"\n{{- if x }}\nb: {{ c }}\n{{- end }}\n', ["a:{{ .t }} 1"]),
        (b'{{ define "x"\n}}\nimage: a:1\n', ["a:1 3"]),
        (b"image: &x a:1\nb:\n  image: *x\n", ["a:1 1"]),
        (b'{"a": [{"image": "a:1"}]}', ["a:1 1"]),
        (b"? image\n: a:1\n", ["a:1 2"]),
        (b"# \xf0\x9f\x90\xb3 \xc3\xa9\nimage: a:1\n", ["a:1 2"]),
        (b"\xef\xbb\xbfimage: a:1\n", ["a:1 1"]),
        (b"image: |\n  a:1\n", []),
        (b"image:\n", []),
        (b"image: [a, b]\n", []),
        (b"image: ~\nb: 1\n", []),
        (b"image: ''\n", []),
        (b"backgroundImage: a:1\n", []),
        (b"text: |\n  image: a:1\n", []),
        (b"", []),
    ],
)
def test_yaml_as_people_write_it(text: bytes, expected: list[str]) -> None:
    found = rows({M: READ, "s/values.yaml": text})
    assert [f"{row.image} {row.line}" for row in found] == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"image: a:\xff\n", "not UTF-8 text (byte 9)"),
        (b"\0GITCRYPT\0image: a:1", "encrypted by git-crypt; unlock the repository to have it read"),
        (b"image: a:1\n" * 200_000, "larger than 1024 KiB"),
        (b"<<<<<<< a\nimage: a:1\n", "merge conflict markers"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_where_a_release_needs_it(text: bytes, why: str) -> None:
    main = release('[file("values.yaml")]')
    assert told({M: main, "s/values.yaml": text}) == [
        f"helm_release.r values file <values.yaml: {why}> s/values.yaml:1"
    ]
    assert told({M: READ, "s/values.yaml": text}) == []


def test_a_text_that_is_too_large_to_search_is_reported_by_survey_and_by_fix(tmp_path: Path) -> None:
    why = "larger than 128 KiB, so no image is looked for in it"
    files = {M: release('[file("values.yaml")]'), "s/values.yaml": "image: a:1\n" + "# filler\n" * 15_000}
    assert told(files) == [f"helm_release.r values file <values.yaml: {why}> s/values.yaml:1"]
    assert told({**files, "s/values.yaml": "# filler\n" * 15_000}) == []
    (tmp_path / "s").mkdir()
    for path, text in files.items():
        (tmp_path / path).write_text(text)
    (tmp_path / "hclmod.toml").write_text('[options.float-image-tag]\noutside = ["values file"]\n')
    done = hclmod(tmp_path, "fix", "--rule", "float-image-tag", "s")
    assert f"it ends at `values.yaml` (s/values.yaml): {why}" in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        b"{{" * 20_000,
        b"${" * 20_000,
        b"[" * 40_000,
        b"- " * 20_000,
        b" " * 50_000,
        b"x: a" + b" \t" * 20_000 + b'"',
        b"image: a" + b" #" * 20_000,
        b"%{" * 20_000,
        b"image:\n" * 5_000,
    ],
    ids=["braces", "dollars", "brackets", "dashes", "blanks", "tabs", "comments", "directives", "keys"],
)
def test_a_long_text_of_anything_ends(text: bytes) -> None:
    found = scalars.images(b"image: q:1\n" + text + b"\n}{\n")
    assert found == () or found[0]["image"].text == "q:1"


def test_places_are_exact_in_bytes() -> None:
    data = 'é: 1\nimage: "a/b:1" # c\n'.encode()
    (found,) = scalars.images(data)
    at = found["image"].start
    assert data[at : at + 5] == b"a/b:1"
    broken = b"\t}\n- image:   'a/b:1'\n"
    (found,) = scalars.images(broken)
    assert broken[found["image"].start :].startswith(b"a/b:1'")


def test_a_text_that_is_no_yaml_has_none_unless_lines_are_asked_for() -> None:
    assert scalars.images(b"a: [\nimage: b:1\n", by_line=False) == ()
    assert scalars.images(b"image: ab", [Span(7, 9)])[0]["image"].text == "ab"


def test_a_terraform_file_that_cannot_be_parsed_says_nothing() -> None:
    assert told({M: release('[yamlencode({ image = "a:1" })'), "s/b.tf": manifest('{ image = "b:1" }')}) == [
        "kubernetes_manifest.m manifest b:1 s/b.tf:2"
    ]


def test_every_row_is_there_once() -> None:
    main = release('[file("v.yaml"), file("v.yaml")]') + manifest('{ a = { image = "a:1" } }')
    assert set(Counter(told({M: main, "s/v.yaml": "image: b\n"})).values()) == {1}


JUDGED = {
    "hclmod.toml": '[images."*"]\nfloat = "latest"\n',
    "s/main.tf": """locals {
  tag = "1.2.0"
  encoded = yamlencode({
    image = { repository = "q/web", tag = local.tag } # as the sidecar
    sieve = { image = "q/sieve:3.1.4", pull = "Always" }
  })
  read   = file("${path.module}/values.yaml")
  filled = templatefile("${path.module}/values.tftpl", { tag = local.tag, port = 80 })
  text   = <<-EOT
    kind: Pod
    image: q/oil:0.1.0 # c
    name: ${80 == 80 ? "web" : "x"}
  EOT
}
""",
    "s/values.yaml": "image:\n  repository: q/lamp\n  tag: 7.0.1\nlist: [a,b]\n",
    "s/values.tftpl": "image: q/web:${tag}\nport: ${port}\n%{ if port > 1 }\nother: q/wick:1.0.0\n%{ endif }\n",
}
RELEASE = {
    "s/release.tf": 'resource "helm_release" "r" {\n  chart  = "c"\n'
    "  values = [local.encoded, local.read, local.filled, local.text]\n}\n"
}
OUTPUTS = "".join(f'output "{name}" {{\n  value = local.{name}\n}}\n' for name in ("encoded", "read", "filled", "text"))


@needs_terraform
def test_terraform_gives_the_release_other_tags_and_nothing_else(tmp_path: Path) -> None:
    for path, text in {**JUDGED, **RELEASE}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    judge = Terraform(tmp_path / "judge", "s")
    judged = {path: text for path, text in JUDGED.items() if path.startswith("s/")}
    before = judge.outputs({**judged, "s/outputs.tf": OUTPUTS})
    wanted = 'outside = ["helm values", "values file", "template file", "heredoc"]'
    (tmp_path / "hclmod.toml").write_text(f"{JUDGED['hclmod.toml']}[options.float-image-tag]\n{wanted}\n")
    done = hclmod(tmp_path, "fix", "--rule", "float-image-tag", "s")
    assert done.returncode == 0, done.stderr
    after = judge.outputs({path: (tmp_path / path).read_text() for path in judged})
    texts = {name: yaml.safe_load(text) for name, text in before.items()}
    texts["encoded"]["image"]["tag"] = texts["read"]["image"]["tag"] = "latest"
    texts["encoded"]["sieve"]["image"] = "q/sieve:latest"
    texts["filled"]["image"], texts["text"]["image"] = "q/web:latest", "q/oil:latest"
    assert {name: yaml.safe_load(text) for name, text in after.items()} == texts
    assert "4 changes in 2 files" in done.stdout
