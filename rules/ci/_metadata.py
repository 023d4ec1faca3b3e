"""When docker/metadata-action makes the tag `latest`."""

from __future__ import annotations

import re

from ._conditions import TAGS
from ._values import table

NAME = "docker/metadata-action"

IS_DEFAULT = "github.ref == github.event.repository.default_branch"
"""The condition that `{{is_default_branch}}` stands for."""

_AFFIX = re.compile(r"^\s*(?:prefix|suffix)=[^,\s]", re.MULTILINE)
_LATEST = re.compile(r"^\s*(?:latest|type=raw,.*value=latest|type=raw,\s*latest)\s*(?:,.*)?$")
_ENABLED = re.compile(r"enable=(\$?\{\{.*?\}\}|[^,]*)")
_RELEASE = re.compile(r"type=(?:semver|pep440|match)\b|type=ref,.*event=tag")


def has_affix(inputs: object) -> bool:
    """Whether every tag gets a prefix or a suffix, so that none is `latest`."""
    return bool(_AFFIX.search(str(table(inputs).get("flavor", ""))))


def latest(inputs: object) -> str | None:
    """The condition under which one of the tags is `latest`, empty for always; None for never.

    `latest` for releases is the default of the action (flavor `latest=auto`).
    """
    given = table(inputs)
    flavor, lines = str(given.get("flavor", "")), str(given.get("tags", "")).splitlines()
    if "latest=true" in flavor:
        return ""
    conditions: list[str] = []
    for line in (each.strip() for each in lines):
        if _LATEST.match(line) and not has_affix(given):
            conditions += _enabled(line)
        elif _RELEASE.search(line) and "latest=false" not in flavor:
            conditions.append("" if "value=" in line else TAGS)
    if not any(line.strip() for line in lines) and "latest=false" not in flavor:
        conditions.append(TAGS)
    return None if not conditions else "" if "" in conditions else " || ".join(conditions)


def _enabled(line: str) -> list[str]:
    match = _ENABLED.search(line)
    text = match[1].strip() if match else "true"
    if "is_default_branch" in text:
        return [IS_DEFAULT]
    plain = text.removeprefix("${{").removesuffix("}}").strip()
    return {"true": [""], "false": []}.get(plain, [plain])
