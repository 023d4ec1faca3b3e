"""One document until it is settled, with small rules made for each case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.config import file
from hclmod.engine.outcomes import Changed, Outcome, Refused, Unchanged
from hclmod.engine.settle import settle
from hclmod.engine.texts import Hcl
from hclmod.hcl import fixes
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.images.evidence import Snapshot
from hclmod.rulekit.loading import Loaded
from hclmod.rulekit.rule import Context, Finding, Level, Rule, change, note, warn
from tests.support.hcl import formatted, needs_terraform, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hclmod.hcl.views import Block

    Check = Callable[[Block, Context], Iterator[Finding]]

CONTEXT = Context(config=file.parse(b"", "hclmod.toml"), tags=Snapshot({}))
TEXT = 'resource "x" "a" {\n  # keep\n  list = [one] # why\n  n    = 1\n}\n'


def loaded(name: str, check: Check) -> Loaded:
    return Loaded(name, Rule(check, kinds=("x",)), {})


def settled(text: str, *checks: Check) -> Outcome:
    rules = [loaded(check.__name__.replace("_", "-"), check) for check in checks]
    return settle(Hcl(source(text), lambda _rule, _block: True), rules, CONTEXT)


def ensures(name: str, item: str) -> Check:
    def check(block: Block, _context: Context) -> Iterator[Finding]:
        make = lambda: fixes.ensure_items(block, "list", [item])  # noqa: E731
        yield change(block.title, "joins", f"{item} joins", make, effect="nothing")

    check.__name__ = name
    return check


def sets(name: str, value: bytes) -> Check:
    def check(block: Block, _context: Context) -> Iterator[Finding]:
        make = lambda: fixes.ensure_attribute(block, "n", value)  # noqa: E731
        yield change(block.title, "value", f"n becomes {value.decode()}", make)

    check.__name__ = name
    return check


def test_two_rules_that_edit_one_list_both_land() -> None:
    outcome = settled(TEXT, ensures("first", "two"), ensures("second", "three"))
    assert isinstance(outcome, Changed)
    assert outcome.after == (
        b'resource "x" "a" {\n  # keep\n  list = [\n    one, # why\n    two,\n    three,\n  ]\n  n = 1\n}\n'
    )
    assert [each.rule for each in outcome.applied] == ["first", "second"]
    assert outcome.left == ()
    again = settled(outcome.after.decode(), ensures("first", "two"), ensures("second", "three"))
    assert isinstance(again, Unchanged)
    assert [each.code for each in again.left] == ["first/nothing-to-do", "second/nothing-to-do"]
    assert again.left[0].finding.message == "nothing to do: two joins"


def test_what_a_later_round_finds_has_the_line_of_the_document_as_it_was() -> None:
    text = 'resource "x" "a" {\n  list = [one]\n}\n\nresource "x" "b" {\n  list = [one]\n  n    = 1\n}\n'
    outcome = settled(text, ensures("first", "two"), ensures("second", "three"))
    assert isinstance(outcome, Changed)
    assert [(each.rule, each.line) for each in outcome.applied] == [
        ("first", 1), ("first", 5), ("second", 1), ("second", 5),
    ]  # fmt: skip
    assert outcome.after.index(b'"b"') > len(text.partition('"b"')[0]), "the first fix moved what the second one found"


def test_identical_edits_merge_into_one() -> None:
    outcome = settled(TEXT, ensures("first", "two"), ensures("second", "two"))
    assert isinstance(outcome, Changed)
    assert outcome.after.count(b"two") == 1
    assert [each.rule for each in outcome.applied] == ["first", "second"]


def test_the_order_of_the_rules_is_the_order_in_the_list() -> None:
    outcome = settled(TEXT, ensures("second", "three"), ensures("first", "two"))
    assert isinstance(outcome, Changed)
    assert outcome.after.index(b"three") < outcome.after.index(b"two")


@needs_terraform
def test_what_was_formatted_stays_formatted() -> None:
    outcome = settled(TEXT, ensures("first", "two"), sets("third", b"1000"))
    assert isinstance(outcome, Changed)
    assert formatted([outcome.after]) == [outcome.after]


def test_rules_that_fight_are_refused_by_name() -> None:
    outcome = settled(TEXT, sets("up", b"2"), ensures("calm", "two"), sets("down", b"3"))
    assert isinstance(outcome, Refused)
    assert outcome.path == "main.tf"
    assert outcome.why == ("not settled after 10 rounds; these rules undo each other or themselves: down, up",)


def grows(block: Block, _context: Context) -> Iterator[Finding]:
    n = block.attributes["n"]
    yield Finding(span=n.span, code="test", message="more", fix=fixes.replace(n.value, n.value.text.encode() + b"0"))


def idles(block: Block, _context: Context) -> Iterator[Finding]:
    yield Finding(span=block.span, code="test", message="nothing", fix=Fix((), ()))


def rewrites_in_place(block: Block, _context: Context) -> Iterator[Finding]:
    n = block.attributes["n"]
    yield Finding(span=n.span, code="test", message="same", fix=fixes.replace(n.value, n.value.text.encode()))


@pytest.mark.parametrize("check", [grows, idles, rewrites_in_place])
def test_a_rule_that_never_ends_is_refused(check: Check) -> None:
    outcome = settled(TEXT, check)
    assert isinstance(outcome, Refused)
    assert check.__name__.replace("_", "-") in outcome.why[0]


def lies(block: Block, _context: Context) -> Iterator[Finding]:
    n = block.attributes.get("n")
    if n is not None:
        declared = (Declared(f"{block.path}.list", Effect.CHANGED),)
        yield Finding(span=n.span, code="test", message="lie", fix=Fix((Edit(n.span, b"m = 1"),), declared))


def breaks(block: Block, _context: Context) -> Iterator[Finding]:
    n = block.attributes["n"]
    if n.value.text == "1":
        yield Finding(span=n.span, code="test", message="break", fix=fixes.replace(n.value, b"2 q = 3"))


def loses_a_comment(block: Block, _context: Context) -> Iterator[Finding]:
    n = block.attributes.get("n")
    if n is not None and n.value.text == "1":
        start = block.span.start + len('resource "x" "a" {')
        fix = fixes.replace(n.value, b"2") + Fix((Edit(Span(start, start + len("\n  # keep")), b""),), ())
        yield Finding(span=n.span, code="test", message="oops", fix=fix)


@pytest.mark.parametrize(
    ("check", "said"),
    [(lies, "was to be changed and is as before"), (breaks, "Missing newline"), (loses_a_comment, "# keep")],
)
def test_what_is_not_proven_is_refused(check: Check, said: str) -> None:
    outcome = settled(TEXT, check)
    assert isinstance(outcome, Refused)
    assert said in "\n".join(outcome.why)
    assert [each.finding.address for each in outcome.applied] == ["x.a"]


def overlaps(block: Block, _context: Context) -> Iterator[Finding]:
    n = block.attributes["n"].span
    yield Finding(span=n, code="test", message="twice", fix=Fix((Edit(n, b"n = 2"), Edit(n, b"n = 3")), ()))


def raises(_block: Block, _context: Context) -> Iterator[Finding]:
    raise ZeroDivisionError("the rule's own")
    yield


def test_what_a_rule_raises_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        settled(TEXT, raises)
    with pytest.raises(ValueError, match="overlaps"):
        settled(TEXT, overlaps)


@pytest.mark.parametrize(
    ("comment", "changes"),
    [
        ("# hclmod: ignore[up] on purpose", False),
        ("// hclmod: ignore[up] on purpose", False),
        ("/* hclmod: ignore[up] on purpose */", False),
        ("# hclmod: ignore[other, up] on purpose", False),
        ("# hclmod: ignore[up]", True),
        ("# hclmod: ignore[other] on purpose", True),
        ("# hclmod: ignore[] on purpose", True),
        ("# hclmod: ignore up on purpose", True),
        ("# a word on hclmod: ignore[up] on purpose", True),
    ],
)
@pytest.mark.parametrize("place", ['{c}\nresource "x" "a" {{\n  n = 1\n}}\n'])
def test_suppressions(comment: str, changes: bool, place: str) -> None:  # noqa: FBT001
    outcome = settled(place.format(c=comment), sets("up", b"2"))
    assert isinstance(outcome, Changed if changes else Unchanged)
    if isinstance(outcome, Unchanged):
        (left,) = outcome.left
        assert left.finding.level is Level.NOTE
        assert left.finding.fix is None
        assert left.finding.message == "suppressed (on purpose): n becomes 2"
    elif comment.endswith("ignore[up]"):
        assert "does not count" in outcome.applied[0].finding.message


def test_a_suppression_is_of_one_place() -> None:
    text = 'resource "x" "a" {\n  n = 1\n}\n\n# hclmod: ignore[up] mine\nresource "x" "b" {\n  n = 1\n}\n'
    outcome = settled(text, sets("up", b"2"))
    assert isinstance(outcome, Changed)
    assert outcome.after == text.encode().replace(b"n = 1", b"n = 2", 1)


def tells(block: Block, _context: Context) -> Iterator[Finding]:
    for nested in block.blocks("c"):
        yield warn(nested, "nested", "look here")
    yield note(block.attributes["z"], "left", "left")


def test_what_is_left_stands_on_the_lines_of_the_document_as_it_was() -> None:
    text = 'resource "x" "a" {\n  list = [one]\n  c {}\n  c {}\n  z = 1\n}\n'
    outcome = settled(text, tells, ensures("first", "two"))
    assert isinstance(outcome, Changed)
    assert outcome.after.count(b"\n") > text.count("\n")
    assert [(each.line, each.finding.message) for each in outcome.left] == [
        (3, "look here"),
        (4, "look here"),
        (5, "left"),
    ]


def test_a_rule_is_offered_only_its_kinds_and_what_is_selected() -> None:
    text = 'data "x" "d" {\n  n = 1\n}\nresource "y" "a" {\n  n = 1\n}\nresource "x" "b" {\n  n = 1\n}\n'
    rules = [loaded("up", sets("up", b"2"))]
    one = settle(Hcl(source(text), lambda _rule, block: block.address == "x.b"), rules, CONTEXT)
    none = settle(Hcl(source(text), lambda _rule, _block: False), rules, CONTEXT)
    assert isinstance(one, Changed)
    assert one.after == text.encode().replace(b'"b" {\n  n = 1', b'"b" {\n  n = 2')
    assert none == Unchanged("main.tf")


def test_a_finding_knows_its_place_and_the_lines_of_its_fix() -> None:
    outcome = settled('resource "x" "a" {\n  n = 1\n}\n', sets("up", b"2"))
    assert isinstance(outcome, Changed)
    (found,) = outcome.applied
    assert (found.where, found.before, found.after) == ("resource.x.a[0]", "  n = 1", "  n = 2")
