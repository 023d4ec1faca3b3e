"""Errors that a user can fix. Any other exception is a bug in hclmod."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class HclmodError(Exception):
    """What went wrong, where, and what to do next. Printed without a traceback."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigError(HclmodError):
    """`hclmod.toml` or the tag snapshot is invalid."""


class GitError(HclmodError):
    """Git failed, or the repository is in a state that hclmod does not touch."""


class RuleError(HclmodError):
    """A rule does not load, or does not have an option."""


class RefusedError(HclmodError):
    """A change could not be proven, so nothing was written."""

    exit_code = 3


def nearest(word: str, choices: Iterable[str], otherwise: str = "", *, cutoff: float = 0.6) -> str:
    """The hint for an unknown word: the most similar choice, or `otherwise` if there is none.

    `cutoff` is the similarity that is needed, from 0 to 1, as `difflib` computes it.
    """
    import difflib

    near = difflib.get_close_matches(word, list(choices), 1, cutoff)
    return f"Did you mean `{near[0]}`?" if near else otherwise
