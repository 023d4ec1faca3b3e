from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.errors import RuleError
from hclmod.rulekit import docstrings, folders, loading
from hclmod.rulekit.docstrings import OptionCard

if TYPE_CHECKING:
    from pathlib import Path

RULE = '''"""Drop `replicas` from deployments.

Why: the scaler owns it,
and every apply fights it.

An aside that belongs to it.

Left alone: `replicas = 0`: somebody switched it off.
"""

raise SystemExit("a rule must not be imported to be listed")


def check(workload, context, /, *, keep: tuple[str, ...] = (), floor: int = 1, loud=False):
    """Yield nothing.

    `keep`: the names that stay,
    as globs.
    `loud`: whether to say so.

    Not `floor`: it speaks for itself.
    """
    yield from ()


def helper(*, hidden: str = ""):
    pass
'''


def write(folder: Path, text: str, name: str = "drop_replicas.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_card_is_read_without_running_the_rule(tmp_path: Path) -> None:
    card = docstrings.read(write(tmp_path, RULE))
    assert card.id == "drop-replicas"
    assert card.summary == "Drop `replicas` from deployments."
    assert card.why == "the scaler owns it, and every apply fights it.\n\nAn aside that belongs to it."
    assert card.left_alone == "`replicas = 0`: somebody switched it off."


def test_where_a_fact_comes_from_is_said(tmp_path: Path) -> None:
    card = docstrings.read(write(tmp_path, RULE.replace("owns it,", "owns it (docs/facts.md, Kyverno 2),")))
    assert (
        card.why
        == "the scaler owns it (docs/facts.md, Kyverno 2), and every apply fights it.\n\nAn aside that belongs to it."
    )


def test_options_are_shown_as_the_source_writes_them(tmp_path: Path) -> None:
    assert docstrings.read(write(tmp_path, RULE)).options == (
        OptionCard("keep", "tuple[str, ...]", "()", "The names that stay, as globs."),
        OptionCard("floor", "int", "1"),
        OptionCard("loud", "bool", "False", "Whether to say so."),
    )


def test_a_rule_without_options_has_none(tmp_path: Path) -> None:
    text = RULE.replace(", *, keep: tuple[str, ...] = (), floor: int = 1, loud=False", "")
    assert docstrings.read(write(tmp_path, text)).options == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("summary", RULE.replace(RULE.split('"""')[1], "")),
        ("summary", RULE.split('"""', 2)[2]),
        ("Why", RULE.replace("Why: ", "Because ")),
        ("Why", RULE.replace("Why: the scaler owns it,\nand every apply fights it.", "Why: ")),
        ("Left alone", RULE.replace("Left alone: ", "Kept: ")),
        ("Left alone", RULE.replace("\n\nLeft alone: ", "\nLeft alone: ")),
    ],
)
def test_a_missing_part_of_the_docstring_is_named(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(RuleError, match=f"rule `drop-replicas` has no '{name}' in its docstring") as raised:
        docstrings.read(write(tmp_path, text))
    assert raised.value.hint


def test_text_that_is_no_python_is_reported_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"drop_replicas\.py, line 3: "):
        docstrings.read(write(tmp_path, '"""Drop."""\n\ndef check(:\n'))


def test_rules_of_a_folder_are_listed_beside_the_built_in_ones_without_running_them(tmp_path: Path) -> None:
    write(tmp_path, RULE)
    write(tmp_path, "raise SystemExit", "_shared.py")
    listed = [card.id for card in docstrings.cards([tmp_path])]
    assert listed == sorted([*folders.every(), "drop-replicas"])
    assert docstrings.card("drop-replicas", [tmp_path]).summary == "Drop `replicas` from deployments."


def test_cards_are_grouped_by_who_runs_them(tmp_path: Path) -> None:
    write(tmp_path, RULE)
    groups = {
        group: [card.id for card in cards] for group, cards in docstrings.by_group(docstrings.cards([tmp_path])).items()
    }
    assert list(groups) == [
        "Rules about pipelines, which `hclmod ci` runs",
        "Rules of a phase, one file each",
        "Rules of your own",
        "Rules that `hclmod audit` runs on everything",
        "Rules that a command of the same name runs on one workload that a person names",
    ]
    _, phase, own, audit, command = groups.values()
    assert phase == list(folders.available())
    assert own == ["drop-replicas"]
    assert audit == list(folders.group("audit"))
    assert "pin" in command


def test_list_and_explanation_agree_on_a_rule_that_has_the_name_of_a_built_in_one(tmp_path: Path) -> None:
    write(tmp_path, RULE, "drop_helm_atomic.py")
    cards = {card.id: card for card in docstrings.cards([tmp_path])}
    assert cards["drop-helm-atomic"] == docstrings.card("drop-helm-atomic", [tmp_path])


def test_an_unknown_rule_is_answered_with_the_nearest() -> None:
    with pytest.raises(RuleError, match="no rule `drop-helm-atomics`") as raised:
        docstrings.card("drop-helm-atomics")
    assert raised.value.hint == "Did you mean `drop-helm-atomic`?"


@pytest.mark.parametrize("rule", folders.every())
def test_a_built_in_rule_explains_itself(rule: str) -> None:
    card = docstrings.card(rule)
    assert card.summary.endswith(".")
    assert card.why
    assert card.left_alone


@pytest.mark.parametrize("rule", folders.every())
def test_the_options_of_a_card_are_those_of_the_rule(rule: str) -> None:
    (loaded,) = loading.load([rule], {})
    known = {name: str(option.annotation) for name, option in loaded.rule.options().items()}
    assert {option.name: option.type for option in docstrings.card(rule).options} == known
    assert [option.name for option in docstrings.card(rule).options if not option.about] == []


def test_an_option_is_shown_in_plain_words() -> None:
    assert OptionCard("keep", "tuple[str, ...]", "()").plain_type == "a list of texts"
    defaults = ["()", "True", '"x"', '""', 'Address("")', 'Address("a/b.c")', "3"]
    shown = [OptionCard("x", "str", each).plain_default for each in defaults]
    assert shown == ["", "true", '"x"', "", "", '"a/b.c"', "3"]
