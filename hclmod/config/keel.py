"""`[keel]` of `hclmod.toml`: facts about the cluster, which every rule that asks for them is given.

Rules take these facts as options of their own (`keel_version`, `markers`, ...). Those of a rule's own table win.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hclmod.config.checks import Key, boolean, dotted, matching, table, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EVERY = "*"
"""In place of a rule's id: the options of every rule that has them."""

_VERSION = matching(re.compile(r"v?\d+(?:\.\d+)*", re.ASCII), 'write a version of Keel such as "0.21.1"')
KEYS: Mapping[str, Key] = {
    "version": Key(_VERSION, "The version of Keel in the cluster, which decides what Keel writes."),
    "init_containers": Key(boolean, "Whether Keel also updates the images of init containers.", default=False),
    "enrolled": Key(texts, "Globs of namespaces that an allowlist enrolls, without a label."),
    "exempt": Key(texts, "Globs of namespaces that are never enrolled, besides `keel`."),
    "markers": Key(texts, "Names of built-in markers, or of tables of `markers`, that say what the cluster writes."),
}
TYPE = table(KEYS)
_OPTIONS = {"version": "keel_version"}
_NEW = {_OPTIONS.get(key, key): key for key in KEYS}


def as_options(raw: Mapping[str, Any]) -> dict[str, object]:
    """The facts by the names of the options that rules have for them."""
    return {_OPTIONS.get(key, key): value for key, value in raw.items()}


def deprecated(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to write in the place of old keys, which are still read."""
    yield from _moved(raw.get("options", {}), "options")
    for number, phase in raw.get("phase", {}).items():
        shared = {EVERY: phase["options"][EVERY]} if EVERY in phase.get("options", {}) else {}
        yield from _moved(shared, f"phase.{number}.options")


def _moved(options: Mapping[str, Mapping[str, object]], key: str) -> Iterator[str]:
    for rule, given in options.items():
        for option in given:
            old = dotted(dotted(key, rule), option)
            if option in _NEW:
                yield f"{old}: deprecated; write `{_NEW[option]}` in the table [keel] instead"
            elif rule == EVERY:
                yield f"{old}: deprecated; write it under [{key}.RULE] for each rule that needs it"
