"""Reports for the tests of renderings: one with everything, one of hostile text, and one of the demo."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from hclmod.reports.diff import hunks
from hclmod.reports.model import Cell, Document, Hunk, Item, Kind, Outcome, Report, Section, Stack, Step

if TYPE_CHECKING:
    from collections.abc import Callable

EVIL = (
    "```", "``````\n</details>", "</details>", "@team", "<script>alert(1)</script>", "\u202egpj.exe", "\0", "#12",
    "<!-- hclmod: x -->", "-->", "]](http://evil.example)", "![x](http://evil.example/x.png)", "\n\n# heading\n", "&",
    "| a |", "&lt;b&gt;", "::error::x", "%0A", "\r", "\x1b[2J", "\udcff", "~~~\n", "<img src=x onerror=alert(1)>",
    "`", "``", "\u2028", "\u200b", "https://evil.example/", "user/repo#1", "$a^2$", ":tada:", "/close", "[ ] x",
    "_b_", "\\", "*a*", "!7", '"', "'", "www.evil.example", "a@evil.example",
)  # fmt: skip


def item(kind: Kind, rule: str = "some-rule", line: int = 1, **more: str) -> Item:
    words = {"address": "kubernetes_deployment.a", "message": "a message", **more}
    return Item(
        id=f"{line:012x}", kind=kind, rule=rule, code=f"{rule}/cause",
        address=words["address"], line=line, message=words["message"],
        effect=words.get("effect", ""), origins=(), before="", after="", cells=(),
    )  # fmt: skip


def document(
    path: str,
    outcome: Outcome,
    *items: Item,
    why: tuple[str, ...] = (),
    lines: tuple[Hunk, ...] = (),
    is_bug: bool = False,
    judge: str = "judge 1",
) -> Document:
    judges = (judge,) if outcome is Outcome.CHANGED else ()
    return Document(
        path=path, outcome=outcome, why=why, judges=judges, items=items, hunks=lines, hidden=False,
        is_bug=is_bug,
    )  # fmt: skip


def full(text: Callable[[str], str] = lambda plain: plain) -> Report:
    """A report with everything that there can be; `text` is asked for each text."""
    path = text("s/main.tf")
    lines = hunks(f"a\n{text('b')}\nc\n".encode(errors="replace"), b"a\nB\nc")
    change = Item(
        id="0123456789ab", kind=Kind.CHANGE, rule=text("some-rule"), code=text("some-rule/cause"),
        address=text("x.a"), line=2,
        message=text("is done"), effect=text("rolls the pods"), origins=(text("image -> var.tag"),),
        before=text("b"), after=text("B"), cells=(Cell(text("run"), text("kubectl rollout undo")),),
    )  # fmt: skip
    person = item(Kind.PERSON, text("some-rule"), 7, address=text("x.b"), message=text("look at it"))
    left = item(Kind.LEFT, text("some-rule"), 8, address=text("x.c"), message=text("is fine"))
    documents = (
        document(path, Outcome.CHANGED, change, person, left, lines=lines, judge=text("judge 1")),
        document(f"{path}1", Outcome.SKIPPED, why=(text("generated"),)),
        document(f"{path}2", Outcome.REFUSED, item(Kind.TRIED, message=text("tried")), why=(text("x was changed"),)),
        document(f"{path}3", Outcome.FAILED, why=(text("Traceback"), text("ZeroDivisionError: x")), is_bug=True),
        document(f"{path}4", Outcome.UNCHANGED, item(Kind.LEFT, line=3, message=text("fine"))),
    )
    stacks = (Stack(text("s"), documents), Stack("", ()))
    section = Section(3, text("Title"), (text("some-rule"), "other"), stacks)
    steps = (Step(1, text("First"), done=True), Step(3, text("Title"), done=False))
    return Report(text("0.1.0"), (section, Section(None, "", ("other",), ())), steps)


@cache
def big(stacks: int = 40, people: int = 5, diff_lines: int = 400) -> Report:
    """A report too large for a comment."""
    found = []
    for number in range(stacks):
        path = f"stacks/s{number}/main.tf"
        before = "".join(f"line {each}\n" for each in range(diff_lines)).encode()
        lines = hunks(before, before.replace(b"line", b"LINE"))
        items = [item(Kind.CHANGE, line=each + 1, message=f"change {each} of s{number}") for each in range(5)]
        items += [item(Kind.PERSON, line=each + 9, message=f"person {each} of s{number}") for each in range(people)]
        refused = document(f"{path}.refused.tf", Outcome.REFUSED, why=(f"refusal of s{number}",))
        found.append(Stack(f"stacks/s{number}", (document(path, Outcome.CHANGED, *items, lines=lines), refused)))
    return Report("0.1.0", (Section(3, "Large", ("some-rule",), tuple(found)),))


hostile = st.lists(st.sampled_from(EVIL) | st.text(max_size=8), max_size=6).map("".join)
"""Texts that want to break out."""


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """A full report in which any text may be hostile."""
    return full(lambda plain: draw(st.just(plain) | hostile))
