"""What a person asks `hclmod foundation` for, and where the policy goes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from hclmod.rulekit import Struct

from ._cluster import PUBLISHED
from ._foundation_keys import injected_set

CHART = "1.2.0"
SCHEDULE = "@every 1h"
NEVER_PUBLISHED = ("1.0.6",)
MUTATING, CLUSTER = "mutating", "cluster"
SERVES_MUTATING = (1, 17)
"""The version of Kyverno that serves `MutatingPolicy` of `policies.kyverno.io/v1` (docs/facts.md, Kyverno 5)."""

RESOURCE = "inject_keel_annotations"
"""The name of the policy's resource in all templates."""

_VERSION = re.compile(r"v?\d+(\.\d+)+(-[\w.]+)?")

LABEL, ALLOWLIST = "label", "allowlist"
NONE = "NONE"
"""No namespace can have this name, so a list that holds it enrolls nothing and is not empty."""


class Wish(Struct, frozen=True, kw_only=True):
    """What a person asks for; empty where the repository decides."""

    version: str = ""
    chart: str = ""
    schedule: str = ""
    policy: str = ""
    enrol: str = ""
    out: str = ""
    policy_file: str = ""
    tier: str = ""

    @property
    def folder(self) -> str:
        """The folder of a new stack of Keel."""
        return self.out or "stacks/keel"

    @property
    def by_list(self) -> bool:
        """Whether a new policy enrolls by a list of names."""
        return self.enrol == ALLOWLIST

    def wrong_versions(self) -> Iterator[str]:
        """What is wrong with the versions, in words."""
        for option, text, example in (("keel-version", self.version, "0.22.1"), ("chart", self.chart, CHART)):
            if text and not _VERSION.fullmatch(text):
                yield f"`{text}` is not a version. Write --{option} {example}"

    @property
    def chart_version(self) -> str:
        """The version of the chart."""
        return self.chart.removeprefix("v") or CHART

    @property
    def keel_version(self) -> str:
        """The version of Keel: the newest one that the chart was published with, unless it is named."""
        return self.version.removeprefix("v") or PUBLISHED.get(self.chart_version, ("", ""))[1]

    def values(self, *, whole: bool) -> dict[tuple[str, ...], str]:
        """The values of Keel's release; `whole` are those of a new one, whose schedule is not a person's choice."""
        result: dict[tuple[str, ...], str] = {("helmProvider", "enabled"): "false"}
        if self.keel_version:
            result = {("image", "tag"): f'"{self.keel_version}"', **result}
        if whole or self.schedule:
            result["polling", "defaultSchedule"] = json.dumps(self.schedule or SCHEDULE)
        return result

    def annotations(self) -> dict[str, str]:
        """What is injected."""
        return injected_set(self.schedule or SCHEDULE)


class Home(Struct, frozen=True, kw_only=True):
    """Where the policy goes, and of which kind it is."""

    path: str
    policy: str
    manifest: str
    release: str = ""
    """The address of Kyverno's release in the same folder."""
    namespace: str = "kyverno"
    newline: bytes = b"\n"

    @property
    def enrolment_list(self) -> str:
        """How the config names the list of the policy."""
        return f"{self.path}:{self.manifest}.{RESOURCE}"
