"""What else of a template reads the variables of an image's tag."""

from __future__ import annotations

import pytest

from hclmod.yaml import scalars
from hclmod.yaml.templates import readers, tag_variables


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b'image: "${repo}:${tag}"\n', {"tag"}),
        (b"image: ${whole}\n", {"whole"}),
        (b"image: a/b:${major}.${minor}\n", {"major", "minor"}),
        (b'image: "${repo}:1.2"\n', {"repo"}),
        (b"image:\n  repository: ${repo}\n  tag: v${tag}\n", {"tag"}),
        (b"image:\n  repository: ${repo}\n  digest: ${hash}\n", set()),
        (b"image: a:1\n", set()),
    ],
)
def test_the_variables_of_a_tag(text: bytes, names: set[str]) -> None:
    (parts,) = scalars.images(text)
    assert tag_variables(parts) == names


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        (b"version: ${tag}\n", [2]),
        (b'version: "${upper(tag)}" # ${tag}\n', [2, 2]),
        (b'%{ if tag != "" }\na: 1\n%{ endif }\n', [2]),
        (b"a: ${join(\n  tag,\n)}\n", [3]),
        (b"other: {image: 'b:${tag}', v: '${tag}'}\n", [2]),
        (b"other:\n  image: b:${upper(tag)}\n", [3]),
        (b"other:\n  image: b:${tag}\n", []),
        (b"  # ${tag}\n", []),
        (b"tag: mytag ${tags} ${x.tag}\n", []),
        (b"a: ${b}\ntag: 1\n", []),
    ],
)
def test_what_reads_a_variable_and_makes_no_image(more: bytes, lines: list[int]) -> None:
    text = b"image: a:${tag}\n" + more
    found = readers(text, scalars.images(text), ["tag"])
    assert [text.count(b"\n", 0, offset) + 1 for offset in found] == lines


def test_without_a_variable_nothing_is_read() -> None:
    assert readers(b"a: ${b}\n", (), []) == ()
