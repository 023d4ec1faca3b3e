"""The blocks of the section are what `ignore-keel-drift` writes, for every resource type and every configuration."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hclmod.engine.job import Job
from hclmod.engine.outcomes import Changed
from hclmod.engine.project import in_memory
from hclmod.rulekit import folders, loading
from hclmod.terraform.kubernetes import KINDS
from tests.support.trees import needs_terraform

if TYPE_CHECKING:
    from hclmod.engine.outcomes import Outcome
    from hclmod.engine.project import Project

loading.load(("conventions",), {})
PACKAGE = loading._package(folders.builtin_folder())
BUILTIN = tuple(__import__(f"{PACKAGE}._markers", fromlist=["MARKERS"]).MARKERS)
BLOCK = re.compile(r"^In (.+?)(?:, with a policy of its own)?:\n\n(`{3,})hcl\n(.*?)^\2$", re.MULTILINE | re.DOTALL)

CONFIGS = st.fixed_dictionaries(
    {"markers": st.lists(st.sampled_from([*BUILTIN, "OWN"]), min_size=1, max_size=4, unique=True)},
    optional={
        "version": st.sampled_from(["0.19.1", "0.21.1", "0.22.2"]),
        "init_containers": st.booleans(),
        "floating_only": st.booleans(),
    },
)
OWN = """
[markers.OWN]
paths = ["metadata[0].labels[\\"a/b\\"]", "spec"]
kinds = ["kubernetes_service", "kubernetes_deployment", "kubernetes_config_map"]
comment = "ours ``` and more"
above = true
"""


def config(keel: dict[str, object]) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in keel.items()]
    return "\n".join(['[docs]\nfiles = ["AGENTS.md"]', "[keel]", *lines, OWN])


def outcome(project: Project, rule: str, path: str) -> Outcome | None:
    report = project.plan(Job(rules=(rule,)))
    return next((each for each in report.outcomes if each.path == path), None)


def shown(keel: dict[str, object]) -> dict[str, str]:
    """The block of each resource type, as the section has it."""
    project = in_memory({"AGENTS.md": b"# R\n", "hclmod.toml": config(keel).encode()})
    made = outcome(project, "conventions", "AGENTS.md")
    assert isinstance(made, Changed)
    matches = BLOCK.findall(made.after.decode())
    return {kind: block for kinds, _, block in matches for kind in re.findall("`([^`]+)`", kinds)}


def resource(kind: str) -> str:
    """A resource as people write it, and not as the section's sample has it."""
    inside = 'container {\n  image = "registry.example.net/example:latest"\n  name  = "main"\n}\n'
    for step in reversed(KINDS[kind].pod if kind in KINDS else ()):
        inside = f"{step} {{\n{textwrap.indent(inside, '  ')}}}\n"
    body = inside if kind in KINDS else 'spec {\n  type = "LoadBalancer"\n}\n'
    policy = 'annotations = { "keel.sh/policy" = "force", "keel.sh/matchTag" = "true" }\n' if "cron" in kind else ""
    body = f'metadata {{\n  name = "main"\n{textwrap.indent(policy, "  ")}}}\n{body}'
    return f'resource "{kind}" "main" {{\n{textwrap.indent(body, "  ")}}}\n'


def written(kind: str, keel: dict[str, object]) -> str:
    """The block that the rule writes into a resource of a repository; empty for none."""
    project = in_memory({"main.tf": resource(kind).encode(), "hclmod.toml": config(keel).encode()})
    made = outcome(project, "ignore-keel-drift", "main.tf")
    if not isinstance(made, Changed):
        return ""
    match = re.search(r"^  lifecycle \{.*?^  \}\n", made.after.decode(), re.MULTILINE | re.DOTALL)
    assert match is not None
    return textwrap.dedent(match[0])


SERVICES = ("kubernetes_service", "kubernetes_service_v1", "kubernetes_config_map")


@settings(max_examples=15, deadline=None)
@given(CONFIGS)
def test_the_block_of_each_type_is_what_the_rule_writes(keel: dict[str, object]) -> None:
    blocks = shown(keel)
    for kind in (*KINDS, *SERVICES):
        assert blocks.get(kind, "") == written(kind, keel), kind


@pytest.mark.parametrize("name", BUILTIN)
def test_each_marker_has_a_block(name: str) -> None:
    blocks = shown({"markers": [name], "version": "0.22.2"})
    assert any(name in block for block in blocks.values()), blocks


def test_the_section_follows_the_keel_of_the_repository() -> None:
    release = (
        'resource "helm_release" "keel" {\n  chart   = "keel"\n  version = "1.0.5"\n'
        '  values  = [yamlencode({ image = { tag = "0.19.1" } })]\n}\n'
    )
    texts = {"AGENTS.md": b"# R\n", "hclmod.toml": b'[docs]\nfiles = ["AGENTS.md"]\n'}
    for more, digest in ((texts, True), ({**texts, "keel.tf": release.encode()}, False)):
        made = outcome(in_memory(more), "conventions", "AGENTS.md")
        assert isinstance(made, Changed)
        assert (b"keel.sh/digest" in made.after) is digest


@needs_terraform
def test_the_blocks_are_clean() -> None:
    from tests.support.hcl import formatted

    texts = [block.encode() for block in shown({"markers": [*BUILTIN, "OWN"], "version": "0.22.2"}).values()]
    assert formatted(sorted(set(texts))) == sorted(set(texts))
