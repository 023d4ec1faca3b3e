"""Which steps of all pipelines of a repository push `latest` of an image, and when."""

from __future__ import annotations

from collections.abc import Sequence

from hclmod.rulekit import Context

from ._conditions import ANY, runs_for
from ._pipelines import Pipeline, Unit, all_of, events
from ._pushes import Push, Pushes, latest_for, may_push_latest, pushes
from ._values import table


def pipelines(context: Context, now: Pipeline) -> tuple[Pipeline, ...]:
    """All pipelines, this one as it is now."""
    return tuple(now if each.path == now.path else each for each in all_of(context.yaml))


def every_push(files: Sequence[Pipeline]) -> Pushes:
    """What some pipelines push."""
    return tuple((push, each) for each in files for push in pushes(each))


def pushes_of(image: str, every: Pushes) -> Pushes:
    """What pushes an image: by its name, or else by one that may turn out to be it."""
    named = [one for one in every if image in one[0].repositories]
    return named or [one for one in every if one[0].is_of(image, one[0].unread)]


def moving(image: str, every: Pushes) -> Pushes:
    """What pushes `latest` of an image, or can be made to."""
    return [one for one in pushes_of(image, every) if one[0].is_of(image, may_push_latest(*one, every))]


def unpushed(images: set[str], every: Pushes) -> str:
    """The image of which every pipeline that pushes it leaves `latest` out; empty for none."""
    return next((image for image in sorted(images) if pushes_of(image, every) and not moving(image, every)), "")


def moved_for(push: Push, each: Pipeline, every: Sequence[Pipeline]) -> frozenset[str]:
    """The branches for which a step pushes `latest`; a workflow that others call runs for theirs."""
    own = latest_for(push, each)
    called = {name for unit, other in callers(each, every) for name in runs_for(unit, other) or {ANY}}
    if not called or set(events(each)) != {"workflow_call"}:
        return own
    return frozenset(called) if ANY in own else (own & called) or own


def callers(each: Pipeline, every: Sequence[Pipeline]) -> list[tuple[Unit, Pipeline]]:
    """The jobs of this repository that call a workflow."""
    return [
        (unit, other) for other in every for unit in other.units if table(unit.data).get("uses") == f"./{each.path}"
    ]
