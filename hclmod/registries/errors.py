"""What a registry may answer instead of what it was asked for, each under its name."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hclmod.errors import HclmodError
from hclmod.http import shown

if TYPE_CHECKING:
    from hclmod.http import Answer


class Refusal(Enum):
    """Why a registry did not tell; what goes wrong on the way there is a `transport.Trouble`."""

    LOGIN = "wants a login"  # 401
    FORBIDDEN = "forbids it"  # 403
    MISSING = "has no such image"  # 404
    BUSY = "wants to be asked later"  # 429
    BROKEN = "is broken"  # 5xx
    ODD = "answers with a status that means nothing here"


class RegistryError(HclmodError):
    """A registry's refusal; `outcome` is its name."""

    def __init__(self, outcome: Refusal, message: str, *, hint: str = "") -> None:
        self.outcome = outcome
        super().__init__(message, hint=hint)


_REFUSALS = {401: Refusal.LOGIN, 403: Refusal.FORBIDDEN, 404: Refusal.MISSING, 429: Refusal.BUSY}
_HINTS = {
    Refusal.LOGIN: "Log in with `docker login`, or look whether the image exists: some registries say this of none.",
    Refusal.FORBIDDEN: "Look whether the account may pull it, and whether it exists: some registries say this of none.",
    Refusal.MISSING: "Look whether the name is right.",
    Refusal.BROKEN: "Try again later.",
}


def refusal(answer: Answer) -> RegistryError | None:
    """The error that an answer means; None for one that tells what was asked."""
    if 200 <= answer.status < 300:
        return None
    broken = Refusal.BROKEN if answer.status >= 500 else Refusal.ODD
    outcome = _REFUSALS.get(answer.status, broken)
    later = answer.headers.get("retry-after", "")
    hint = _HINTS.get(outcome, "")
    if outcome is Refusal.BUSY:
        hint = f"It asks to wait {later} (seconds, or until then)." if later else "Try again later."
    return RegistryError(outcome, f"{shown(answer.url)}: the registry {outcome.value} ({answer.status})", hint=hint)
