"""One tag snapshot for a fleet: each registry is asked once about what all repositories need to know."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hclmod import files
from hclmod.config import file as config
from hclmod.errors import ConfigError
from hclmod.fleet.run import run
from hclmod.fleet.work import Do
from hclmod.images import evidence
from hclmod.registries.questions import Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hclmod.fleet.file import Fleet


def refresh(fleet: Fleet, watch: Callable[[str], None], begin: Callable[[int], None]) -> Mapping[str, str]:
    """Ask about the images of all repositories and write the snapshot of the fleet; why some are not known, by image.

    How registries are reached stands in the config of the fleet alone, because they get the person's logins.
    """
    from hclmod.registries import refresh

    if fleet.tags is None:
        raise ConfigError("the fleet has no tag snapshot", hint='Add `tags = "hclmod.tags.json"` to [fleet].')
    wishes = merged(run(fleet, Do.LOOK, watch, begin).wishes)
    begin(len(wishes))
    registries = config.parse(fleet.config or b"", config.FILE_NAME).registries
    checked = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    learnt = refresh.refresh(wishes, refresh.Settings(registries, os.environ, checked), watch)
    old = evidence.load(fleet.tags) if os.path.lexists(fleet.tags) else evidence.Snapshot({})
    files.save(fleet.tags, evidence.dump(evidence.refreshed(old, learnt.images)))
    if learnt.interrupted:
        raise KeyboardInterrupt
    return learnt.failed


def merged(wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """One wish for each image, with the tags of all."""
    pins: dict[str, set[str]] = defaultdict(set)
    targets: dict[str, set[str]] = defaultdict(set)
    for each in wishes:
        pins[each.name].update(each.pins)
        targets[each.name].update(each.targets)
    return tuple(Wish(name, tuple(sorted(pins[name])), tuple(sorted(targets[name]))) for name in sorted(pins))
