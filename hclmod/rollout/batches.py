"""Batches: units in their order, cut where a window is full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.rollout.items import BACKED_UP, Batch, Unit, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def packed(units: Iterable[Unit], per: int) -> tuple[Batch, ...]:
    """Put units into batches of at most `per` rollouts.

    A batch begins with the first unit in order and takes from those behind it what fits, as far as nothing of an
    earlier stage is left and all that it comes after is placed. What a person applies is a batch alone, and what needs
    a backup first shares none with what does not.
    """
    todo, groups, placed = list(units), list[list[Unit]](), set[str]()
    while todo:
        groups.append([])
        for unit in list(todo):
            early = unit.stage <= min(each.stage for each in todo) or not groups[-1]
            if early and placed.issuperset(unit.after) and (not groups[-1] or _fits(groups[-1], unit, per)):
                groups[-1].append(unit)
                placed.add(unit.name)
                todo.remove(unit)
    ids = {unit.name: _id(group) for group in groups for unit in group}
    return tuple(_batch(group, ids) for group in groups)


def _fits(group: Sequence[Unit], unit: Unit, per: int) -> bool:
    alone = any(each.by_hand for each in (*group, unit))
    alike = (group[-1].stage == BACKED_UP) == (unit.stage == BACKED_UP)
    return not alone and alike and sum(each.weight for each in (*group, unit)) <= per


def _batch(group: Sequence[Unit], ids: dict[str, str]) -> Batch:
    own = _id(group)
    return Batch(
        id=own,
        steps=tuple(step for each in group for step in each.steps),
        items=tuple(item for each in group for item in each.items),
        weight=sum(each.weight for each in group),
        after=tuple(sorted({ids[name] for each in group for name in each.after if name in ids} - {own})),
        by_hand=next((each.by_hand for each in group if each.by_hand), ""),
    )


def _id(group: Sequence[Unit]) -> str:
    """The identity of a batch: its items, so that planning again keeps what is done."""
    return digest(*sorted(item.id for each in group for item in each.items))[:8]
