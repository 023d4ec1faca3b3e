"""`[rollout]` of `hclmod.toml`: the pace of `hclmod catch-up`, and what needs care."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hclmod.config.checks import Key, Type, matching, table, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


MOST = 10**6
"""The most rollouts in a window: more than any cluster has workloads."""


def _number(value: Any, key: str) -> Iterator[str]:
    if type(value) is not int or not 1 <= value <= MOST:
        yield f"{key}: write how many rollouts, such as 5, not {value!r}"


_TIME = matching(re.compile(r"[1-9]\d{0,3}[mhd]", re.ASCII), "write a number and m, h or d, such as 6h")
KEYS: Mapping[str, Key] = {
    "per": Key(
        Type(_number, {"type": "integer", "minimum": 1, "maximum": MOST}),
        "How many workloads may roll in `every`.",
        default=5,
    ),
    "every": Key(_TIME, "The length of the window, which slides.", default="6h"),
    "poll": Key(
        _TIME, "How often the cluster looks for new images, after which it rolls what it enrolls.", default="1h"
    ),
    "runner": Key(
        text,
        "What applies a stack: terraform, tofu, terragrunt, or a script of the repository such as scripts/tg. "
        "Default: terragrunt where the stacks have a terragrunt.hcl.",
    ),
    "backup_first": Key(texts, "Globs of stacks, namespaces or workloads that roll last, after a backup."),
    "by_hand": Key(texts, "Globs of stacks that a person applies, such as those whose state is encrypted."),
    "step": Key(texts, "Globs of images that take one major version at a time. A larger jump is left to a person."),
}
TYPE = table(KEYS)


class Rollout(Struct, frozen=True, kw_only=True):
    """The pace, and who needs care; an empty `runner` is one to be found."""

    per: int = 5
    every: str = "6h"
    poll: str = "1h"
    runner: str = ""
    backup_first: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    step: tuple[str, ...] = ()


def rollout(raw: Mapping[str, Any]) -> Rollout:
    """The settings of a checked table."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
    return Rollout(**values)
