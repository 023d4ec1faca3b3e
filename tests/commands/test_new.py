from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod import txtar
from hclmod.commands import test
from hclmod.commands.new import new_rule
from hclmod.engine import cases
from hclmod.errors import HclmodError
from hclmod.rulekit import docstrings, folders, loading
from tests.support.hcl import formatted, needs_terraform

if TYPE_CHECKING:
    from pathlib import Path


def new(folder: Path, rule: str = "await-releases") -> tuple[Path, ...]:
    return new_rule(rule, folder / "rules", folder / "fixtures")


def test_the_files_of_a_new_rule_are_listed(tmp_path: Path) -> None:
    written = new(tmp_path)
    assert sorted(written) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert tmp_path / "rules" / "await_releases.py" in written


def test_a_new_rule_passes_its_own_fixtures(tmp_path: Path) -> None:
    new(tmp_path)
    results = test.run_all(tmp_path / "fixtures", "await-releases", [tmp_path / "rules"])
    assert [result.problems for result in results] == [(), ()]
    assert sorted(result.unchanged for result in results) == [False, True]


KINDS = [
    ("module", "version"), ("module", "source"), ("provider", "alias"), ("provider.aws", ""), ("terraform", ""),
    ("variable", "nullable"), ("data", ""), ("data.aws_ami", "name"), ("resource", ""),
    ("aws_s3_bucket", "force_destroy"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "attribute"), KINDS)
def test_a_new_rule_works_on_any_kind_of_block(tmp_path: Path, kind: str, attribute: str) -> None:
    rules, fixtures = tmp_path / "rules", tmp_path / "fixtures"
    new_rule("set-it", rules, fixtures, kind=kind, attribute=attribute)
    results = test.run_all(fixtures, "set-it", [rules])
    assert [result.problems for result in results] == [(), ()]
    assert {code for result in results for code in result.codes} == set(docstrings.card("set-it", [rules]).codes)


@needs_terraform
def test_the_fixtures_of_every_kind_are_formatted(tmp_path: Path) -> None:
    for number, (kind, attribute) in enumerate(KINDS):
        new_rule(f"rule-{number}", tmp_path / "rules", tmp_path / "fixtures", kind=kind, attribute=attribute)
    texts = [data for case in cases.cases(tmp_path / "fixtures") for data in (case.before | case.after).values()]
    assert formatted(texts) == texts


@pytest.mark.parametrize(
    ("kind", "attribute", "problem"),
    [
        ("modul", "a", "`modul` is not a kind"),
        ("module", "a b", "`a b` is not the name"),
        ("module", "1", "`1` is not the name"),
    ],
)
def test_what_is_no_kind_and_no_attribute_is_refused(tmp_path: Path, kind: str, attribute: str, problem: str) -> None:
    with pytest.raises(HclmodError, match=problem):
        new_rule("set-it", tmp_path / "rules", tmp_path / "fixtures", kind=kind, attribute=attribute)
    assert not list(tmp_path.iterdir())


def test_a_new_rule_loads_with_its_option(tmp_path: Path) -> None:
    new(tmp_path)
    (loaded,) = loading.load(["await-releases"], {"await-releases": {"value": "false"}}, (None, tmp_path / "rules"))
    assert loaded.options == {"value": "false"}
    assert loaded.rule.kinds == ("helm_release",)


def test_a_new_rule_explains_itself(tmp_path: Path) -> None:
    new(tmp_path)
    card = docstrings.card("await-releases", [tmp_path / "rules"])
    assert [option.name for option in card.options] == ["value"]
    assert card.summary
    assert card.why
    assert card.left_alone


@needs_terraform
def test_the_fixtures_of_a_new_rule_are_formatted(tmp_path: Path) -> None:
    new(tmp_path)
    texts = [data for case in cases.cases(tmp_path / "fixtures") for data in (case.before | case.after).values()]
    assert formatted(texts) == texts


def test_the_fixtures_of_a_new_rule_are_as_they_would_be_written(tmp_path: Path) -> None:
    for path in new(tmp_path)[1:]:
        assert txtar.write(txtar.read(path.read_bytes(), str(path))) == path.read_bytes()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    mine, *others = new(tmp_path)
    for path in others:
        path.unlink()
    mine.write_text("mine")
    with pytest.raises(HclmodError, match="exists"):
        new(tmp_path)
    assert mine.read_text() == "mine"
    assert not any(path.exists() for path in others)


def test_fixtures_that_are_there_are_not_overwritten(tmp_path: Path) -> None:
    rule, *cases = new(tmp_path)
    rule.unlink()
    with pytest.raises(HclmodError, match="exists"):
        new(tmp_path)
    assert not rule.exists()
    assert all(path.exists() for path in cases)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "Await",
        "await_releases",
        "await releases",
        "-await",
        "await-",
        "await--it",
        "1st",
        "../await",
        "a/b",
        "été",
        "a\n",
    ],
)
def test_what_is_no_id_is_refused(tmp_path: Path, rule: str) -> None:
    with pytest.raises(HclmodError, match="is not the id of a rule"):
        new(tmp_path, rule)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rule", ["float-image-tag", "pin", "missing-marker"])
def test_the_id_of_a_built_in_rule_of_any_group_is_refused(tmp_path: Path, rule: str) -> None:
    assert rule in folders.every()
    with pytest.raises(HclmodError, match=f"`{rule}` is the id of a built-in rule"):
        new(tmp_path, rule)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rule", ["await", "drop-v2-labels"])
def test_a_short_and_a_numbered_id_will_do(tmp_path: Path, rule: str) -> None:
    assert new(tmp_path, rule)[0].stem == rule.replace("-", "_")


@pytest.mark.parametrize("rule", ["class", "import"])
def test_a_word_of_python_will_do(tmp_path: Path, rule: str) -> None:
    new(tmp_path, rule)
    results = test.run_all(tmp_path / "fixtures", rule, [tmp_path / "rules"])
    assert [result.problems for result in results] == [(), ()]
