from __future__ import annotations

import pytest

from hclmod.hcl import indentation
from hclmod.hcl.indentation import UnfixableError
from tests.support.hcl import block, edited


def appended(text: str, *lines: bytes) -> str:
    found = block(text)
    return edited(found.source, [indentation.append(found, lines)]).data.decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x {\n}\n", "x {\n  new = 1\n}\n"),
        ("x {}\n", "x {\n  new = 1\n}\n"),
        ("x { }", "x {\n  new = 1\n}"),
        ("x { a = 1 } # c\n", "x {\n  a = 1\n  new = 1\n} # c\n"),
        ("x { /* c */ }\n", "x {\n  /* c */\n  new = 1\n}\n"),
        ("x {\n\ta = 1\n}\n", "x {\n\ta = 1\n\tnew = 1\n}\n"),
        ("x {\n    a = 1\n}\n", "x {\n    a = 1\n    new = 1\n}\n"),
        ("x {\r\n}\r\n", "x {\r\n  new = 1\r\n}\r\n"),
        ("x {\n  # c\n}\n", "x {\n  # c\n  new = 1\n}\n"),
        ("x {\n  a = 1\n\n  b {}\n}\n", "x {\n  a = 1\n\n  b {}\n\n  new = 1\n}\n"),
        ("x {\n  a = 1\n\n  # about b\n  b {}\n}\n", "x {\n  a = 1\n\n  # about b\n  b {}\n\n  new = 1\n}\n"),
        ("x {\n  a = 1\n\n  b {}\n  c {}\n}\n", "x {\n  a = 1\n\n  b {}\n  c {}\n  new = 1\n}\n"),
        ("x {\n\n  a = 1\n}\n", "x {\n\n  a = 1\n  new = 1\n}\n"),
    ],
)
def test_append(before: str, after: str) -> None:
    assert appended(before, b"new = 1") == after


@pytest.mark.parametrize("text", ["x {\n  a = 1 }\n", "x { a = [\n1\n] }\n", "x {\n  # c\n  /* d\n */ }\n"])
def test_brace_that_shares_its_line(text: str) -> None:
    with pytest.raises(UnfixableError, match="closing brace"):
        appended(text, b"new = 1")


@pytest.mark.parametrize(
    ("text", "path", "step"),
    [
        ("x {\n    a = 1\n}\n", (), b"    "),
        ("x {\n\ty {}\n}\n", (), b"\t"),
        ("x {\n    y {\n    }\n}\n", ("y",), b"    "),
        ("x {\n  a = 1\n}\n", (), b"  "),
        ("x {}\n", (), b"  "),
        ("x {\na = 1\n}\n", (), b"  "),
        ("x {\n# c\n}\n", (), b"  "),
    ],
)
def test_step_is_copied(text: str, path: tuple[str, ...], step: bytes) -> None:
    found = block(text, *path)
    assert indentation.step(found.source, found.node) == step
