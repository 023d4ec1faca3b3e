from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hclmod.hcl import syntax
from hclmod.hcl.edits import Span
from hclmod.hcl.source import unreadable
from hclmod.hcl.views import Block, Expression, path_at, top_level, unescape
from tests.support.hcl import HOSTILE, attribute, block, source

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
resource "kubernetes_deployment" "web" {
  count = 1
  # about the spec
  spec {
    template {
      container {
        image = "a"
      }
      container {
        image = "b"
      }
    }
  }
  dynamic "port" {
  }
  lifecycle {}
}

resource "kubernetes_deployment" "web" {
}
"""


def value(text: str) -> Expression:
    return attribute(f"it = {text}\n", "it").value


def test_block() -> None:
    web = block(TEXT)
    assert (web.type, web.labels, web.address) == (
        "resource",
        ("kubernetes_deployment", "web"),
        "kubernetes_deployment.web",
    )
    assert (web.type_label, web.line) == ("kubernetes_deployment", 1)
    assert web.source.data[: web.title.end].decode() == 'resource "kubernetes_deployment" "web"'
    assert [each.type for each in web.blocks()] == ["spec", "dynamic", "lifecycle"]
    assert list(web.attributes) == ["count"]
    assert web.blocks("spec")[0].comments() == ("# about the spec",)


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ('image = "b"', ".spec[0].template[0].container[1].image"),
        ('"b"', ".spec[0].template[0].container[1].image"),
        ("count", ".count"),
        ("dynamic", ".dynamic.port[0]"),
        ("# about", ""),
    ],
)
def test_the_path_at_a_span(words: str, path: str) -> None:
    start = TEXT.index(words)
    found = path_at(source(TEXT), Span(start, start + len(words)))
    assert found == f"resource.kubernetes_deployment.web[0]{path}"


def test_the_path_of_what_lies_in_no_block_is_empty() -> None:
    assert path_at(source("# a comment\nx = 1\n"), Span(0, 3)) == ""
    assert path_at(source("# a comment\nx = 1\n"), Span(0, 15)) == ""
    assert path_at(source("# a comment\nx = 1\n"), Span(12, 13)) == "x"


def test_paths_count_blocks_among_equals() -> None:
    web, twin = top_level(source(TEXT))[1]
    found = web.find("spec", "template", "container")
    assert [each.attributes["image"].path for each in found] == [
        f"resource.kubernetes_deployment.web[0].spec[0].template[0].container[{index}].image" for index in (0, 1)
    ]
    assert twin.path == "resource.kubernetes_deployment.web[1]"
    assert web.blocks("dynamic")[0].path.endswith("dynamic.port[0]")


@pytest.mark.parametrize(
    ("text", "kind", "labels"),
    [
        ("locals {\n}\n", "locals", ()),
        ('module "a.b" {\n}\n', "module", ("a.b",)),
        ("resource a b {\n}\n", "resource", ("a", "b")),
        ('\ufeffmodule "x" { a = 1 }\n', "module", ("x",)),
        ("terraform { # {\n}\n", "terraform", ()),
    ],
)
def test_header(text: str, kind: str, labels: tuple[str, ...]) -> None:
    found = block(text)
    assert (found.type, found.labels) == (kind, labels)


@pytest.mark.parametrize("path", [(), ("container",), ("spec", "container"), ("Spec",)])
def test_find_finds_nothing_else(path: tuple[str, ...]) -> None:
    web = block(TEXT)
    assert web.find(*path) == (() if path else (web,))
    assert web.attribute("image") is None


@pytest.mark.parametrize(
    ("text", "string"),
    [
        ('"a"', "a"),
        ('""', ""),
        ('" a "', " a "),
        (r'"a\"b\\"', 'a"b\\'),
        (r'"\n\r\t"', "\n\r\t"),
        ('"$${x} %%{x}"', "${x} %{x}"),
        ('"5 $ 5 %"', "5 $ 5 %"),
        (r'"orch\u0061rd"', "orchard"),
        (r'"\U0001F34F"', "🍏"),
        ('"é"', "é"),
        ('"${x}"', None),
        ('"a${x}"', None),
        ('"%{if x}a%{endif}"', None),
        ("<<E\na\nE", None),
        ("a", None),
        ("1", None),
        ('("a")', None),
        ('["a"]', None),
    ],
)
def test_string(text: str, string: str | None) -> None:
    assert value(text).string() == string


@pytest.mark.parametrize(
    ("text", "boolean"),
    [("true", True), ("false", False), ('"true"', True), ("null", None), ("var.x", None), ("1", None), ("!true", None)],
)
def test_boolean(text: str, boolean: bool | None) -> None:  # noqa: FBT001
    assert value(text).boolean() is boolean


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("[]", []),
        ('[a, "b" , [1]]', ["a", '"b"', "[1]"]),
        ("[\n  a, # c\n  b\n]", ["a", "b"]),
        ("[a /* x */, ]", ["a"]),
        ("all", None),
        ("{}", None),
        ("[for x in y : x]", None),
        ("concat([a])", None),
        ("([a])", None),
    ],
)
def test_elements(text: str, elements: list[str] | None) -> None:
    found = value(text).elements()
    assert (None if found is None else [each.text for each in found]) == elements


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("{}", []),
        ('{ a = 1, "b" : 2 }', [("a", "1"), ("b", "2")]),
        ("{\n  a-b = 1 # c\n  é = 2\n}", [("a-b", "1"), ("é", "2")]),
        ('{ (x) = 1, "${y}" = 2, "a.b/c" = 3 }', [(None, "1"), (None, "2"), ("a.b/c", "3")]),
        ("[a]", None),
        ("merge({ a = 1 })", None),
        ("{ for k, v in x : k => v }", None),
    ],
)
def test_entries(text: str, entries: list[tuple[str | None, str]] | None) -> None:
    found = value(text).entries()
    assert (None if found is None else [(each.key, each.value.text) for each in found]) == entries


@pytest.mark.parametrize(("key", "text"), [("a", "1"), ("b", "2"), ("c", None)])
def test_entry(key: str, text: str | None) -> None:
    found = value('{ a = 1, "b" = 2 }').entry(key)
    assert (found.text if found else None) == text
    assert value("[1]").entry(key) is None


@pytest.mark.parametrize(
    ("text", "heredoc", "quoted"),
    [
        ('"a"', False, "a"),
        ('" a ${x} "', False, " a ${x} "),
        ("<<E\na\nE", True, None),
        ("<<E\n${a}\nE", True, None),
        ("a", False, None),
        ('f("a")', False, None),
    ],
)
def test_template(text: str, heredoc: bool, quoted: str | None) -> None:  # noqa: FBT001
    found = value(text)
    assert found.is_heredoc == heredoc
    span = found.quoted
    assert (found.source.data[span.start : span.end].decode() if span else None) == quoted


def walked(blocks: tuple[Block, ...]) -> list[str]:
    return [path for each in blocks for path in (each.path, *walked(each.blocks()))]


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_paths_are_unique(path: Path) -> None:
    data = path.read_bytes()
    if unreadable(data) is None and syntax.error_offset(source(data).tree) is None:
        paths = walked(top_level(source(data))[1])
        assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("text", [r"a\ud800", r"a\udfff", r"a\U0000d800"])
def test_half_of_a_character_is_read_as_go_reads_it(text: str) -> None:
    assert unescape(text) == "a\ufffd"
