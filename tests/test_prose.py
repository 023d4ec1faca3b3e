"""The documentation is plain English: no semicolons, and none of the words that made it hard to read."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest
from markdown_it import MarkdownIt

from tests.support.demo import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PENDING: tuple[str, ...] = ()
"""Pages that are not checked yet. Take one out when it is plain, or the docstrings that it is made from are."""

CODE: tuple[str, ...] = ("hclmod", "rules")
"""Folders whose names and docstrings are checked."""

WORDS = {
    ";": "two sentences, or a list",
    r"\brightly\b": "on purpose",
    r"(?<!\bthere )\b(?:is|are) no\b(?! longer)": "is not a",
    r"\b(?:tells|told)\b": "says, shows, reports",
    r"\b(?:hangs?|hung) on\b": "uses, depends on",
    r"\bmend(?:s|ed|ing)?\b": "fix",
    r"\banew\b": "again",
    r"\bsomebody\b": "a person",
    r"\bsins?\b": "old findings",
    r"\bin (?:its|their|\w+'s) hands\b": "managed by",
    r"\b(?:dweller|tenant|lodger)s?\b": "workload",
    r"\bestates?\b": "repository, project",
    r"\bstrangers?\b": "fork, other readers",
}
"""What is not written in prose, and what to write instead."""

METAPHORS = frozenset({"dweller", "tenant", "lodger", "resident", "estate", "stranger", "sighting"})
"""Words that are part of no name, in the singular."""

PARTICIPLES = frozenset({"told", "held", "found", "said", "wanted"})
"""Whole names that say that something happened to a value, and not what the value is."""

PATTERNS = {re.compile(words, re.IGNORECASE): plain for words, plain in WORDS.items()}
MARKDOWN = MarkdownIt("commonmark").enable("table")


class Problem(NamedTuple):
    """A word that is not plain, and what to write instead."""

    place: str
    word: str
    plain: str


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Each paragraph, heading, item and cell of a page with its first line; code becomes a pair of back-ticks."""
    line = 1
    for token in MARKDOWN.parse(text):
        line = token.map[0] + 1 if token.map else line
        if token.type == "inline":
            shown = {"softbreak": "\n", "hardbreak": "\n", "code_inline": "``"}
            words = (each.content if each.type == "text" else shown.get(each.type, "") for each in token.children or ())
            yield line, "".join(words)


def problems(place: str, line: int, text: str) -> Iterator[Problem]:
    """What is not plain in a text that begins on `line`."""
    flat = text.replace("\n", " ")
    for pattern, plain in PATTERNS.items():
        for match in pattern.finditer(flat):
            yield Problem(f"{place}:{line + text.count(chr(10), 0, match.start())}", match[0], plain)


def page_problems(place: str, text: str) -> list[Problem]:
    """What is not plain in a Markdown page, outside of code and comments."""
    return [each for line, paragraph in paragraphs(text) for each in problems(place, line, paragraph)]


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that a module gives: classes, functions, parameters, variables, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string that stands alone as a statement, which is how modules, functions and constants are described."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


def is_bad(name: str) -> bool:
    """Whether a name is a participle or has a metaphor as one of its words."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return name.strip("_") in PARTICIPLES or any(word.lower().rstrip("s") in METAPHORS for word in words)


def module_problems(place: str, source: str) -> list[Problem]:
    """What is not plain in the names and docstrings of a module; semicolons are left to the pages made from them."""
    tree = ast.parse(source)
    bad = [
        Problem(f"{place}:{line}", name, "a name that says what it is") for line, name in names(tree) if is_bad(name)
    ]
    prose = [each for line, text in docstrings(tree) for each in problems(place, line, text) if each.word != ";"]
    return [*bad, *prose]


def within(*folders: str) -> list[Path]:
    """The Python files of folders of the repository."""
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def code_problems(*folders: str) -> list[Problem]:
    """What is not plain in the modules of folders of the repository."""
    bad = []
    for path in within(*folders):
        place = path.relative_to(ROOT).as_posix()
        if is_bad(path.stem):
            bad.append(Problem(place, path.stem, "a name that says what it is"))
        bad += module_problems(place, path.read_text())
    return bad


def pages() -> list[Path]:
    """Every page that people read, the generated ones too."""
    return [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / ".github").glob("*.md")),
    ]


def is_pending(path: Path) -> bool:
    place = path.relative_to(ROOT).as_posix()
    return any(place == each or place.startswith(f"{each}/") for each in PENDING)


def listed(bad: list[Problem]) -> str:
    return "\n".join(f"{each.place}: `{each.word}` (plainer: {each.plain})" for each in bad)


@pytest.mark.parametrize("path", [path for path in pages() if not is_pending(path)], ids=lambda path: path.stem)
def test_a_page_is_plain(path: Path) -> None:
    bad = page_problems(path.relative_to(ROOT).as_posix(), path.read_text())
    assert not bad, listed(bad)


@pytest.mark.parametrize("pending", PENDING)
def test_a_pending_page_still_has_something_to_change(pending: str) -> None:
    assert any(
        page_problems(pending, path.read_text()) for path in pages() if is_pending(path) and pending in path.as_posix()
    ), f"{pending} is plain now: take it out of PENDING"


def test_the_code_is_plain() -> None:
    bad = code_problems(*CODE)
    assert not bad, listed(bad)


@pytest.mark.parametrize(
    "text",
    [
        "One thing; another.", "It is left, and rightly so.", "`three` is no phase.", "The report tells more.",
        "It was told.", "Who else hangs on it", "what hangs\non it", "Mend it.", "It was mended", "Make it anew.",
        "Somebody has to look.", "for old sins", "Keel does not have it in its hands", "in Keel's hands",
        "the dwellers", "a tenant", "Lodgers", "the estate", "a stranger's report",
    ],
)  # fmt: skip
def test_a_forbidden_word_is_seen(text: str) -> None:
    assert page_problems("a.md", f"Fine.\n\n{text}\n")
    assert page_problems("a.md", f"| a | b |\n|---|---|\n| c | {text} |\n".replace("\non", " on"))
    assert page_problems("a.md", f"* one\n    * {text}\n")
    assert page_problems("a.md", f"# {text}\n".replace("\non", " on"))


@pytest.mark.parametrize(
    "text",
    [
        "There is no branch.", "It is no longer read.", "The real state is best since then.",
        "`a; b` is code", "```sh\na; b\n```", "    a; b\n", "<!-- somebody; told -->", "[x](http://a/;told)",
    ],
)  # fmt: skip
def test_plain_text_and_code_are_left(text: str) -> None:
    assert page_problems("a.md", f"Fine.\n\n{text}\n") == []


def test_a_problem_has_its_line() -> None:
    text = "# A\n\none\ntwo; three\n\n* four\n* five\n  told\n\n| a |\n|---|\n| b |\n| c; d |\n"
    assert [each.place for each in page_problems("a.md", text)] == ["a.md:4", "a.md:8", "a.md:13"]


@pytest.mark.parametrize(
    "source",
    [
        "class Tenant: ...", "def lodgers(): ...", "def f(stranger): ...", "told = 1", "_found = 1", "self.held = 1",
        "for found in x: ...", "class RealEstate: ...", "the_estate_of = 1", "with a as said: ...",
        '"""It tells all."""', 'def f():\n    """The tenant of a house."""', 'x = 1\n"""Whom somebody named."""',
    ],
)  # fmt: skip
def test_a_name_or_docstring_is_seen(source: str) -> None:
    assert module_problems("a.py", source)


@pytest.mark.parametrize(
    "source", ["restated = 1", "found_by_name = 1", "x = 'told'", '"""One; two."""', "print(found)", "withheld = 1"]
)
def test_plain_names_are_left(source: str) -> None:
    assert module_problems("a.py", source) == []


def test_the_names_of_files_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_prose.ROOT", tmp_path)
    (tmp_path / "hclmod").mkdir()
    (tmp_path / "hclmod/estate.py").write_text("")
    assert [each.place for each in code_problems("hclmod")] == ["hclmod/estate.py"]
