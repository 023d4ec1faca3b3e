"""The ways in which a registry may refuse a query."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hclmod.errors import HclmodError
from hclmod.http import shown

if TYPE_CHECKING:
    from hclmod.http import Answer


class Refusal(Enum):
    """Why a registry refused. A failed connection is a `http.Trouble`."""

    LOGIN = "requires a login"  # 401
    FORBIDDEN = "denied access"  # 403
    MISSING = "has no such image"  # 404
    BUSY = "has a rate limit"  # 429
    BROKEN = "has an internal error"  # 5xx
    ODD = "answered with an unexpected status"


class RegistryError(HclmodError):
    """A registry's refusal; `outcome` is its kind."""

    def __init__(self, outcome: Refusal, message: str, *, hint: str = "") -> None:
        self.outcome = outcome
        super().__init__(message, hint=hint)


_REFUSALS = {401: Refusal.LOGIN, 403: Refusal.FORBIDDEN, 404: Refusal.MISSING, 429: Refusal.BUSY}
_HINTS = {
    Refusal.LOGIN: "Log in with `docker login`. If the image does not exist, some registries answer like this, too.",
    Refusal.FORBIDDEN: "Check that the account may pull the image, and that it exists.",
    Refusal.MISSING: "Check the name of the image.",
    Refusal.BROKEN: "Try again later.",
}


def refusal(answer: Answer) -> RegistryError | None:
    """The error that an answer means; None for a success."""
    if 200 <= answer.status < 300:
        return None
    broken = Refusal.BROKEN if answer.status >= 500 else Refusal.ODD
    outcome = _REFUSALS.get(answer.status, broken)
    later = answer.headers.get("retry-after", "")
    hint = _HINTS.get(outcome, "")
    if outcome is Refusal.BUSY:
        hint = f"Retry after {later} (seconds, or a date)." if later else "Try again later."
    return RegistryError(outcome, f"{shown(answer.url)}: the registry {outcome.value} ({answer.status})", hint=hint)
