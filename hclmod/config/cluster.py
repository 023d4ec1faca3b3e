"""`[keel]` of `hclmod.toml`: facts about the cluster, which rules read as `context.config.keel`.

They were options of rules once. Those keys are still read, for all rules, with a warning that names the new key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from hclmod.config.checks import Key, boolean, dotted, matching, table, texts
from hclmod.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Options = Mapping[str, Mapping[str, object]]

TABLE = "keel"
_EVERY = "*"  # in place of a rule's id: what is an option of every rule
_VERSION = matching(re.compile(r"v?\d+(?:\.\d+)*", re.ASCII), 'write a version of Keel such as "0.21.1"')
_INJECTED = matching(
    re.compile(r"elsewhere: \S.*"),
    'write "elsewhere: " and a reason, such as "elsewhere: the repository platform has it"',
)
_PLACE = matching(
    re.compile(r"[^/\s:][^\s:]*:[^\s:]+"),
    'write FILE:ADDRESS, such as "stacks/kyverno/keel.tf:kubernetes_manifest.inject"',
)
KEYS: Mapping[str, Key] = {
    "version": Key(_VERSION, "The version of Keel in the cluster, which decides what Keel writes."),
    "injected": Key(
        _INJECTED,
        "Where the policy is that injects annotations, if it is not in this repository: `elsewhere: ` and a reason.",
    ),
    "init_containers": Key(boolean, "Whether Keel also updates the images of init containers.", default=False),
    "floating_only": Key(
        boolean,
        "Whether only images whose tag floats are updated, as with `keel.sh/matchTag` in the injected annotations. "
        "Terraform then keeps the others.",
        default=False,
    ),
    "enrolled": Key(texts, "Globs of namespaces that an allowlist in another repository enrolls, without a label."),
    "enrolment_list": Key(
        _PLACE,
        "Where the list of enrolled namespaces stands, as FILE:TYPE.NAME of the policy, or FILE:KIND/NAME in YAML. "
        "Namespaces then get no label.",
    ),
    "exempt": Key(texts, "Globs of namespaces that are never enrolled, besides `keel`."),
    "markers": Key(texts, "Names of built-in markers, or of tables of `markers`, that say what the cluster writes."),
}
TYPE = table(KEYS)
OLD = {"keel_version" if key == "version" else key: key for key in KEYS}
"""The facts by the names of the options that they were."""


class Cluster(Struct, frozen=True, kw_only=True):
    """The facts about the cluster; an empty `version` is an unknown one, `markers` is None where nothing names them."""

    version: str = ""
    injected: str = ""
    init_containers: bool = False
    floating_only: bool = False
    enrolled: tuple[str, ...] = ()
    enrolment_list: str = ""
    exempt: tuple[str, ...] = ()
    markers: tuple[str, ...] | None = None


NOTHING = Cluster()
"""What is known where `[keel]` says nothing."""


def facts(raw: Mapping[str, Any], known: Cluster = NOTHING) -> Cluster:
    """The facts of a checked table, above those that are known."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
    return replace(known, **values)


def split(options: Options) -> tuple[dict[str, Any], dict[str, dict[str, object]]]:
    """The facts among the options of rules, by their keys, and the options without them.

    A `ConfigError` names facts that two rules give differently, and other options of every rule.
    """
    rest: dict[str, dict[str, object]] = {rule: {} for rule in options if rule not in (_EVERY, TABLE)}
    taken: dict[str, Any] = {}
    givers: dict[str, str] = {}
    for rule, name, given in _flat(options):
        if key := _key(rule, name):
            value = _checked(key, given, f"{rule}.{name}")
            if taken.get(key, value) != value and _rank(givers[key]) == _rank(rule):
                hint = f"Write it once, as `{key}` in the table [{TABLE}]."
                raise ConfigError(f"{givers[key]}.{name} and {rule}.{name} differ, but there is one cluster", hint=hint)
            taken[key], givers[key] = value, rule
        elif rule in rest:
            rest[rule][name] = given
        else:
            hint = "Set an option for each rule that has it: [options.RULE], or --set RULE.OPTION=VALUE."
            raise ConfigError(f"{rule}.{name} is not a fact about the cluster", hint=hint)
    return taken, rest


def _flat(options: Options) -> list[tuple[str, str, object]]:
    """Rule, name and value of each option, those that win last."""
    return [(rule, name, value) for rule in sorted(options, key=_rank) for name, value in options[rule].items()]


def _rank(rule: str) -> int:
    """Which options win: those of one rule over those of every rule, and the table itself over both."""
    return {_EVERY: 0, TABLE: 2}.get(rule, 1)


def _key(rule: str, name: str) -> str:
    """The key of a fact that stands among the options of a rule; empty for an option."""
    return (name if name in KEYS else "") if rule == TABLE else OLD.get(name, "")


_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _checked(key: str, value: object, place: str) -> object:
    """A value from TOML or from the command line, where lists and booleans may be texts."""
    kind = KEYS[key].type
    if isinstance(value, str) and kind is boolean:
        value = _WORDS.get(value.lower(), value)
    elif isinstance(value, str) and kind is texts:
        value = [part.strip() for part in value.split(",") if part.strip()]
    elif isinstance(value, tuple):
        value = list(value)
    for problem in kind(value, place):
        raise ConfigError(problem)
    return value


def deprecated(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to write in the place of old keys of the file, which are still read."""
    yield from _moved(raw.get("options", {}), "options")
    for number, phase in raw.get("phase", {}).items():
        yield from _moved(phase.get("options", {}), f"phase.{number}.options")


def _moved(options: Options, parent: str) -> Iterator[str]:
    for rule, given in options.items():
        for name in given:
            if name in OLD:
                old = dotted(dotted(parent, rule), name)
                yield f"{old}: deprecated; write `{OLD[name]}` in the table [{TABLE}] instead"


def deprecated_settings(options: Options) -> Iterator[str]:
    """Yield what to write in the place of old keys of the command line, which are still read."""
    for rule, given in options.items():
        for name in given:
            if rule != TABLE and name in OLD:
                yield f"--set {rule}.{name}: deprecated; write --set {TABLE}.{OLD[name]}, or [{TABLE}] in hclmod.toml"
