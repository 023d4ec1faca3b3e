"""Stacks x rules in memory: who is selected, who is told, and what no document can do to the others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hclmod import halves
from hclmod.engine.job import Job
from hclmod.engine.outcomes import Changed, Failed, Outcome, PhaseReport, Refused, Skipped, StackReport, Unchanged
from hclmod.errors import ConfigError, HclmodError, RuleError
from tests.support.trees import project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RULES = {
    "mark_n": """
from hclmod.rulekit import Rule, change, fixes, note
def check(block, context, /, *, value: str = "2"):
    if context.phase == 9:
        raise ZeroDivisionError(block.address)
    if block.attribute("boom"):
        raise KeyError("boom")
    yield note(block.title, "seen", f"phase {context.phase}")
    yield change(block.title, "n", "n", lambda: fixes.ensure_attribute(block, "n", value.encode()))
rule = Rule(check, kinds=("kubernetes_job", "kubernetes_namespace"))
""",
    "tell_names": """
from hclmod.rulekit import Address, Rule, note
def check(block, context, /, *, place: Address = Address("")):
    yield note(block.title, "seen", ",".join(context.names))
rule = Rule(check, kinds=("kubernetes_manifest", "kubernetes_namespace"))
""",
    "see_blocks": """
from hclmod.rulekit import Rule, change, fixes
def check(block, context, /):
    yield change(block.title, "n", "n", lambda: fixes.ensure_attribute(block, "n", b"2"))
rule = Rule(check, kinds=("module", "provider.x", "terraform", "variable", "data.x_y"))
""",
    "user_mistake": """
from hclmod.errors import ConfigError
from hclmod.rulekit import Rule
def check(block, context, /):
    raise ConfigError("mend your file")
    yield
rule = Rule(check, kinds=("kubernetes_job",))
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in RULES.items():
        (tmp_path / f"{name}.py").write_text(f"from __future__ import annotations\n{text}")
    return tmp_path


def job(name: str, namespace: str = "var.ns", extra: str = "") -> str:
    return (
        f'resource "kubernetes_job" "{name}" {{\n  n = 1\n{extra}  metadata {{\n    namespace = {namespace}\n  }}\n}}\n'
    )


def namespace(name: str) -> str:
    return f'resource "kubernetes_namespace" "{name}" {{\n  n = 1\n  metadata {{\n    name = "{name}"\n  }}\n}}\n'


def run(
    files: Mapping[str, str | bytes], text: str, phase: int | None, folder: Path, *, rule: str = "mark-n",
    only: frozenset[str] | None = None,
) -> tuple[StackReport, ...]:  # fmt: skip
    whole = project(files, text, (None, folder))
    whole.require_names()
    job = Job(rules=(rule,), phase=phase, options=whole.options_of(phase), only=only)
    return whole.plan(job).stacks


def outcomes(reports: tuple[StackReport, ...]) -> dict[str, Outcome]:
    return {each.path: each for report in reports for each in report.outcomes}


def changed(reports: tuple[StackReport, ...]) -> set[str]:
    return {
        found.finding.address
        for each in outcomes(reports).values()
        if isinstance(each, Changed)
        for found in each.applied
    }


MIXED = {
    "s/a/main.tf": namespace("one") + job("x", '"one"') + job("y", '"two"') + namespace("two") + namespace("three"),
    "s/b/main.tf": job("z"),
}
PHASES = """
stacks = ["s/*"]
[phase.1]
stacks = ["a"]
[phase.2]
workloads = ["a/kubernetes_job.y"]
[phase.3]
stacks = ["b"]
"""

ONE = 'stacks = ["s/*"]\n[phase.1]\nstacks = ["a"]\n'


@pytest.mark.parametrize(
    ("phase", "wanted"),
    [
        (1, {"kubernetes_job.x", "kubernetes_namespace.one"}),
        (2, {"kubernetes_job.y", "kubernetes_namespace.two"}),
        (3, {"kubernetes_job.z"}),
        (4, set()),
        (None, {
            "kubernetes_job.x", "kubernetes_job.y", "kubernetes_job.z",
            "kubernetes_namespace.one", "kubernetes_namespace.two", "kubernetes_namespace.three",
        }),
    ],
)  # fmt: skip
def test_a_stack_that_mixes_phases_gives_each_its_own(folder: Path, phase: int | None, wanted: set[str]) -> None:
    assert changed(run(MIXED, PHASES, phase, folder)) == wanted


BLOCKS = """
module "web" {
  source = "./web"
}
provider "x" {
  a = 1
}
provider "other" {
  a = 1
}
terraform {
  a = 1
}
variable "size" {
  a = 1
}
data "x_y" "one" {
  a = 1
}
data "x_z" "two" {
  a = 1
}
resource "x_y" "three" {
  a = 1
}
locals {
  a = 1
}
"""
QUOTED = '"a"'
OF_KIND = {"module.web", "provider.x", "terraform", "variable.size", "data.x_y.one"}


@pytest.mark.parametrize(("phase", "wanted"), [(1, OF_KIND), (2, set()), (3, set()), (None, OF_KIND)])
def test_blocks_of_other_types_are_of_the_phase_of_their_whole_stack(
    folder: Path, phase: int | None, wanted: set[str]
) -> None:
    files = {"s/a/main.tf": job("y"), "s/a/blocks.tf": BLOCKS, "s/b/main.tf": job("z")}
    assert changed(run(files, PHASES, phase, folder, rule="see-blocks")) == wanted


@pytest.mark.parametrize("kind", ["module", "provider", "terraform", "variable", "data", "resource", "data.x_y"])
def test_a_document_with_one_block_of_a_kind_is_read(folder: Path, kind: str) -> None:
    rule = (folder / "see_blocks.py").read_text()
    (folder / "see_one.py").write_text(re.sub(r"kinds=.*", f'kinds=("{kind}",))', rule))
    labels = {"terraform": "", "resource": '"x_y" "a"', "data": '"x_y" "a"'}
    block = kind.partition(".")[0]
    text = f"/* c */ {block} {labels.get(block, QUOTED)} {{\n  a = 1\n}}\n"
    assert len(changed(run({"s/a/main.tf": text}, ONE, 1, folder, rule="see-one"))) == 1


def test_a_terraform_block_of_terragrunt_is_another_thing(folder: Path) -> None:
    files = {"s/a/main.tf": BLOCKS, "s/a/terragrunt.hcl": 'terraform {\n  source = "../x"\n}\n'}
    reports = run(files, ONE, 1, folder, rule="see-blocks")
    assert [path for path, each in outcomes(reports).items() if isinstance(each, Changed)] == ["s/a/main.tf"]


def test_of_everything_selected_something_is_reported(folder: Path) -> None:
    reports = run(MIXED, PHASES, 2, folder)
    one = outcomes(reports)["s/a/main.tf"]
    assert isinstance(one, Changed)
    assert [each.finding.message for each in one.left] == ["phase 2", "phase 2"]
    assert "s/b/main.tf" not in outcomes(reports)


def test_only_restricts_the_outcomes_and_not_what_is_known(folder: Path) -> None:
    files = {"s/a/jobs.tf": job("x", '"one"'), "s/a/ns.tf": namespace("one"), "s/a/bad.tf": "{"}
    reports = run(files, ONE, 1, folder, only=frozenset({"s/a/ns.tf"}))
    assert changed(reports) == {"kubernetes_namespace.one"}
    assert list(outcomes(reports)) == ["s/a/ns.tf"]


def test_a_rule_that_raises_spoils_its_own_document_only(folder: Path) -> None:
    files = {"s/a/bad.tf": job("x", extra="  boom = 1\n"), "s/a/good.tf": job("y"), "s/b/main.tf": job("z")}
    reports = run(files, PHASES, None, folder)
    assert changed(reports) == {"kubernetes_job.y", "kubernetes_job.z"}
    bad = outcomes(reports)["s/a/bad.tf"]
    assert isinstance(bad, Failed)
    assert "Traceback" in bad.traceback
    assert "KeyError: 'boom'" in bad.traceback
    assert bad.blamed == "rule mark-n failed at mark_n.py:8: KeyError: 'boom'"
    whole = PhaseReport(1, "", ("mark-n",), reports)
    assert whole.unproven() == (bad,)
    assert whole.unproven(["s/a/bad.tf"]) == ()
    assert set(whole.changes) == {"s/a/good.tf", "s/b/main.tf"}


def test_what_a_user_can_fix_is_not_a_failure_of_hclmod(folder: Path) -> None:
    with pytest.raises(HclmodError, match="mend your file"):
        run({"a/main.tf": job("x")}, "", None, folder, rule="user-mistake")
    with pytest.raises(RuleError, match="there is no rule"):
        run({"a/main.tf": job("x")}, "", None, folder, rule="mark-m")


REACH = """
stacks = ["s/*"]
[options.tell-names]
place = "a/kubernetes_manifest.list"
[phase.1]
stacks = ["b", "c"]
"""
REACHED = {
    "s/a/main.tf": 'resource "kubernetes_manifest" "list" {}\nresource "kubernetes_manifest" "other" {}\n',
    "s/b/main.tf": namespace("b") + job("b", '"b"'),
    "s/c/main.tf": namespace("c") + job("c", '"c"') + namespace("empty"),
}


def test_what_an_option_reaches_comes_last_and_hears_every_name(folder: Path) -> None:
    reports = run(REACHED, REACH, 1, folder, rule="tell-names")
    assert [each.stack.path for each in reports] == ["s/a", "s/b", "s/c"]
    reached = outcomes(reports)["s/a/main.tf"]
    assert isinstance(reached, Unchanged)
    assert [(each.finding.address, each.finding.message) for each in reached.left] == [
        ("kubernetes_manifest.list", "b,c")
    ]


def test_an_option_that_reaches_nothing_is_reported(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"options\.tell-names\.place names `d`"):
        run(REACHED, REACH.replace('"a/', '"d/'), 1, folder, rule="tell-names")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("phase", [1, 2, 9, None])
def test_a_pool_and_one_process_give_the_same(folder: Path, phase: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str | bytes] = dict(MIXED)
    files |= {f"s/n{number}/main.tf": namespace(f"n{number}") + job("x") for number in range(12)}
    files["s/n3/main.tf"] = "{"
    files["s/n4/main.tf"] = job("x", extra="  boom = 1\n")
    text = PHASES + '[phase.9]\nstacks = ["n5", "n6"]\n'
    serial = run(files, text, phase, folder)
    monkeypatch.setattr(halves, "BYTES", 1)
    assert run(files, text, phase, folder) == serial


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a/kubernetes_job.xx", "Did you mean `kubernetes_job.x`?"),
        ("a/sub/kubernetes_job.x", "Did you mean `kubernetes_job.x`?"),
        ("a/kubernetes_deployment.zzzz", ""),
    ],
)
def test_a_workload_that_its_stack_lacks_is_reported(folder: Path, name: str, hint: str) -> None:
    text = f'stacks = ["s/*"]\n[phase.1]\nworkloads = ["{name}"]\n'
    with pytest.raises(ConfigError, match=r"phase\.1\.workloads names `kubernetes_.*`, which s/a lacks") as raised:
        run(MIXED, text, 1, folder)
    assert hint in raised.value.hint
    run(MIXED, text, 2, folder)


def test_a_named_resource_of_any_type_and_document_is_known(folder: Path) -> None:
    other = 'resource "kubectl_manifest" "x" {\n  yaml_body = "a"\n}\n# resource "kubectl_manifest" "gone" {\n# }\n'
    files = {**MIXED, "s/a/other.tf": other}
    text = 'stacks = ["s/*"]\n[phase.1]\nworkloads = ["a/kubectl_manifest.%s"]\n'
    assert run(files, text % "x", 1, folder)
    with pytest.raises(ConfigError, match="which s/a lacks"):
        run(files, text % "gone", 1, folder)


DEEP_BLOCKS = "a {\n" * 5000 + "}\n" * 5000
SKIPPED: dict[str, tuple[bytes, str]] = {
    "git-crypt": (b"\0GITCRYPT\0\x01\x02", "encrypted by git-crypt"),
    "sops": (b'a = "ENC[AES256_GCM,data:x]"\n', "encrypted by SOPS"),
    "generated": (b"# Generated by Terragrunt. Sig: x\n", "generated"),
    "lone cr": (b"a = 1\rb = 2\n", "carriage return"),
    "utf-16": ("a = 1\n".encode("utf-16"), "UTF-16"),
    "latin-1": (b'a = "\xe9"\n', "not UTF-8"),
    "nul": (b'a = "\0"\n', "NUL"),
    "conflict": (b"<<<<<<< HEAD\na = 1\n=======\n", "conflict"),
    "large": (b"# x\n" * 300_000, "larger than 1024 KiB"),
    "syntax": (job("x").encode() + b"{\n", "syntax error on line"),
}


@pytest.mark.parametrize(("data", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_documents_that_are_not_read_are_reported_and_the_others_are_done(
    folder: Path, data: bytes, reason: str
) -> None:
    reports = run({"s/a/odd.tf": data, "s/a/fine.tf": job("x")}, ONE, 1, folder)
    odd = outcomes(reports)["s/a/odd.tf"]
    assert isinstance(odd, Skipped)
    assert reason in odd.reason
    assert changed(reports) == {"kubernetes_job.x"}


LONG = {
    "nested lists": "locals {\n  a = " + "[" * 5000 + "]" * 5000 + "\n}\n",
    "nested objects": "locals {\n  a = " + "{a=" * 3000 + "1" + "}" * 3000 + "\n}\n",
    "nested parentheses": "locals {\n  a = " + "(" * 5000 + "1" + ")" * 5000 + "\n}\n",
    "nested blocks": DEEP_BLOCKS,
    "a heredoc of a megabyte": "locals {\n  a = <<EOT\n" + ("x" * 99 + "\n") * 10_000 + "EOT\n}\n",
    "a heredoc of short lines": "locals {\n  a = <<EOT\n" + "xxx\n" * 250_000 + "EOT\n}\n",
    "a line of one word": "# " + "resource " * 80_000 + "\n",
    "a word and a brace": "# " + "resource {" * 80_000 + "\n",
    "many comments": "# x\n" * 150_000,
}


SLOW = {"a heredoc of a megabyte", "a heredoc of short lines", "nested blocks"}  # Terraform reads the first two, too


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "text", [pytest.param(text, id=name, marks=[pytest.mark.slow] * (name in SLOW)) for name, text in LONG.items()]
)
def test_deep_and_long_documents_end_and_crash_nothing(folder: Path, text: str) -> None:
    reports = run({"s/a/odd.tf": text + job("x"), "s/a/fine.tf": job("y")}, ONE, 1, folder)
    assert "kubernetes_job.y" in changed(reports)
    assert isinstance(outcomes(reports)["s/a/odd.tf"], Changed | Refused | Skipped)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["blocks", "lists"])
def test_depth_inside_the_resource_that_changes(folder: Path, path: str) -> None:
    inner = DEEP_BLOCKS if path == "blocks" else "  q = " + "[" * 5000 + "]" * 5000 + "\n"
    reports = run({"s/a/odd.tf": job("x", extra=inner), "s/a/fine.tf": job("y")}, ONE, 1, folder)
    assert "kubernetes_job.y" in changed(reports)
    assert isinstance(outcomes(reports)["s/a/odd.tf"], Changed | Refused)


def test_documents_that_cannot_matter_are_not_even_parsed(folder: Path) -> None:
    files = {"s/a/other.tf": 'resource "null_resource" "x" {\n', "s/a/main.tf": job("x")}
    assert list(outcomes(run(files, ONE, 1, folder))) == ["s/a/main.tf"]


@pytest.mark.parametrize(
    "header",
    ['resource "kubernetes_job" "x"', "resource kubernetes_job x", 'resource /* resource */ "kubernetes_job" "x"'],
)
def test_headers_however_written_are_found(folder: Path, header: str) -> None:
    assert changed(run({"s/a/main.tf": header + " {\n  n = 1\n}\n"}, ONE, 1, folder)) == {"kubernetes_job.x"}


def test_watch_hears_of_every_stack(folder: Path) -> None:
    heard: list[str] = []
    counts: list[int] = []
    project(MIXED, PHASES, (None, folder)).plan(Job(rules=("mark-n",)), heard.append, counts.append)
    assert heard == ["s/a", "s/b"]
    assert counts == [2, 2], "how many stacks there are, then how many are to do"
