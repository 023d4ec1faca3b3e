"""Where the pods of each kind stand."""

from __future__ import annotations

import pytest

from hclmod.terraform.kubernetes import (
    KINDS,
    NAMESPACES,
    WORKLOADS,
    containers,
    dynamic_containers,
    namespace_attribute,
    namespace_name,
)
from tests.support.hcl import block


def workload(kind: str, body: str) -> str:
    text = body
    for step in reversed(KINDS[kind].pod):
        text = f"{step} {{\n{text}}}\n"
    return f'resource "{kind}" "x" {{\n{text}}}\n'


TWO = 'container {\n  name = "a"\n}\ninit_container {\n  name = "i"\n}\ncontainer {\n  image = "b:1"\n}\n'


@pytest.mark.parametrize("kind", KINDS)
def test_containers_come_first_then_init_containers(kind: str) -> None:
    found = containers(block(workload(kind, TWO)))
    prefix = KINDS[kind].prefix
    assert [(each.path, each.init, each.label) for each in found] == [
        (f"{prefix}.container[0]", False, "a"),
        (f"{prefix}.container[1]", False, "container[1]"),
        (f"{prefix}.init_container[0]", True, "i"),
    ]
    assert found[0].image is None
    assert found[1].image is not None
    assert found[1].image.value.string() == "b:1"


def test_prefixes_are_as_ignore_changes_writes_them() -> None:
    assert KINDS["kubernetes_deployment"].prefix == "spec[0].template[0].spec[0]"
    assert KINDS["kubernetes_cron_job_v1"].prefix == "spec[0].job_template[0].spec[0].template[0].spec[0]"
    assert KINDS["kubernetes_pod"].prefix == "spec[0]"


@pytest.mark.parametrize(
    "body",
    ["", "volume {}\n", "container = []\n", "other {\n  container {}\n}\n", 'dynamic "container" {}\n'],
)
def test_no_containers(body: str) -> None:
    assert containers(block(workload("kubernetes_deployment", body))) == ()


def test_containers_elsewhere_are_none() -> None:
    text = 'resource "kubernetes_deployment" "x" {\n  spec {\n    container {}\n  }\n  container {}\n}\n'
    assert containers(block(text)) == ()


def test_dynamic_containers() -> None:
    body = 'dynamic "container" {}\ndynamic "volume" {}\ndynamic "init_container" {}\ndynamic {}\n'
    found = dynamic_containers(block(workload("kubernetes_deployment", body)))
    assert [each.labels for each in found] == [("container",), ("init_container",)]


def test_kinds_are_those_of_the_provider() -> None:
    assert "kubernetes_daemon_set" not in KINDS
    assert {"kubernetes_daemonset", "kubernetes_daemon_set_v1", "kubernetes_stateful_set"} <= set(KINDS)
    assert not set(NAMESPACES) & set(WORKLOADS)
    assert "helm_release" in WORKLOADS


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('resource "helm_release" "x" {\n  namespace = "a"\n}\n', '"a"'),
        ('resource "helm_release" "x" {\n  metadata {\n    namespace = "a"\n  }\n}\n', None),
        ('resource "kubernetes_job" "x" {\n  metadata {\n    namespace = var.a\n  }\n}\n', "var.a"),
        ('resource "kubernetes_job" "x" {\n  namespace = "a"\n}\n', None),
        ('resource "kubernetes_job" "x" {\n  metadata {\n    name = "a"\n  }\n}\n', None),
        ('resource "kubernetes_job" "x" {}\n', None),
    ],
)
def test_where_a_workload_names_its_namespace(text: str, wanted: str | None) -> None:
    found = namespace_attribute(block(text))
    assert (found.value.text if found else None) == wanted


def test_where_a_namespace_is_named() -> None:
    named = namespace_name(block('resource "kubernetes_namespace" "x" {\n  metadata {\n    name = "a"\n  }\n}\n'))
    assert named is not None
    assert named.value.string() == "a"
    generated = 'resource "kubernetes_namespace" "x" {\n  metadata {\n    generate_name = "a"\n  }\n}\n'
    assert namespace_name(block(generated)) is None
