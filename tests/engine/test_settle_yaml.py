"""A document of YAML until it is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.config.file import parse
from hclmod.engine.outcomes import Changed, Refused, Unchanged
from hclmod.engine.settle import settle
from hclmod.engine.texts import Yaml
from hclmod.hcl.document import Document
from hclmod.images.evidence import Snapshot
from hclmod.rulekit.loading import Loaded
from hclmod.rulekit.places import AffectedImage, Place
from hclmod.rulekit.rule import Context, Finding, ImageHooks, Rule, change
from hclmod.terraform.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.engine.outcomes import Outcome
    from hclmod.rulekit.literals import Literal

DATA = b"a:\n  image: q/web:1\nb:\n  image: q/web:1 # c\n"


def rule(text: str, *, rests: bool = True) -> Loaded:
    def at_places(literal: Literal, _place: Place, _context: Context, /) -> Iterator[Finding]:
        wanted = text if rests else f"{literal.text}0"
        if literal.text != wanted:
            yield change(literal, "value", f"{literal.text} {literal.comments}", lambda: literal.write(wanted))

    return Loaded("r", Rule(lambda *_: iter(()), kinds=(), images=ImageHooks(at_places=at_places)), {})


def settled(loaded: Loaded, *places: Place, data: bytes = DATA) -> Outcome:
    context = Context(config=parse(b"", "hclmod.toml"), tags=Snapshot({}), places=places)
    return settle(Yaml(Document("v.yaml", data)), [loaded], context)


def place(scalar: int, why: str = "") -> Place:
    image = AffectedImage(
        id=ResourceId("s", "", "s", "x.y"), label="values file", kind="helm_release", phase=None, before="", after=""
    )
    return Place(document="v.yaml", path="", text="q/web:1", images=(image,), scalar=scalar, why=why, line=4)


def test_every_place_is_written_once() -> None:
    found = settled(rule("q/web:2"), place(0), place(1))
    assert isinstance(found, Changed)
    assert found.after == b"a:\n  image: q/web:2\nb:\n  image: q/web:2 # c\n"
    assert [each.line for each in found.applied] == [2, 4]
    assert found.applied[1].finding.message == "q/web:1 ('# c',)"


def test_nothing_to_do_and_places_that_are_gone() -> None:
    assert settled(rule("q/web:1"), place(0)) == Unchanged("v.yaml")
    assert settled(rule("q/web:2"), place(7)) == Unchanged("v.yaml")


def test_a_place_that_cannot_be_written_is_reported_on_its_line() -> None:
    found = settled(rule("q/web:2"), place(0, why="it is computed"))
    assert isinstance(found, Unchanged)
    (left,) = found.left
    assert (left.line, left.finding.message) == (4, "not done: q/web:1 (): it is computed")


@pytest.mark.parametrize("comment", ["# hclmod: ignore[r] for now", "# hclmod: ignore[other, r] for now"])
def test_a_comment_puts_it_to_rest(comment: str) -> None:
    found = settled(rule("q/web:2"), place(0), data=f"image: q/web:1 {comment}\n".encode())
    assert isinstance(found, Unchanged)
    assert found.left[0].finding.message.startswith("suppressed (for now): ")


def test_a_rule_that_never_rests_is_refused() -> None:
    found = settled(rule("", rests=False), place(0))
    assert isinstance(found, Refused)
    assert found.why == ("not settled after 10 rounds; these rules undo each other or themselves: r",)
