from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hclmod.hcl import syntax
from hclmod.hcl.edits import Edit, Span, apply
from hclmod.hcl.source import unreadable
from tests.support.hcl import HOSTILE

SEEDS = [data for path in HOSTILE if unreadable(data := path.read_bytes()) is None and len(data) < 3000]

PIECES = (
    b"",
    b"\n",
    b"\r\n",
    b" ",
    b'"',
    b"{",
    b"}",
    b"]",
    b"${",
    b"%{ if x }",
    b"<<-E\n",
    b"E\n",
    b"# c\n",
    b"/*",
    b"*/",
    b" = 1",
    b"a.b[0]",
    b"\xc3\xa9",
    "👍🏽".encode(),
    b"lifecycle {\n  ignore_changes = [a]\n}\n",
)


def shape(tree: syntax.Tree) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        found.append(
            (
                node.type,
                node.start_byte,
                node.end_byte,
                node.start_point,
                node.end_point,
                node.is_missing,
                node.is_error,
            )
        )
        stack.extend(reversed(node.children))
    return found


@st.composite
def edited(draw: st.DrawFn) -> tuple[bytes, list[Edit]]:
    data = draw(st.sampled_from(SEEDS))
    points = sorted(draw(st.sets(st.integers(0, len(data)), min_size=1, max_size=6)))
    edits = []
    for start, following in zip(points[::2], [*points[2::2], len(data)], strict=False):
        end = min(start + draw(st.sampled_from((0, 0, 1, 3, 20))), max(start, following - 1))
        edits.append(Edit(Span(start, end), draw(st.sampled_from(PIECES))))
    return data, edits


@given(edited())
def test_parsing_again_is_parsing(drawn: tuple[bytes, list[Edit]]) -> None:
    before, edits = drawn
    after = apply(before, edits)
    tree = syntax.parse(before)
    again = syntax.reparse(tree, before, edits, after)
    whole = syntax.parse(after)
    if syntax.error_offset(whole) is None:  # how an error is mended may depend on what was known before
        assert shape(again) == shape(whole)
    assert (syntax.error_offset(again) is None) == (syntax.error_offset(whole) is None)
    assert shape(tree) == shape(syntax.parse(before))


@pytest.mark.parametrize("text", ["a = \n", "a = [1\nb = 2\n", "x {\n", "a = 1\n}\n", "a = 1e\n", 'a = "${"\n'])
def test_error_is_found(text: str) -> None:
    offset = syntax.error_offset(syntax.parse(text.encode()))
    assert offset is not None
    assert 0 <= offset <= len(text)


@pytest.mark.parametrize(
    "text", ["a = 1\n", "", "\n", "# c", "\ufeffa = 1\n", "x {}", "a = <<E\nE\n", "a = 1e10", "a = f(2E-3)"]
)
def test_no_error(text: str) -> None:
    assert syntax.error_offset(syntax.parse(text.encode())) is None


def test_leaves_cover_what_was_asked_for() -> None:
    data = b'a = "x ${b}" # c\nd = [1]\n'
    tree = syntax.parse(data)
    texts = [data[leaf.start_byte : leaf.end_byte] for leaf in syntax.leaves(tree.root_node, 17, 24)]
    assert texts == [b"d", b"=", b"[", b"1", b"]"]
    assert [data[node.start_byte : node.end_byte] for node in syntax.comments(tree.root_node)] == [b"# c"]
    leaf = syntax.leaf_at(tree, 17)
    assert leaf is not None
    assert syntax.span(leaf) == Span(17, 18)


def test_deep_text_is_walked() -> None:
    data = b"a = " + b"[" * 3000 + b"]" * 3000 + b"\n"
    tree = syntax.parse(data)
    assert len(list(syntax.leaves(tree.root_node, 0, len(data)))) == 6002


# Trees that are kept


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The texts that the parser is given, with no tree kept before."""
    texts: list[bytes] = []
    real = syntax._parsed

    def parse(data: bytes) -> syntax.Tree:
        texts.append(data)
        return real(data)

    monkeypatch.setattr(syntax, "_parsed", parse)
    monkeypatch.setattr(syntax, "_trees", syntax._Trees())
    monkeypatch.setattr(syntax, "KEPT_BYTES", 1000)
    return texts


def test_a_text_is_parsed_once(parsed: list[bytes]) -> None:
    first = syntax.parse(b"a = 1\n")
    assert syntax.parse(bytes(bytearray(b"a = 1\n"))) is first
    syntax.parse(b"a = 2\n")
    assert parsed == [b"a = 1\n", b"a = 2\n"]


def test_a_tree_above_the_limit_is_not_kept(parsed: list[bytes]) -> None:
    large = b"a = 1\n" + b"#" * syntax.KEPT_BYTES
    syntax.parse(large)
    syntax.parse(large)
    assert parsed == [large, large]
    assert (syntax._trees.trees, syntax._trees.size) == ({}, 0)


def test_the_tree_that_was_asked_for_longest_ago_goes_first(parsed: list[bytes]) -> None:
    half = b"#" * (syntax.KEPT_BYTES // 2 - 10)
    first, second, third = (b"%d = 1\n" % number + half for number in range(3))
    for data in (first, second, first, third, first, second):
        syntax.parse(data)
    assert parsed == [first, second, third, second]
    assert syntax._trees.size == len(first) + len(second)


def test_an_edit_leaves_the_kept_tree_as_it_was(parsed: list[bytes]) -> None:
    before, after = b"a = 1\n", b"bcd = 1\n"
    tree = syntax.parse(before)
    whole = shape(tree)
    syntax.reparse(tree, before, [Edit(Span(0, 1), b"bcd")], after)
    assert shape(syntax.parse(before)) == whole
    assert parsed == [before]
