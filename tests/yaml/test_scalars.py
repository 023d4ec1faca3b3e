"""What is said beside an image in YAML: the comments that speak of it, and the metadata of its document."""

from __future__ import annotations

import pytest

from hclmod.hcl.edits import Span
from hclmod.yaml import scalars


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        (b"# a\n# b\nimage: q:1 # c\n", ("# a", "# b", "# c")),
        (b"# a\r\nimage:   # b  \r\n  # c\r\n  repository: q\r\n  tag: '1'   # d\r\n", ("# d", "# a", "# b", "# c")),
        (b"# a\nx:\n  # b\n  - name: y # c\n    # d\n    image: q:1\n", ("# d", "# b", "# a")),
        (b"# a\n\nimage:\n  tag: 1\nx: 1 # b\n# c\n", ()),
        (b"x:\n  # a\n  y: 1\n  image: {tag: 1} # b\n", ()),
        (b"images:\n  a:\n    image: {tag: 1}\n  b: 1 # c\n", ()),
        (b"x: [\nimage: q:1 # a\n", ("# a",)),
        (b"# a\n{{- if .x }}\nimage: q:1\n{{- end }}\n", ()),
        (b"image:\n  {{- if .x }}\n  tag: 1\n  {{- end }}\n", ()),
    ],
)
def test_the_comments_of_an_image_from_the_nearest_outwards(text: bytes, comments: tuple[str, ...]) -> None:
    (parts,) = scalars.images(text)
    assert scalars.comments(text, parts.get("tag") or parts["image"]) == comments


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (b"image: q:1\nannotations: {a/b: c, 'd/e': 'f'}\n", (("a/b", "c"), ("d/e", "f"))),
        (b"image: q:1\na/b: ${c}\nd/e: [1]\nf/g:\n", (("a/b", ""), ("d/e", ""), ("f/g", ""))),
        (b"a/b: c\n---\nimage: q:1\nd/e: f\n---\ng/h: i\n", (("d/e", "f"),)),
        (b"image: q/r:1\nurl: http://x/y\n# a/b: c\n", ()),
        (b"a/b: c\nx: [\nimage: q:1\n", ()),
    ],
)
def test_the_metadata_of_its_document(text: bytes, pairs: tuple[tuple[str, str], ...]) -> None:
    (parts,) = scalars.images(text)
    assert sorted(scalars.metadata(text, parts["image"])) == sorted(pairs)


def test_what_a_heredoc_fills_in_is_no_literal() -> None:
    text = b"image: q:1\na/b: xyz\n"
    (parts,) = scalars.images(text)
    assert scalars.metadata(text, parts["image"], [Span(16, 19)]) == (("a/b", ""),)
