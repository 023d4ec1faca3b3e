"""What a deploy waits for, and the push of `latest` does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ._acts import Kind
from ._latest import callers, every_push, moving
from ._pipelines import ACTIONS, Pipeline, Platform, Unit
from ._values import names, table


def gate(images: set[str], unit: Unit, each: Pipeline, every: Sequence[Pipeline]) -> str:
    """What a deploy waits for, as a test or a migration, and Keel would not; empty for none."""
    all_pushes = every_push(every)
    waits = [*_works_before(unit, each, every)]
    for push, other in (one for image in sorted(images) for one in moving(image, all_pushes)):
        early: set[tuple[str, str]] = set()
        for builder, file in ((push.unit, other), *callers(other, every)):
            early |= {(file.path, builder.name), *_works_before(builder, file, every)}
        if late := next((name for path, name in waits if (path, name) not in early), ""):
            return late
    return ""


def _works_before(unit: Unit, each: Pipeline, every: Sequence[Pipeline]) -> Iterator[tuple[str, str]]:
    """What a unit waits for that works, in its file and in the files for which that waits: paths and names."""
    for other in (one for one in each.units if one.name in each.before(unit)):
        if works(other):
            yield each.path, other.name
    for file in every:
        if follows(each, file):
            yield from ((file.path, other.name) for other in file.units if works(other))


def works(unit: Unit) -> bool:
    """Whether a unit does more than to build, to look, to notify and to set images."""
    return not unit.deploys and any(act.kind in (Kind.OTHER, Kind.UNKNOWN) for act in unit.acts)


def follows(each: Pipeline, file: Pipeline) -> bool:
    """Whether a file runs only after another one."""
    data = table(each.data)
    if each.platform is Platform.WOODPECKER:
        return file.platform is Platform.WOODPECKER and file.stem in names(data.get("depends_on"))
    title, on = table(file.data).get("name"), table(data.get("on")) if each.platform in ACTIONS else {}
    return bool(title) and title in names(table(on.get("workflow_run")).get("workflows"))


def documents_behind(unit: Unit, each: Pipeline) -> Iterator[str]:
    """The documents of a file of Drone that run after that of a unit, and work."""
    if each.platform is not Platform.DRONE:
        return
    title = table(each.document(unit)).get("name")
    for other in each.units:
        data = table(each.document(other))
        if title in names(data.get("depends_on")) and works(other):
            yield str(data.get("name"))
