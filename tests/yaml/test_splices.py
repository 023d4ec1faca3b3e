"""Parts of a YAML file are taken out and put in, and the data outside stay the same, as PyYAML reads them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hclmod.hcl import edits
from hclmod.hcl.document import Document
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.yaml import insertion, removal, structure
from hclmod.yaml.insertion import add_before, add_line, append_block, append_pair, append_text, set_list, set_text
from hclmod.yaml.views import Keys, YamlFile, YamlItem, YamlPair, pointer


def part_at(file: YamlFile, keys: Keys) -> YamlPair | YamlItem:
    """The entry or the item at a path."""
    *above, last = keys
    node = file.roots[int(above[0])].get(*above[1:])
    assert node is not None
    return next(each for each in node.parts if each.keys[-1] == last)


def without(data: bytes, *keys: str | int) -> bytes | None:
    """The text without what stands at a path, None where that is refused."""
    file = YamlFile(Document("ci.yml", data))
    try:
        fix = removal.remove(part_at(file, (0, *keys)))
    except UnfixableError:
        return None
    after = edits.apply(data, fix.edits)
    assert not structure.undeclared(data, after, [fix])
    return after


REMOVED = [
    (b"a: 1\nb: 2\n", ("b",), b"a: 1\n"),
    (b"a: 1\nb: 2", ("b",), b"a: 1\n"),
    (b"a: 1\nb: 2\n", ("a",), b"b: 2\n"),
    (b"a: 1\n\nb: 2\n\nc: 3\n", ("b",), b"a: 1\n\nc: 3\n"),
    (b"a: 1\n\nb: 2\n", ("b",), b"a: 1\n"),
    (b"a: 1\r\n\r\nb: 2\r\n\r\nc: 3\r\n", ("b",), b"a: 1\r\n\r\nc: 3\r\n"),
    (b"a: 1\n# of b\nb: 2 # behind\nc: 3\n", ("b",), b"a: 1\nc: 3\n"),
    (b"a: 1\n# section\n\n# of b\nb: 2\nc: 3\n", ("b",), b"a: 1\n# section\n\nc: 3\n"),
    (b"a: 1\nb:\n  c: 2\n  # d: 3\n# of e\ne: 4\n", ("b",), b"a: 1\n# of e\ne: 4\n"),
    (b"a: 1\nb:\n  c: 2\n\n  # d: 3\n\ne: 4\n", ("b",), b"a: 1\n\ne: 4\n"),
    (b"a: |\n  # no comment\nb: 2\n", ("b",), b"a: |\n  # no comment\n"),
    (b"a:\n  - x\n  - y # of y\n  - z\n", ("a", 1), b"a:\n  - x\n  - z\n"),
    (b"a:\n- x\n- y\n", ("a", 0), b"a:\n- y\n"),
    (b"a:\n  - k: 1\n    l: 2\n\n  # of m\n  - m: 3\n", ("a", 1), b"a:\n  - k: 1\n    l: 2\n"),
    (b"a: [x, y, z]\n", ("a", 1), b"a: [x, z]\n"),
    (b"a: [x, y]\n", ("a", 0), b"a: [y]\n"),
    (b"a: {x: 1, y: 2}\n", ("a", "y"), b"a: {x: 1}\n"),
    (b'a: 1\nb: "x: \\"y\\""\nc: 2\n', ("b",), b"a: 1\nc: 2\n"),
    (b"a: 1\nb: &k\n  c: 2\nd: *k\n", ("b",), None),
    (b"a: &k {c: 2}\nb:\n  <<: *k\n", ("b",), None),
    (b"a:\n  x: 1\n", ("a", "x"), None),
    (b"a: [x, # of x\n  y]\n", ("a", 0), None),
    (b"a: 1\nb: 2\nb: 3\n", ("a",), b"b: 2\nb: 3\n"),
    (b"- a: 1\n  b: 2\n", (0, "a"), None),
]


@pytest.mark.parametrize(("before", "keys", "after"), REMOVED)
def test_a_part_goes_with_its_comments(before: bytes, keys: Keys, after: bytes | None) -> None:
    assert without(before, *keys) == after


def changed(data: bytes, make: Any) -> bytes | None:
    """The text with the fix that `make` gives for the value of `a`; None where that is refused."""
    top = YamlFile(Document("ci.yml", data)).top
    assert top is not None
    try:
        fix = make(top)
    except UnfixableError:
        return None
    after = edits.apply(data, fix.edits)
    assert not structure.undeclared(data, after, [fix])
    return after


INSERTED = [
    (b"a: |\n  x\n  y\nb: 1\n", lambda top: add_line(top.get("a"), "z", 1), b"a: |\n  x\n  y\n  z\nb: 1\n"),
    (b"a: |\n  x\n", lambda top: add_line(top.get("a"), "z", 0), b"a: |\n  x\n  z\n"),
    (b"a: |\r\n  x\r\nb: 1\r\n", lambda top: add_line(top.get("a"), "z", 0), b"a: |\r\n  x\r\n  z\r\nb: 1\r\n"),
    (b"a: >\n  x\n", lambda top: add_line(top.get("a"), "z", 0), None),
    (b"a: x\n", lambda top: add_line(top.get("a"), "z", 0), None),
    (b"a: x # c\n", lambda top: set_text(top.get("a"), "y"), b"a: y # c\n"),
    (b"a: 'x'\n", lambda top: set_text(top.get("a"), "it's"), b"a: 'it''s'\n"),
    (b"a: x\n", lambda top: set_text(top.get("a"), "y: z"), b'a: "y: z"\n'),
    (b"a: x\n", lambda top: set_text(top.get("a"), "true"), b'a: "true"\n'),
    (b"a: x\n", lambda top: set_list(top.get("a"), ["y", "z"]), b"a: [y, z]\n"),
    (b"a: &k x\nb: *k\n", lambda top: set_text(top.get("a"), "y"), None),
    (b"a: [x]\n", lambda top: append_text(top.get("a"), "y"), b"a: [x, y]\n"),
    (b"a:\n  - 'x' # c\nb: 1\n", lambda top: append_text(top.get("a"), "y"), b"a:\n  - 'x' # c\n  - 'y'\nb: 1\n"),
    (b"a: [x,\n  y]\n", lambda top: append_text(top.get("a"), "z"), b"a: [x,\n  y, z]\n"),
    (b"a: [x, # c\n]\n", lambda top: append_text(top.get("a"), "z"), None),
    (b"a: [x]\n", lambda top: append_text(top.get("a"), "y", "z"), b"a: [x, y, z]\n"),
    (b"a:\r\n- x\r\n", lambda top: append_text(top.get("a"), "y", "z"), b"a:\r\n- x\r\n- y\r\n- z\r\n"),
    (b"a: &k [x]\nb: *k\n", lambda top: append_text(top.get("a"), "y"), None),
    (b"a: &k\n  b: 1\nc: *k\n", lambda top: append_pair(top.get("a"), "d", "d: 2"), None),
    (b"a: &k\n  b: 1\nc: *k\n", lambda top: add_before(top.get("a").pair("b"), "d", "d: 2"), None),
    (b"a: &k\n  - b: x\nc: *k\n", lambda top: set_text(top.get("a", 0, "b"), "y"), None),
    (b"a:\r\n b: |\r\n  x\r\n", lambda top: append_pair(top.get("a"), "c", "c: 1"), b"a:\r\n b: |\r\n  x\r\n c: 1\r\n"),
    (b"a:\n  b: |\n    x", lambda top: append_pair(top.get("a"), "c", "c: 1"), None),
    (b"a:\n  b: |+\n    x\n\n", lambda top: append_pair(top.get("a"), "c", "c: 1"), None),
    (b"---\n---\na: [x]\n---\n", lambda top: append_text(top.get("a"), "y"), b"---\n---\na: [x, y]\n---\n"),
    (b"a:\n  - b: 1\n", lambda top: append_block(top.get("a"), "c: 2\nd: 3"), b"a:\n  - b: 1\n  - c: 2\n    d: 3\n"),
    (b"a:\n  b: 1\n", lambda top: append_pair(top.get("a"), "c", "c:\n  d: 2\n"), b"a:\n  b: 1\n  c:\n    d: 2\n"),
    (b"a:\n  b: 1\n", lambda top: append_pair(top.get("a"), "b", "b: 2"), None),
    (b"a: 1\n\n# of b\nb: 2\n", lambda top: add_before(top.pair("b"), "c", "c: 3"), b"a: 1\n\nc: 3\n\n# of b\nb: 2\n"),
    (b"{a: 1}\n", lambda top: add_before(top.pair("a"), "c", "c: 3"), None),
]  # fmt: skip


@pytest.mark.parametrize(("before", "make", "after"), INSERTED)
def test_something_new_is_written_as_its_neighbours_are(before: bytes, make: Any, after: bytes | None) -> None:
    assert changed(before, make) == after


# The proof


def fix(*declared: tuple[str, Effect], drops: tuple[bytes, ...] = ()) -> Fix:
    return Fix((), tuple(Declared(path, effect) for path, effect in declared), drops)


@pytest.mark.parametrize(
    ("before", "after", "declared", "wrong"),
    [
        (b"a: 1\nb: 2\n", b"a: 1\n", fix(("/0/b", Effect.REMOVED)), ""),
        (b"a: 1\nb: 2\n", b"a: 2\n", fix(("/0/b", Effect.REMOVED)), "/0/a would change too"),
        (b"a: 1\nb: 2\n", b"a: 1\n", fix(), "/0 would change too"),
        (b"a: 1\n", b"a: 1\n", fix(("/0/b", Effect.REMOVED)), "nothing would change at /0/b"),
        (b"on: 1\n", b"'on': 1\n", fix(), ""),
        (b"a: on\n", b"a: 'on'\n", fix(), ""),
        (b"a: 1\n", b"a: '1'\n", fix(), "/0/a would change too"),
        (b"a: 1\n", b"b: 1\n", fix(), "/0 would change too"),
        (b"a: [x, y]\n", b"a: [y]\n", fix(("/0/a/0", Effect.REMOVED)), ""),
        (b"a: [x, y]\n", b"a: [x]\n", fix(("/0/a/0", Effect.REMOVED)), "/0/a/1 would change too"),
        (b"a: [x]\n", b"a: [x, y]\n", fix(("/0/a/1", Effect.ADDED)), ""),
        (b"a: |\n  x\n", b"a: |\n  x\n  y\n", fix(("/0/a", Effect.EXTENDED)), ""),
        (b"a: |\n  x\n", b"a: |\n  y\n", fix(("/0/a", Effect.EXTENDED)), "/0/a would change too"),
        (b"a: 1 # c\n", b"a: 2\n", fix(("/0/a", Effect.CHANGED)), "the comment # c would be lost"),
        (b"a: 1 # c\n", b"a: 2\n", fix(("/0/a", Effect.CHANGED), drops=(b"# c",)), ""),
        (b"a: 1\n---\nb: 2\n", b"a: 1\n", fix(), "the number of its documents would change too"),
        (b"a/b: 1\nc: 2\n", b"c: 2\n", fix(("/0/a~1b", Effect.REMOVED)), ""),
        (b"a: !x [1]\n", b"a: !y [1]\n", fix(), "/0/a would change too"),
        (b"a: &k 1\nb: *k\n", b"a: 2\nb: 1\n", fix(("/0/a", Effect.CHANGED)), ""),
    ],
)
def test_what_is_not_declared_is_found(before: bytes, after: bytes, declared: Fix, wrong: str) -> None:
    assert structure.undeclared(before, after, [declared]) == wrong


def test_what_pyyaml_does_not_read_is_not_proven() -> None:
    assert "PyYAML does not read it" in structure.undeclared(b"a: 1\n", b"a: [\n", [])


# Random workflows

NAMES = st.sampled_from(["build", "deploy", "tell", "lint", "on", "a b", "x.y", "é"])
TEXTS = st.sampled_from(
    ["make", "a: b", "true", "12", "${{ github.sha }}", "kubectl -n x get po", "'", '"', "# no comment", "", "é 🚀"]
)
SCRIPTS = st.lists(st.sampled_from(["make", "# a", "if x; then", "  y", "fi", "curl -d '{\"a\": 1}'"]), min_size=1)
VALUES = st.recursive(
    TEXTS | SCRIPTS.map(lambda lines: "\n".join(lines) + "\n"),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=12,
)
WORKFLOWS = st.dictionaries(NAMES, VALUES, min_size=2, max_size=5)


class Style(yaml.SafeDumper):
    """Writes texts of several lines in `|` style, and lists further in than their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002
        """Indent lists too."""
        del indentless
        super().increase_indent(flow, False)  # noqa: FBT003


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


Style.add_representer(str, _text)


def _block(key: str, value: object, *, in_flow: bool) -> str:
    """An entry on lines of its own; its value in brackets and braces, or on lines too."""
    if in_flow:
        name = yaml.dump({key: 1}, Dumper=Style, allow_unicode=True).rpartition(": 1")[0]
        return f"{name}: {yaml.dump([value], Dumper=Style, default_flow_style=True, allow_unicode=True)}"
    return yaml.dump({key: value}, Dumper=Style, default_flow_style=False, allow_unicode=True)


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """A workflow with comments and blank lines between its entries, in one of some layouts."""
    data = draw(WORKFLOWS)
    blocks = [_block(key, value, in_flow=draw(st.booleans())) for key, value in data.items()]
    gaps = draw(st.lists(st.sampled_from(["", "\n", "# c\n", "# s\n\n", "\n# c\n"]), min_size=len(blocks)))
    text = "".join(gap + block for gap, block in zip(gaps, blocks, strict=False))
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"]))).encode()


def parts(file: YamlFile) -> list[YamlPair | YamlItem]:
    """Every entry and item of a file, from the outside inwards."""
    todo, result = list(file.roots), list[YamlPair | YamlItem]()
    while todo:
        for each in todo.pop().parts:
            result.append(each)
            todo += [each.value] if each.value else []
    return result


@given(data=written(), choice=st.integers(min_value=0))
def test_any_part_of_a_random_workflow_goes_alone(data: bytes, choice: int) -> None:
    file = YamlFile(Document("ci.yml", data))
    assert not file.problem
    every = parts(file)
    part = every[choice % len(every)]
    try:
        fix = removal.remove(part)
    except UnfixableError:
        return
    (edit,) = fix.edits
    after = edits.apply(data, fix.edits)
    assert (after[: edit.span.start], after[edit.span.start :]) == (data[: edit.span.start], data[edit.span.end :])
    assert not structure.undeclared(data, after, [fix])
    assert fix.declares == (Declared(pointer(part.keys), Effect.REMOVED),)


@given(data=written(), choice=st.integers(min_value=0), text=TEXTS.filter(bool))
def test_any_text_of_a_random_workflow_is_replaced_alone(data: bytes, choice: int, text: str) -> None:
    file = YamlFile(Document("ci.yml", data))
    nodes = [each.value for each in parts(file) if each.value and not each.value.parts]
    if not nodes:
        return
    node = nodes[choice % len(nodes)]
    try:
        fix = insertion.set_text(node, text)
    except UnfixableError:
        return
    after = edits.apply(data, fix.edits)
    if data != after and node.text != text:
        assert not structure.undeclared(data, after, [fix])


def test_an_edit_of_more_than_it_declares_is_caught() -> None:
    before = b"a: 1\nb: 2\n"
    lie = Fix((Edit(Span(0, 10), b""),), (Declared("/0/b", Effect.REMOVED),))
    assert structure.undeclared(before, edits.apply(before, lie.edits), [lie])
