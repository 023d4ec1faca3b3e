"""Errors that a person can mend; everything else that is raised is our bug."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class HclmodError(Exception):
    """What went wrong, where, and what to do next; printed without a traceback."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigError(HclmodError):
    """`hclmod.toml` or the tag snapshot says something that cannot be meant."""


class GitError(HclmodError):
    """Git said no, or the repository is in a state that we do not touch."""


class RuleError(HclmodError):
    """A rule does not load, or is given an option that it does not have."""


class RefusedError(HclmodError):
    """A change was made and not proven, so nothing was written."""

    exit_code = 3


def nearest(target: str, known: Iterable[str], otherwise: str = "", *, cutoff: float = 0.6) -> str:
    """The hint for a word that is not known: the one that may be meant, or what to say `otherwise`.

    `cutoff` is how alike they have to be, 0 to 1, as `difflib` counts it.
    """
    import difflib

    near = difflib.get_close_matches(target, list(known), 1, cutoff)
    return f"Did you mean `{near[0]}`?" if near else otherwise
