"""Static traversals such as `metadata[0].annotations["keel.sh/policy"]`: the items of `ignore_changes`."""

from __future__ import annotations

import re
from functools import lru_cache

from hclmod.lazy import lazily
from hclmod.numbers import whole_number

Traversal = tuple[str | int, ...]
"""Its steps: a name or a quoted key is a `str`, a position an `int`."""

_HEAD = lazily(r"(?!\d)\w[\w-]*")
_STEP = lazily(r"""\s*(?:\.\s*((?!\d)\w[\w-]*)|\.\s*(\d+)|\[\s*(\d+)\s*\]|\[\s*"((?:[^"\\$%]|\\.)*)"\s*\])""")
_QUOTED = lazily(r'"(.*)"', re.DOTALL)


@lru_cache(maxsize=4096)  # the same few entries stand in every list
def parse(text: str) -> Traversal | None:
    """The steps of a traversal, also in the forms `a.0.b` and `"a.b"` of old Terraform, or None."""
    text = text.strip()
    if quoted := _QUOTED.fullmatch(text):
        text = quoted[1].replace('\\"', '"')
    head = _HEAD.match(text)
    if head is None:
        return None
    steps: list[str | int] = [head[0]]
    at = head.end()
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            return None
        name, position, index, key = step.groups()
        written = whole_number(position or index) if position or index else name or key
        if written is None:
            return None
        steps.append(written)
        at = step.end()
    return tuple(steps)


def covers(wide: Traversal, narrow: Traversal) -> bool:
    """Whether ignoring `wide` ignores `narrow` too; `all` covers everything."""
    return wide == ("all",) or narrow[: len(wide)] == wide
