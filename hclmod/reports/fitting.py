"""Parts of a text put into a limit: each part has forms that grow, and what matters most grows first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a part; forms of a lower `rank` get their room first, in all parts."""

    rank: int
    text: str


Part = tuple[Form, ...]
"""The forms of a part, each replacing the one before it; without room for the first it is left out."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fits: the text of each part, and whether all of them are written in their last form."""

    texts: tuple[str, ...]
    whole: bool


def fit(parts: Sequence[Part], limit: int | None, size: Callable[[str], int] = len) -> Fitted:
    """The largest forms that fit into `limit` together; `size` counts as the reader does, and adds up."""
    if limit is None:
        return Fitted(tuple(part[-1].text for part in parts if part), whole=True)
    room = limit
    sizes = [0] * len(parts)
    chosen: list[Form | None] = [None] * len(parts)
    forms = [(form.rank, index, form) for index, part in enumerate(parts) for form in part]
    for _, index, form in sorted(forms, key=lambda each: each[:2]):
        grown = size(form.text)
        if grown - sizes[index] <= room:
            room -= grown - sizes[index]
            sizes[index], chosen[index] = grown, form
    whole = all(not part or form is part[-1] for part, form in zip(parts, chosen, strict=True))
    return Fitted(tuple(form.text for form in chosen if form), whole)
