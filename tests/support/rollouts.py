"""Items and batches of a rollout in a few words, for tests of the planning."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hclmod.rollout import batches, order
from hclmod.rollout.items import APPLY, Item
from hclmod.rollout.state import State
from hclmod.rollout.window import Pace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hclmod.rollout.items import Batch, Left

START = datetime(2026, 1, 1, tzinfo=UTC)


def item(name: str, weight: int = 1, **more: Any) -> Item:
    """A deployment by `stack/name`."""
    stack, _, own = name.rpartition("/")
    address = f"kubernetes_deployment.{own}"
    values = {"stack": stack, "workload": f"{stack}/{address}", "targets": (address,), "why": ("image",), "when": APPLY}
    return Item(**{**values, "weight": weight, "kind": "deployment", "name": own, "namespace": stack, **more})


def planned(
    items: Iterable[Item], after: Mapping[str, Iterable[str]] | None = None, per: int = 5
) -> tuple[tuple[Batch, ...], tuple[Left, ...]]:
    """The batches of items, and what fits into none."""
    units, left = order.units(items, per)
    return batches.packed(order.ordered(units, after or {}), per), left


def state(made: Iterable[Batch], pace: Pace | None = None) -> State:
    """A catch-up of which nothing has begun."""
    return State(phase=1, title="", pace=pace or Pace(), runner="terraform", batches=tuple(made))


def names(made: Iterable[Batch]) -> list[str]:
    """What each batch rolls, in a few words: `a/x b/y`."""
    short = ((f"{each.stack}/{each.workload.rpartition('.')[2]}" for each in batch.items) for batch in made)
    return [" ".join(each) for each in short]
