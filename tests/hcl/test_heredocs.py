"""The text of heredocs and what fills it in."""

from __future__ import annotations

import pytest

from hclmod.hcl.heredocs import heredocs
from hclmod.hcl.views import top_level
from tests.support.trees import source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = <<EOT\nx: 1\nEOT\n", [(b"x: 1\n", [])]),
        ("a = <<-EOT\n  x: ${b}\n  EOT\n", [(b"  x: ${b}\n", [b"${b}"])]),
        ("a = [<<A\n1\nA\n, <<B\n${x}${y}\nB\n]\n", [(b"1\n", []), (b"${x}${y}\n", [b"${x}", b"${y}"])]),
        ('a = <<EOT\n${f("${x}")}\nEOT\n', [(b'${f("${x}")}\n', [b'${f("${x}")}'])]),
        ("a = <<EOT\nEOT\n", [(b"", [])]),
        ("a = <<EOT\r\nx\r\nEOT\r\n", [(b"x\r\n", [])]),
        ('a = "x ${y}"\n', []),
        ("a = [1, { b = 2 }]\n", []),
    ],
)
def test_bodies_and_holes(text: str, expected: list[tuple[bytes, list[bytes]]]) -> None:
    document = source("m.tf", text)
    found = heredocs(top_level(document)[0]["a"].value)
    assert [(each.body, [each.body[hole.start : hole.end] for hole in each.holes]) for each in found] == expected
    assert [each.place for each in found] == list(range(len(found)))
    assert all(document.data[each.start :].startswith(each.body) for each in found)
