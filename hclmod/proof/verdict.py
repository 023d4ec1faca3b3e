"""What proving a change may come to."""

from __future__ import annotations

from msgspec import Struct


class Same(Struct, frozen=True):
    """The bytes are those from before."""


class AsDeclared(Struct, frozen=True):
    """Every difference was declared, and every declaration came true."""

    judges: tuple[str, ...]


class Broken(Struct, frozen=True):
    """The change did something else than it declared; each path or message says what."""

    paths: tuple[str, ...]


class Unverifiable(Struct, frozen=True):
    """No second parser can read the document, so nothing is known."""

    why: str


Verdict = Same | AsDeclared | Broken | Unverifiable
