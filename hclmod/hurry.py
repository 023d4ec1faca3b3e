"""Counts what a time limit decided in this process: another attempt may say otherwise, so it is not kept."""

from __future__ import annotations

_decided = [0]


def count() -> int:
    """How often a time limit has decided something."""
    return _decided[0]


def note() -> None:
    """Say that a time limit has decided something."""
    _decided[0] += 1
