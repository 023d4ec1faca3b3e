"""Whole numbers that stand in a checkout."""

from __future__ import annotations

DIGITS = 18
"""A number with more digits is none that we read: its cost grows with their square, and Python refuses thousands."""


def whole_number(text: str) -> int | None:
    """The number that a text says in ASCII digits alone; None for any other text, and for more than `DIGITS`."""
    return int(text) if len(text) <= DIGITS and text.isascii() and text.isdecimal() else None
