from __future__ import annotations

import pytest

from hclmod.hcl.edits import Span
from hclmod.hcl.suppression import reason
from tests.support.hcl import source


def suppressed(text: str, rule: str = "float-image-tag") -> str | None:
    """The reason at the word `image`."""
    of = source(text)
    at = of.data.index(b"image =")
    return reason(of, Span(at, at + 5), rule)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# hclmod: ignore[float-image-tag] pinned by hand\nimage = 1\n", "pinned by hand"),
        ("image = 1 # hclmod: ignore[float-image-tag] why\n", "why"),
        ("image = 1 /* hclmod: ignore[float-image-tag] why */\n", "why"),
        ("/* hclmod:ignore[float-image-tag] two\nlines */\nimage = 1\n", "two\nlines"),
        ("// hclmod: ignore[a, float-image-tag] why\nimage = 1\n", "why"),
        ("# hclmod: ignore[float-image-tag]\n# more\nimage = 1\n", ""),
        ("# hclmod: ignore why\nimage = 1\n", ""),
        ("# hclmod:ignore\nimage = 1\n", ""),
        ("# hclmod: ignore[] why\nimage = 1\n", ""),
        ("# hclmod: ignore[float_image_tags] why\nimage = 1\n", ""),
        ("# hclmod: ignore[float-image-tag] why\nx {\n  y {\n    image = 1\n  }\n}\n", "why"),
        ("x {\n  image = 1\n} # hclmod: ignore[float-image-tag] why\n", "why"),
        ("# hclmod: ignore[float-image-tag] why\r\nimage = 1\r\n", "why"),
        ("a = {\n  # hclmod: ignore[float-image-tag] why\n  b = {\n    image = 1\n  }\n}\n", "why"),
        ("a = [\n  # hclmod: ignore[float-image-tag] why\n  {\n    image = 1\n  }\n]\n", "why"),
    ],
)
def test_suppressed(text: str, why: str) -> None:
    assert suppressed(text) == why


@pytest.mark.parametrize(
    "text",
    [
        "image = 1\n",
        "# hclmod: ignore[drop-helm-atomic] why\nimage = 1\n",
        "# hclmod: ignore[float-image-tag] why\n\nimage = 1\n",
        "# hclmod: ignored why\nimage = 1\n",
        "# please: hclmod: ignore[float-image-tag] why\nimage = 1\n",
        'x = "# hclmod: ignore[float-image-tag] why"\nimage = 1\n',
        "x = 1 # hclmod: ignore[float-image-tag] why\nimage = 1\n",
        "image = 1\n# hclmod: ignore[float-image-tag] why\n",
        "x {\n  # hclmod: ignore[float-image-tag] why\n  y = 1\n  image = 1\n}\n",
        "s = <<E\n# hclmod: ignore[float-image-tag] why\nE\nimage = 1\n",
    ],
)
def test_not_suppressed(text: str) -> None:
    assert suppressed(text) is None
