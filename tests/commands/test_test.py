"""The cases of rules: where they are found, in which form, and what `--accept` makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod import txtar
from hclmod.commands import test
from hclmod.engine import cases
from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from pathlib import Path

RULE = "drop-helm-atomic"
BEFORE = b'resource "helm_release" "web" {\n  name   = "web"\n  atomic = true\n}\n'
AFTER = b'resource "helm_release" "web" {\n  name = "web"\n}\n'
KEPT = b"locals {}\n"
CHANGES = {
    "case.toml": b"options = {}\n",
    "before/a/main.tf": BEFORE,
    "before/a/kept.tf": KEPT,
    "after/a/main.tf": AFTER,
}


def write(path: Path, files: dict[str, bytes]) -> Path:
    """A case, as a text file where its path says so, else as a folder."""
    if path.suffix == txtar.SUFFIX:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(txtar.write(files))
        return path
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def only(root: Path) -> cases.Case:
    (case,) = cases.cases(root)
    return case


def tree(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        (["drop-helm-atomic/atomic"], ""),
        (["drop-helm-atomic/atomic", "drop-helm-atomic/atomic"], "nothing reported drop-helm-atomic/atomic"),
        (["atomic"], "nothing reported atomic; what was reported:\ndrop-helm-atomic/atomic"),
    ],
)
def test_codes_are_reported_as_often_as_they_are_listed(tmp_path: Path, codes: list[str], problem: str) -> None:
    settings = f"codes = {codes}\n".encode()
    write(tmp_path / RULE / "case.txtar", CHANGES | {"case.toml": settings})
    result = test.run(only(tmp_path))
    assert result.codes == ("drop-helm-atomic/atomic",)
    assert "".join(result.problems).startswith(problem)
    assert bool(result.problems) == bool(problem)


HOMES = [f"{RULE}/case", f"{RULE}/case.txtar", f"{RULE}/topic/case", f"{RULE}/topic/case.txtar", f"{RULE}/topic/v1.2"]


@pytest.mark.parametrize("home", HOMES)
def test_a_case_is_found_in_both_forms_with_and_without_a_topic(tmp_path: Path, home: str) -> None:
    write(tmp_path / home, CHANGES)
    case = only(tmp_path)
    assert case.name == home.removesuffix(".txtar")
    assert case.rule == RULE
    assert case.files == CHANGES
    assert case.before == {"a/main.tf": BEFORE, "a/kept.tf": KEPT}
    assert case.after == {"a/main.tf": AFTER, "a/kept.tf": KEPT}
    assert not test.run(case).problems


def test_cases_are_sorted_and_chosen_by_the_head_of_their_name(tmp_path: Path) -> None:
    names = ["b-rule/x", "a-rule/topic/y", "a-rule/topic/x", "a-rule/z", "a-rule/topic-two/x"]
    for name in names:
        write(tmp_path / f"{name}.txtar", {"before/main.tf": KEPT})
    assert [case.name for case in cases.cases(tmp_path)] == sorted(names, key=lambda name: name.split("/"))
    assert [case.name for case in cases.cases(tmp_path, "b-rule")] == ["b-rule/x"]
    assert [case.name for case in cases.cases(tmp_path, "a-rule/topic")] == ["a-rule/topic/x", "a-rule/topic/y"]
    assert [case.name for case in cases.cases(tmp_path, "a-rule/topic/y")] == ["a-rule/topic/y"]
    for none in ("c-rule", "a-rule/top", "a-rule/topic/x/y", "a", ""):
        assert not list(cases.cases(tmp_path, none))


@pytest.mark.parametrize(
    ("which", "message", "hint"),
    [
        (
            f"{RULE}/topic/csae",
            "has no case drop-helm-atomic/topic/csae",
            "Did you mean `drop-helm-atomic/topic/case`?",
        ),
        ("pin", "has no case pin", "Write RULE, RULE/TOPIC or RULE/TOPIC/CASE."),
        ("drop-helm-atmic/topic", "there is no rule `drop-helm-atmic`", "Did you mean `drop-helm-atomic`?"),
    ],
)
def test_a_name_that_chooses_nothing_is_reported(tmp_path: Path, which: str, message: str, hint: str) -> None:
    write(tmp_path / RULE / "topic" / "case.txtar", {"before/main.tf": KEPT})
    with pytest.raises(HclmodError) as caught:
        test.run_all(tmp_path, which)
    assert message in caught.value.message
    assert caught.value.hint == hint


def test_what_is_no_case_is_nobodys(tmp_path: Path) -> None:
    write(
        tmp_path / RULE / "case",
        {"before/main.tf": KEPT, "notes.md": b"", "before/x.txtar": b"", "before/before/a": b""},
    )
    write(tmp_path / RULE / "notes", {"README.md": b""})
    (tmp_path / RULE / "notes.md").write_text("notes")
    (tmp_path / "README.md").write_text("notes")
    assert set(only(tmp_path).files) == {"before/main.tf", "before/x.txtar", "before/before/a"}


def test_without_an_after_nothing_may_change(tmp_path: Path) -> None:
    write(tmp_path / RULE / "case.txtar", {"before/main.tf": BEFORE})
    result = test.run(only(tmp_path))
    assert result.problems == ("main.tf is not as wanted",)
    assert b"-  atomic = true" in result.diff


def test_an_after_that_no_before_has_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / RULE / "case.txtar", CHANGES | {"after/mian.tf": AFTER})
    assert test.run(only(tmp_path)).problems == ("mian.tf is not as wanted",)


def test_a_malformed_case_is_reported_with_its_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path / RULE / "case.txtar", {"before/main.tf": KEPT})
    path.write_bytes(path.read_bytes() + b"-- afetr/main.tf --\n")
    with pytest.raises(HclmodError) as caught:
        only(tmp_path)
    assert caught.value.message.startswith(f"{path}:3: the section `afetr/main.tf`")


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (b"says = [\n1 2]\n", "case.toml: not TOML: "),
        (b'says = "one text"\n', "case.toml: says: write an array of strings, not a string"),
        (b'phase = "3"\n', "case.toml: phase: write a number, not a string"),
        (b"phase = true\n", "case.toml: phase: write a number, not a boolean"),
        (b"slient = true\n", "case.toml: slient: unknown key; did you mean `silent`?"),
        (b"codes = []\n", "case.toml: `codes = []` expects nothing"),
        (b"options = 1\nrefused = 1\n", "case.toml: refused: write true or false, not a number"),
    ],
)
@pytest.mark.parametrize("home", HOMES[:2])
def test_a_wrong_case_toml_is_reported_at_once(tmp_path: Path, home: str, toml: bytes, told: str) -> None:
    path = write(tmp_path / home, {"case.toml": toml, "before/main.tf": KEPT})
    with pytest.raises(HclmodError) as caught:
        only(tmp_path)
    assert f"{path}: {told}" in caught.value.message


# What is accepted


@pytest.mark.parametrize("home", HOMES)
def test_what_comes_out_is_accepted_as_one_text_file(tmp_path: Path, home: str) -> None:
    write(tmp_path / home, CHANGES | {"after/a/main.tf": b"other\n", "after/a/kept.tf": KEPT})
    assert test.run(only(tmp_path)).problems
    assert not test.run(only(tmp_path), accept=True).problems
    assert tree(tmp_path) == {f"{home.removesuffix('.txtar')}.txtar"}
    assert only(tmp_path).files == CHANGES
    assert not test.run(only(tmp_path)).problems


def test_an_accepted_case_that_changes_nothing_has_no_after(tmp_path: Path) -> None:
    write(tmp_path / RULE / "case", {"before/main.tf": KEPT, "after/main.tf": AFTER})
    assert test.run(only(tmp_path), accept=True).unchanged
    assert (tmp_path / RULE / "case.txtar").read_bytes() == b"-- before/main.tf --\n" + KEPT


def test_an_accepted_case_that_text_cannot_hold_is_a_folder(tmp_path: Path) -> None:
    crlf = {"before/main.tf": BEFORE.replace(b"\n", b"\r\n"), "earlier/main.tf": b"", "case.toml": b""}
    write(tmp_path / RULE / "case", crlf | {"after/gone.tf": b""})
    assert not test.run(only(tmp_path), accept=True).problems
    assert only(tmp_path).files == crlf | {"after/main.tf": AFTER.replace(b"\n", b"\r\n")}
    assert only(tmp_path).path.is_dir()


def test_what_else_lies_in_a_folder_survives_its_new_form(tmp_path: Path) -> None:
    write(tmp_path / RULE / "case", CHANGES | {"notes.md": b"why\n"})
    test.run(only(tmp_path), accept=True)
    assert tree(tmp_path / RULE) == {"case.txtar", "case/notes.md"}
