"""A document with its tree, or why it has none."""

from __future__ import annotations

import pytest

from hclmod.hcl.document import Document
from hclmod.hcl.source import Unread, parse
from tests.support.hcl import HOSTILE


@pytest.mark.parametrize(("text", "line"), [("a {\n", 1), ("a = 1\nb = [\n", 2), ("a = 1\n}\n", 2)])
def test_syntax_errors_are_skipped_with_their_line(text: str, line: int) -> None:
    outcome = parse(Document("main.tf", text.encode()))
    assert isinstance(outcome, Unread)
    assert outcome.reason.startswith("syntax error on line ")
    assert int(outcome.reason.rpartition(" ")[2]) >= line


def test_hostile_documents_are_parsed_or_skipped() -> None:
    for path in HOSTILE:
        parse(Document(path.name, path.read_bytes()))
