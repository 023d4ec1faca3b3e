"""One value written into YAML: what changes, what must stay, and what is refused."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hclmod.hcl import edits
from hclmod.hcl.edits import Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.yaml import scalars
from hclmod.yaml.fixes import judge, undeclared, write


def written(data: bytes, text: str, at: int = -1, holes: tuple[Span, ...] = ()) -> bytes:
    scalar = scalars.in_order(scalars.images(data, holes))[at]
    return edits.apply(data, [write(data, scalar, text, holes)])


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        (b"image:\n  tag: 1.2.3\n", "latest", b"image:\n  tag: latest\n"),
        (b"image:\n  tag: 1.2.3 # c\r\nx:  1\r\n", "latest", b"image:\n  tag: latest # c\r\nx:  1\r\n"),
        (b"image: 'a:1'", "a:2", b"image: 'a:2'"),
        (b'{"image": "a:1", "b": [1,2]}', "a:2", b'{"image": "a:2", "b": [1,2]}'),
        (b"image:\n  tag: v1.2.3\n", "16", b'image:\n  tag: "16"\n'),
        (b"image:\n  tag: v1.2.3\n", "1.20", b'image:\n  tag: "1.20"\n'),
        (b"image:\n  tag: v1.2.3\n", "12e3", b'image:\n  tag: "12e3"\n'),
        (b"image:\n  tag: v1.2.3\n", "on", b'image:\n  tag: "on"\n'),
        (b"image:\n  tag: v1.2.3\n", "1_000", b'image:\n  tag: "1_000"\n'),
        (b"image:\n  tag: 15\n", "16", b"image:\n  tag: 16\n"),
        (b"image:\n  tag: 15\n", "16.4", b'image:\n  tag: "16.4"\n'),
        (b"{{- if .x }}\nimage: a:1\n{{- end }}\n", "a:2", b"{{- if .x }}\nimage: a:2\n{{- end }}\n"),
        (b"image: a:1\ny: {{ .z }}\n", "a:2", b"image: a:2\ny: {{ .z }}\n"),
        (b"a: &x {b: 1}\nimage: a:1\nc: *x\nd: {<<: *x}\n", "a:2", b"a: &x {b: 1}\nimage: a:2\nc: *x\nd: {<<: *x}\n"),
        (b"x: !secret y\nimage: a:1\n", "a:2", b"x: !secret y\nimage: a:2\n"),
        ("ü: é\nimage: a:1\n".encode(), "a:2", "ü: é\nimage: a:2\n".encode()),
    ],
)  # fmt: skip
def test_a_value_is_replaced_and_nothing_else(before: bytes, text: str, after: bytes) -> None:
    assert written(before, text) == after


LAUGHS = b"image: a:1\na0: &a0 [x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (at, at, b", ".join([b"*a%d" % (at - 1)] * 9)) for at in range(1, 9)
)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"a: [\nimage: a:1\n", "not valid YAML"),
        (b"image: &x a:1\nb: *x\n", "2 values would change, and 1 should"),
        (b"a: &x\n  image: a:1\nb: *x\n", "2 values would change, and 1 should"),
        (b"a: &x\n  image: a:1\nb: {<<: *x}\nc: [*x]\n", "3 values would change, and 1 should"),
        (b"image: a:1\nb: &x [*x]\n", "its aliases written out"),
        (LAUGHS, "its aliases written out"),
        (b"image: a:1\nb: *nowhere\n", "does not read it"),
        (b"image: a:1\nb: \x01\n", "not valid YAML"),
        (b"a:\n- b\n-_: c\nimage: a:1\n", "not valid YAML"),
    ],
)
def test_what_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(UnfixableError, match=why):
        written(data, "a:2")


def test_what_a_template_fills_in_is_refused() -> None:
    data = b"image: a:1\n"
    scalar = scalars.in_order(scalars.images(data))[0]
    with pytest.raises(UnfixableError, match="a template fills in a part of it"):
        write(data, scalar, "a:2", (Span(9, 10),))
    assert written(data + b"b: xyz\n", "a:2", holes=(Span(14, 17),)) == b"image: a:2\nb: xyz\n"


@pytest.mark.parametrize(
    ("before", "after", "declared", "why"),
    [
        (b"a: 1\n", b"a: 1\n", [], ""),
        (b"a: 1\n", b"a: 2\n", ["2"], ""),
        (b"a: 1\n", b"a: 2\n", ["3"], "document 1.a would change too"),
        (b"a: 1\n", b'a: "1"\n', [], "document 1.a would change too"),
        (b"a: 1\n", b"a: 1\nb: 2\n", ["2"], "its structure would change"),
        (b"a: 1\n", b"b: 1\n", [], "its structure would change"),
        (b"a: [1, 2]\n", b"a: [2, 1]\n", ["1", "2"], ""),
        (b"a: 1\n---\na: 1\n", b"a: 1\n---\na: 2\n", ["2"], ""),
        (b"a: 1\n", b"a: 1\n", ["2"], "0 values would change, and 1 should"),
    ],
)
def test_differences_of_data(before: bytes, after: bytes, declared: list[str], why: str) -> None:
    assert undeclared(before, after, declared) == why


def test_the_judge_has_a_version() -> None:
    assert judge() == f"PyYAML {yaml.__version__}"


# tree-sitter-yaml takes a key that begins with a dash, behind a list without indentation, for one more item
WORDS = st.text("abcxyz0123456789.-_", min_size=1, max_size=12).filter(lambda text: not text.startswith("-"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


@given(
    around=st.dictionaries(WORDS, VALUES, max_size=4),
    image=st.sampled_from(["q/web:1.2.3", "host:5000/q/web:v4", "q/web:0017"]),
    tag=st.sampled_from(["latest", "16", "1.20", "v4-alpine", "0x1f", "yes", "2026-01-01", "1e3"]),
    flow=st.sampled_from([None, True, False]),
    style=st.sampled_from([None, "'", '"']),
)
def test_the_data_of_any_text_differ_in_that_value_only(
    *, around: dict[str, object], image: str, tag: str, flow: bool | None, style: str | None
) -> None:
    name, _, old = image.rpartition(":")
    held: dict[str, object] = {**around, "image": {"repository": name, "tag": old}, "zz": [{"image": image}]}
    data = yaml.safe_dump(held, default_flow_style=flow, default_style=style, sort_keys=False).encode()
    number = [each.text for each in scalars.in_order(scalars.images(data))].index(old)
    after = written(data, tag, number)
    wanted = {**held, "image": {"repository": name, "tag": tag}}
    assert yaml.safe_load(after) == wanted
    assert len(data.splitlines()) == len(after.splitlines())
