"""Every rule on every fixture, and every rule on every shape of `fixtures/_hostile`."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from hclmod import caches, txtar
from hclmod.caches import codes as doctor
from hclmod.commands import test
from hclmod.engine.job import Job
from hclmod.engine.outcomes import Changed, Failed, Refused, Skipped, Unchanged
from hclmod.engine.project import in_memory
from hclmod.images.evidence import ImageTags, Snapshot, TagInfo
from hclmod.rulekit import docstrings, folders
from tests.support.cases import CASES, CHANGING
from tests.support.hcl import HOSTILE, formatted, needs_terraform

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hclmod.commands.test import Result
    from hclmod.engine.cases import Case
    from hclmod.engine.outcomes import Outcome

RULES = tuple(folders.every())
TOGETHER = tuple(folders.available())  # those that run in one phase


def by_case(cases: Iterable[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases])


# Fixtures


@functools.cache
def codes(rule: str) -> set[str]:
    """The codes that the page of a rule lists, or the guide of the doctor."""
    if rule == caches.RULE:
        return {f"{rule}/{code}" for code in doctor.CODES}
    return {*docstrings.card(rule).codes, f"{rule}/nothing-to-do"}


@by_case(CASES)
def test_fixture(case: Case) -> None:
    result = test.run(case)
    assert_passed(result)
    listed = set().union(*(codes(rule) for rule in (case.rule, *case.companions)))
    assert set(result.codes) <= listed, "codes that no page lists"


@pytest.mark.sampled(80)
@by_case(CHANGING)
def test_a_second_run_changes_nothing(case: Case) -> None:
    files = {f"before/{name}": data for name, data in case.after.items()}
    assert_passed(test.run(replace(case, files=files, codes=(), says=(), silent=False)))


def assert_passed(result: Result) -> None:
    assert not result.problems, "\n".join([*result.problems, result.diff.decode(errors="replace")])


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_fixtures_that_change_and_fixtures_that_must_not(rule: str) -> None:
    """Of a rule that only looks: fixtures in which it says something, and fixtures in which it must not."""
    mine = [case for case in CASES if case.rule == rule]
    acting = [case for case in mine if case in CHANGING] or [case for case in mine if case.codes and not case.silent]
    assert acting
    assert [case for case in mine if case not in acting]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_one_example_that_shows_something(rule: str) -> None:
    (example,) = (case for case in CASES if case.rule == rule and case.name.endswith("/example"))
    assert example in CHANGING or example.codes


def test_a_third_of_all_fixtures_must_not_change() -> None:
    assert len(CASES) - len(CHANGING) >= len(CASES) / 3


def test_every_folder_of_fixtures_is_a_rule_or_the_doctor() -> None:
    assert {case.rule for case in CASES} == {*RULES, "doctor"}


def test_an_after_holds_files_of_its_before_that_change() -> None:
    for case in CASES:
        for name in case.files:
            folder, _, path = name.partition("/")
            if folder == "after":
                assert case.before.get(path) != case.after[path], f"take {name} of {case.name} away"


def test_a_case_stands_in_a_topic_and_in_one_file_if_text_can_hold_it() -> None:
    for case in CASES:
        assert case.name.count("/") == 2
        assert txtar.fits(case.files) == case.path.is_file(), f"run `hclmod test --accept` for {case.name}"


@needs_terraform
def test_clean_fixtures_stay_clean() -> None:
    texts = {
        f"{case.name}: {name}": (data, case.after[name])
        for case in CHANGING
        for name, data in case.before.items()
        if name.endswith(".tf")
    }
    assert not made_unclean(texts)


BROKEN = {"locals.tf", "mill/ns.tf", "stacks/silo/main.tf"}  # of cases that say so of a file with a syntax error


def test_official_parser_accepts_all_fixtures() -> None:
    pygohcl = pytest.importorskip("pygohcl", reason="NO `pygohcl`: nothing was read by HashiCorp's own parser")
    refused: dict[str, Exception] = {}
    for case in CASES:
        for name in case.files:
            if name.endswith(".tf") and name.removeprefix("before/") not in BROKEN:
                try:
                    pygohcl.loads(case.files[name].decode())
                except pygohcl.HCLParseError as error:
                    refused[f"{case.name}: {name}"] = error
    assert not refused


def made_unclean(texts: Mapping[str, tuple[bytes, bytes]]) -> list[str]:
    """The names of those pairs of which the first text is as `terraform fmt` writes it, and the second is not."""
    distinct = sorted({text for pair in texts.values() for text in pair})
    clean = {text for text, wanted in zip(distinct, formatted(distinct), strict=True) if text == wanted}
    return [name for name, (before, after) in texts.items() if before in clean and after not in clean]


@needs_terraform
def test_made_unclean_knows_the_difference() -> None:
    clean, unclean = b"a = 1\n", b"a  = 1\n"
    assert made_unclean({"was": (unclean, unclean), "is": (clean, clean), "became": (clean, unclean)}) == ["became"]


# Hostile shapes


@dataclass(frozen=True)
class Run:
    """Rules, and what they are told about everything, so that they find as much work as they can."""

    rules: tuple[str, ...]
    config: str = ""
    tags: Snapshot = field(default_factory=lambda: Snapshot({}))
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


EAGER_CONFIG = """
[images."*"]
float = "latest"
[keel]
version = "0.22.2"
markers = ["KYVERNO_LIFECYCLE_V1", "KYVERNO_LIFECYCLE_V2", "METALLB_LIFECYCLE_V1"]
enrolled = ["*"]
injected = "elsewhere: the repository platform has the policy"
"""
# Nothing there floats.
CADDY = ImageTags(checked="2026-08-01T00:00:00Z", source="hand", complete=True, tags={"2.8.4": TagInfo()})
EAGER: Mapping[str, Mapping[str, object]] = {
    "ignore-keel-drift": {"comments": True},
    "pull-policy-for-floating-tag": {"drop": True},
    "pin": {"to": "9.9.9", "reason": "it crashes", "allow_downgrade": True, "label": True},
    "opt-out": {"reason": "it crashes", "label": True},
    "stale-tag-description": {"text": "It floats."},
}
NEEDED: Mapping[str, Mapping[str, object]] = {"move-image": {"from": "docker.io", "to": "registry.example.net/hub"}}
"""Options without which a rule does not run."""

RUNS = {
    **{rule: Run((rule,)) for rule in RULES},
    **{f"eager {rule}": Run((rule,), EAGER_CONFIG, options=EAGER) for rule in RULES},
    "all rules": Run(TOGETHER),
    "all rules, eager": Run(TOGETHER, EAGER_CONFIG, options=EAGER),
    "all rules, nothing floats": Run(TOGETHER, tags=Snapshot({"docker.io/library/caddy": CADDY})),
}
UNREAD_BY_A_JUDGE = {"comments_before_equals.tf", "unicode_identifiers.tf"}  # valid, and python-hcl2 refuses them
IDLE = {
    "blank_lines.tf", "empty.tf", "generated_by_terragrunt.tf", "only_a_comment.tf",
}  # fmt: skip

every_shape = pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in HOSTILE])


@functools.cache
def settled(data: bytes, run: str) -> Outcome:
    """What becomes of a document when rules run on everything in it; one that no rule looks at is unchanged."""
    told = RUNS[run]
    options = {rule: {**NEEDED.get(rule, {}), **told.options.get(rule, {})} for rule in told.rules}
    project = in_memory({"main.tf": data, "hclmod.toml": told.config.encode()})
    project = project.over(project.tree, tags=told.tags)
    report = project.plan(Job(rules=told.rules, options=options, only=frozenset({"main.tf"}), near=True))
    return next(iter(report.outcomes), Unchanged("main.tf"))


def nearest(of: str, names: Iterable[str], number: int) -> list[str]:
    """A few of the names: other ones for each `of`, and the same ones each time."""
    return sorted(names, key=lambda name: zlib.crc32(f"{of} {name}".encode()))[:number]


SHAPES = {path.name: path for path in HOSTILE}
SAMPLE = {(shape, run) for shape in SHAPES for run in nearest(shape, RUNS, 2)} | {
    (shape, run) for run in RUNS for shape in nearest(run, SHAPES, 3)
}


def test_a_sample_has_each_shape_and_each_run() -> None:
    assert {shape for shape, _ in SAMPLE} == SHAPES.keys()
    assert {run for _, run in SAMPLE} == RUNS.keys()


def wrong(path: Path, run: str) -> str:
    """What a run does to a shape that it must not do; empty if it does well."""
    outcome = settled(path.read_bytes(), run)
    match outcome:
        case Failed():
            return outcome.traceback
        case Changed() if path.name.startswith("refuse_"):
            return f"changed: {outcome.after.decode()}"
        case Refused() if not path.name.startswith("refuse_") and path.name not in UNREAD_BY_A_JUDGE:
            return f"refused: {outcome.why}"
        case Changed() if not outcome.verdict.judges:
            return "changed without a proof"
        case Changed() if not isinstance(settled(outcome.after, run), Unchanged):
            return f"a second run changes something after {outcome.after.decode()}"
    return ""


@every_shape
def test_rules_survive_a_hostile_shape(path: Path, everything: bool) -> None:  # noqa: FBT001 - a fixture
    runs = [run for run in RUNS if everything or (path.name, run) in SAMPLE]
    failures = {run: why for run in runs if (why := wrong(path, run))}
    assert not failures, "\n\n".join(f"{run}: {why}" for run, why in failures.items())


@needs_terraform
def test_clean_hostile_shapes_stay_clean(everything: bool) -> None:  # noqa: FBT001 - a fixture
    outcomes = {
        f"{shape}: {run}": settled(path.read_bytes(), run)
        for shape, path in SHAPES.items()
        for run in RUNS
        if not shape.startswith("refuse_") and (everything or (shape, run) in SAMPLE)
    }
    changed = {name: (each.before, each.after) for name, each in outcomes.items() if isinstance(each, Changed)}
    assert not made_unclean(changed)


def test_hostile_shapes_give_work(everything: bool) -> None:  # noqa: FBT001 - a fixture
    """Without work for the rules the tests above would prove nothing."""
    names = {name for name in SHAPES if not name.startswith("refuse_")}
    chosen = names if everything else {*IDLE, *nearest("work", names, 20)}
    shapes = {name: SHAPES[name].read_bytes() for name in chosen}
    idle = {name for name, data in shapes.items() if isinstance(settled(data, "all rules, eager"), Unchanged | Skipped)}
    assert idle == IDLE


@pytest.mark.parametrize("name", ["generated_by_terragrunt", "refuse_git_crypt", "refuse_sops", "refuse_syntax_error"])
def test_what_must_not_be_read_is_skipped_with_its_reason(name: str) -> None:
    (path,) = (path for path in HOSTILE if path.stem == name)
    outcome = settled(path.read_bytes(), "all rules, eager")
    assert isinstance(outcome, Skipped)
    assert outcome.reason
