"""Rules are found, loaded and given their options; somebody else's only where the caller names their folder."""

from __future__ import annotations

import pathlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hclmod.errors import ConfigError, RuleError
from hclmod.rulekit import folders, loading

if TYPE_CHECKING:
    from pathlib import Path

RULE = '''"""A rule."""
{future}
from hclmod.rulekit import Rule

def check(block, context, /, *, word: str = "a", flag: bool = True, number: int = 1, names: tuple[str, ...] = ()):
    yield from ()

rule = Rule(check, kinds=("x_y",))
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my_rule.py").write_text(RULE.format(future="from __future__ import annotations"))
    return tmp_path


def test_ids_are_file_names_sorted_and_helpers_are_none(folder: Path) -> None:
    for name in ("_helper.py", "a_rule.py", "README.md", "Upper.py", "z.pyc"):
        (folder / name).write_text("")
    assert list(folders.available(folder)) == ["a-rule", "my-rule"]
    assert list(folders.available()) == sorted(folders.available())
    assert "float-image-tag" in folders.available()


def test_built_in_rules_all_load() -> None:
    rules = loading.load(None, {})
    assert [each.id for each in rules] == list(folders.available())
    assert all(each.options == {} for each in rules)


def test_rules_come_in_the_order_that_is_asked_for(folder: Path) -> None:
    ids = ["ignore-keel-drift", "my-rule", "drop-helm-atomic"]
    assert [each.id for each in loading.load(ids, {}, (None, folder))] == ids
    assert loading.load([], {}) == ()


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("drop-helm-atomics", "Did you mean `drop-helm-atomic`?"),
        ("drop_helm_atomic", "Did you mean `drop-helm-atomic`?"),
        ("zzz", "Known rules: "),
        ("_keel", "Known rules: "),
        ("../etc", "Known rules: "),
        ("", "Known rules: "),
    ],
)
def test_an_unknown_rule_is_reported_with_the_nearest(rule: str, hint: str) -> None:
    with pytest.raises(RuleError) as raised:
        loading.load([rule], {})
    assert f"there is no rule `{rule}`" in raised.value.message
    assert hint in raised.value.hint


def test_a_users_rule_is_loaded_only_from_a_folder_that_is_named(folder: Path) -> None:
    with pytest.raises(RuleError):
        loading.load(["my-rule"], {})
    assert folders.find("my-rule", (None, folder)) == folder / "my_rule.py"


def test_a_folder_that_is_not_there_is_reported(folder: Path) -> None:
    with pytest.raises(RuleError, match="there is no folder of rules"):
        loading.load(["drop-helm-atomic"], {}, (None, folder / "typo"))


@pytest.mark.parametrize("future", ["from __future__ import annotations", ""])
@pytest.mark.parametrize(
    ("option", "given", "wanted"),
    [
        ("word", "b", "b"),
        ("word", "", ""),
        ("flag", False, False),
        ("flag", "false", False),
        ("flag", "Yes", True),
        ("flag", "0", False),
        ("number", 7, 7),
        ("number", "-7", -7),
        ("names", ["a", "b"], ("a", "b")),
        ("names", [], ()),
        ("names", "a, b,,c ", ("a", "b", "c")),
        ("names", "", ()),
    ],
)
def test_options_from_toml_and_from_the_command_line(
    tmp_path: Path, future: str, option: str, given: object, wanted: object
) -> None:
    (tmp_path / "my_rule.py").write_text(RULE.format(future=future))
    (rule,) = loading.load(["my-rule"], {"my-rule": {option: given}}, (tmp_path,))
    assert rule.options == {option: wanted}
    assert type(rule.options[option]) is type(wanted)


@pytest.mark.parametrize(
    ("option", "given", "wants"),
    [
        ("word", 1, "a text"),
        ("word", ["a"], "a text"),
        ("flag", "maybe", "true or false"),
        ("flag", 1, "true or false"),
        ("number", True, "a whole number"),
        ("number", "1.5", "a whole number"),
        ("number", 1.5, "a whole number"),
        ("number", "--5", "a whole number"),
        ("number", "-", "a whole number"),
        ("number", "", "a whole number"),
        ("names", ["a", 1], "a list of texts"),
        ("names", {"a": "b"}, "a list of texts"),
        ("names", 3, "a list of texts"),
    ],
)
def test_options_of_another_type_are_reported(folder: Path, option: str, given: object, wants: str) -> None:
    with pytest.raises(RuleError) as raised:
        loading.load(["my-rule"], {"my-rule": {option: given}}, (folder,))
    assert f"option `my-rule.{option}` wants {wants}, not {given!r}" in str(raised.value)


def test_an_option_that_the_rule_lacks(folder: Path) -> None:
    with pytest.raises(RuleError) as raised:
        loading.check_options({"my-rule": {"wrod": "a"}}, (folder,))
    assert "Did you mean `word`?" in raised.value.hint
    with pytest.raises(RuleError, match="there is no rule"):
        loading.check_options({"my-rul": {}}, (folder,))
    loading.check_options({"my-rule": {"word": "a"}}, (folder,))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def", "SyntaxError"),
        ("import nowhere_at_all", "ModuleNotFoundError"),
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("x = 1", "exports no `rule`"),
        ("rule = 'x'", "exports no `rule`"),
        ("from hclmod.rulekit import Rule as rule", "exports no `rule`"),
        ("from ._missing import x", "ModuleNotFoundError"),
    ],
)
def test_a_rule_that_does_not_load_is_reported_by_name(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bad_one.py").write_text(text)
    with pytest.raises(RuleError, match="rule `bad-one` does not load") as raised:
        loading.load(["bad-one"], {}, (tmp_path,))
    assert said in str(raised.value)


def test_rules_of_a_folder_share_helpers_and_folders_do_not_mix(tmp_path: Path) -> None:
    loaded: list[loading.Loaded] = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "_helper.py").write_text(f"KINDS = ('x_{name}',)\n")
        (folder / "mine.py").write_text(
            "from hclmod.rulekit import Rule\nfrom ._helper import KINDS\n"
            "def check(block, context, /):\n    yield from ()\nrule = Rule(check, kinds=KINDS)\n"
        )
        loaded += loading.load(["mine"], {}, (None, folder))
    assert [each.rule.kinds for each in loaded] == [("x_one",), ("x_two",)]


def test_facts_about_the_cluster_are_no_options() -> None:
    loading.check_options({"*": {"keel_version": "0.21.1"}, "ignore-keel-drift": {"exempt": ["a"]}})
    with pytest.raises(ConfigError, match="keel_versoin is not a fact about the cluster"):
        loading.check_options({"*": {"keel_versoin": "0.21.1"}})


def test_rules_of_subfolders_wait_until_they_are_named() -> None:
    commands = {
        "pin", "unpin", "opt-out", "owners", "story", "unenroll-namespace", "move-image", "foundation", "conventions",
        "stale-tag-description", "rolled-by-enrolment",
    }  # fmt: skip
    assert commands == set(folders.group("commands"))
    assert "missing-marker" in folders.group("audit")
    waiting = {*folders.group("commands"), *folders.group("audit"), *folders.group("ci")}
    assert not waiting & set(folders.available())
    assert waiting | set(folders.available()) == set(folders.every())
    assert [each.id for each in loading.load(["pin", "missing-marker"], {})] == ["pin", "missing-marker"]
    assert folders.find("pin").parent.name == "commands"


def test_subfolders_of_a_folder_that_a_person_names_are_not_searched(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "evil.py").write_text("raise SystemExit")
    assert folders.every(tmp_path) == {}


def test_a_relative_folder_is_that_of_the_folder_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, kind in (("one", "x_one"), ("two", "x_two")):
        (tmp_path / name / "rules").mkdir(parents=True)
        (tmp_path / name / "rules/my_rule.py").write_text(RULE.format(future="").replace("x_y", kind))
        monkeypatch.chdir(tmp_path / name)
        (rule,) = loading.load(["my-rule"], {}, (pathlib.Path("rules"),))
        assert rule.rule.kinds == (kind,)


def test_listing_runs_no_code(tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert list(folders.available(tmp_path)) == ["evil"]
    assert folders.find("evil", (tmp_path,)).name == "evil.py"
    assert not (tmp_path / "ran").exists()


def test_loading_built_in_rules_imports_nothing_slow() -> None:
    script = (
        "import sys; from hclmod.rulekit import loading; loading.load(None, {});"
        "print(sorted({'git', 'click', 'libcst', 'hcl2', 'pygohcl', 'regex'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_rule_of_ones_own_is_blamed_and_a_built_in_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from hclmod.rulekit import Rule\ndef check(block, context, /):\n    yield from block.nothing\n"
        'rule = Rule(check, kinds=("x_y",))\n'
    )
    (own,) = loading.load(["mine"], {}, (None, tmp_path))
    (built,) = loading.load(["float-image-tag"], {})
    for loaded, said in ((own, "rule mine failed at mine.py:3: AttributeError: 'NoneType' object has"), (built, "")):
        with pytest.raises(AttributeError) as caught:
            list(loaded.rule.check(None, None))
        assert loading.blame(caught.value, (own, built)).startswith(said)
        assert bool(loading.blame(caught.value, (own, built))) == bool(said)
