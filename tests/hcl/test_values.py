"""What an expression says, and which bytes each piece of a quoted string is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hclmod.hcl import syntax, values
from hclmod.hcl.document import Document
from hclmod.hcl.source import Source
from hclmod.hcl.values import Call, Choice, For, List, LongText, Object, Opaque, Reference, Template, Text, Value
from hclmod.hcl.views import Expression, top_level
from tests.support.hcl import HOSTILE
from tests.support.trees import source

if TYPE_CHECKING:
    from pathlib import Path


def expression(text: str) -> Expression:
    return top_level(source("s/main.tf", f"a = {text}\n"))[0]["a"].value


READ = {
    '"nginx:1"': Text("nginx:1", 0),
    '""': Text("", None),
    '"a\\"b"': Text('a"b', 0),
    '"$${x}"': Text("${x}", 0),
    '"\\u00e9"': Text("é", 0),
    "17": Text("17", None),
    "1.10": Text("1.1", None),
    "1.0": Text("1", None),
    "100": Text("100", None),
    "true": Text("true", None),
    "null": Text("null", None),
    "(17)": Text("17", None),
    "-17": Opaque("-17"),
    '"a${b.c}d"': Template((Text("a", 0), Reference(("b", "c"), "b.c"), Text("d", 1))),
    '"${b.c}"': Template((Reference(("b", "c"), "b.c"),)),
    '" ${b.c} "': Template((Text(" ", 0), Reference(("b", "c"), "b.c"), Text(" ", 1))),
    '"a ${~ b.c ~} d"': Opaque('"a ${~ b.c ~} d"'),
    '"%{ if x }a%{ endif }"': Opaque('"%{ if x }a%{ endif }"'),
    "a": Reference(("a",), "a"),
    'a.b["c"][0].d': Reference(("a", "b", "c", 0, "d"), 'a.b["c"][0].d'),
    "a.0.b": Reference(("a", 0, "b"), "a.0.b"),
    "a.0.1": Reference(("a", 0, 1), "a.0.1"),
    'a["0"]': Reference(("a", "0"), 'a["0"]'),
    "a[b.c]": Reference(("a", Reference(("b", "c"), "b.c")), "a[b.c]"),
    "(a.b).c": Reference((Reference(("a", "b"), "a.b"), "c"), "(a.b).c"),
    "f(a).b": Reference((Call("f", (Reference(("a",), "a"),), "f(a)"), "b"), "f(a).b"),
    "a.*.b": Opaque("a.*.b"),
    "a[*].b": Opaque("a[*].b"),
    '{ a = "x", "b" : 1, (c) = 2 }': Object((("a", Text("x", 0)), ("b", Text("1", None)), (None, Text("2", None)))),
    '{ "${a}-b" = 1 }': Object(((None, Text("1", None)),)),
    '{ 1 = "x" }': Object((("1", Text("x", 0)),)),
    "{}": Object(()),
    '["x", 1]': List((Text("x", 0), Text("1", None))),
    "[]": List(()),
    "[for x in y : x]": For(
        "[for x in y : x]", names=("x",), over=Reference(("y",), "y"), value=Reference(("x",), "x")
    ),
    'a ? "x" : (b ? "y" : "z")': Choice((Text("x", 0), Choice((Text("y", 1), Text("z", 2))))),
    'a == "q" ? "x" : "y"': Choice((Text("x", 1), Text("y", 2))),
    "f()": Call("f", (), "f()"),
    'f("x", [1])': Call("f", (Text("x", 0), List((Text("1", None),))), 'f("x", [1])'),
    "p::n::f(1)": Call("p::n::f", (Text("1", None),), "p::n::f(1)"),
    "1 + 2": Opaque("1 + 2"),
}


@pytest.mark.parametrize(("text", "value"), READ.items(), ids=READ)
def test_what_an_expression_says(text: str, value: Value) -> None:
    assert values.read(expression(text)) == value


def test_comments_say_nothing() -> None:
    assert values.read(expression("[\n  # one\n  1, /* two */\n  # three\n]")) == List((Text("1", None),))
    assert values.read(expression("( /* a */ 1 /* b */ )")) == Text("1", None)


def test_a_heredoc_is_shown_as_it_is_written() -> None:
    heredoc = values.read(expression("<<EOT\nx\nEOT"))
    assert isinstance(heredoc, LongText)
    assert heredoc.text == "<<EOT\nx\nEOT"


def test_a_definition_knows_where_it_stands() -> None:
    (block,) = top_level(source("s/x.tf", '# é\nlocals {\n  a = [\n    "x",\n  ]\n}\n'))[1]
    found = values.definition(block.attributes["a"].value)
    assert (found.document, found.path, found.line) == ("s/x.tf", "locals[0].a", 3)
    assert isinstance(found.value, List)
    assert [item.line for item in found.value.items if isinstance(item, Text)] == [4]


def test_the_last_of_equal_keys_wins_unless_a_computed_one_follows() -> None:
    assert Object((("a", Text("1", 0)), ("a", Text("2", 1)))).get("a") == Text("2", 1)
    assert Object(((None, Text("1", 0)), ("a", Text("2", 1)))).get("a") == Text("2", 1)
    assert Object((("a", Text("2", 1)), (None, Text("1", 0)))).get("a") == Opaque(
        "a", "a computed key may stand for it"
    )
    assert Object(()).get("a") is None


def pieces(text: str) -> list[str]:
    found = expression(text)
    return [found.source.data[span.start : span.end].decode() for span in values.literals(found)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"a"', ["a"]),
        ('""', []),
        ('"a${b}c"', ["a", "c"]),
        ('" ${b} "', [" ", " "]),
        ('"a${"b${"c"}d"}e"', ["a", "b", "c", "d", "e"]),
        ('{ "k" = "v", (f("x")) = "w" }', ["k", "v", "x", "w"]),
        ('x["y"] == "z" ? "1" : "2"', ["y", "z", "1", "2"]),
        ('"é${b}ü"', ["é", "ü"]),
        ('"a$${b}c"', ["a$${b}c"]),
        ('<<EOT\n${x["y"]}\nEOT', ["y"]),
    ],
)
def test_the_pieces_of_quoted_strings(text: str, found: list[str]) -> None:
    assert pieces(text) == found


def places(value: Value) -> list[tuple[str, int | None]]:
    match value:
        case Text(text, place):
            return [(text, place)]
        case Template(inner) | List(inner) | Choice(inner) | Call(_, inner):
            return [place for each in inner for place in places(each)]
        case Object(entries):
            return [place for _, each in entries for place in places(each)]
    return []


TEXTS = st.text("ab:. é", min_size=1, max_size=4)
EXPRESSIONS = st.recursive(
    TEXTS.map(lambda text: f'"{text}"'),
    lambda inner: st.one_of(
        st.tuples(TEXTS, inner, TEXTS).map(lambda each: f'"{each[0]}${{{each[1]}}}{each[2]}"'),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(inner, inner).map(lambda each: f"x ? {each[0]} : {each[1]}"),
        st.tuples(TEXTS, inner).map(lambda each: f'{{ "{each[0]}" = {each[1]} }}'),
        inner.map(lambda each: f"f({each})"),
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
def test_each_text_is_the_piece_at_its_place(text: str) -> None:
    found = pieces(text)
    told = places(values.read(expression(text)))
    assert all(place is not None and found[place] == written for written, place in told)
    assert len({place for _, place in told}) == len(told)


@pytest.mark.parametrize(("left", "right"), [("(", ")"), ("[", "]"), ("f(", ")"), ("{ a = ", " }"), ("x ? 1 : ", "")])
def test_deep_nesting_ends(left: str, right: str) -> None:
    """The reader calls itself, so it stops before Python does."""
    values.read(expression(f"{left * 200}1{right * 200}"))
    assert "nested too deeply" in str(values.read(expression(f"{'f(' * 200}1{')' * 200}")))


def test_thirty_lists_are_read() -> None:
    assert "nested too deeply" not in str(values.read(expression(f"{'[' * 30}1{']' * 30}")))


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_hostile_values_are_read(path: Path) -> None:
    data = path.read_bytes()
    hostile = Source(Document("main.tf", data), syntax.parse(data))
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    attributes, blocks = top_level(hostile)
    stack = list(blocks)
    while stack:
        block = stack.pop()
        stack += block.blocks()
        attributes = attributes | {each.path: each for each in block.attributes.values()}
    for attribute in attributes.values():
        known = len(values.literals(attribute.value))
        assert all(place is None or place < known for _, place in places(values.read(attribute.value)))
