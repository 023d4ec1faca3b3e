"""Find Helm releases in enrolled namespaces that Keel may leave stuck, or that any apply may upgrade.

Why: `atomic` waits for pods that Keel is rolling, fails, and leaves the release pending (docs/facts.md, Terraform 11).
The next upgrade of Helm reverts what Keel wrote, and without a `version` any apply may be an upgrade.

Left alone: Namespaces that are not enrolled and whose phases are not done, charts in a folder, and `atomic = false`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import RELEASE, Block, Context, Finding, Rule, warn

from .._cluster import WORDS
from .._enrolment import enrolled_namespace
from ..drop_helm_atomic import check as drop_atomic


def check(release: Block, context: Context, /) -> Iterator[Finding]:
    """Yield what is fragile about a release."""
    facts = context.facts.get(release.address)
    if facts is None or not (enrolled_namespace(facts, context) or facts.done):
        return
    yield from (each for each in drop_atomic(release, context) if each.is_open)
    chart = release.attribute("chart")
    if chart and release.attribute("version") is None and not _is_folder(chart.value.text):
        message = "its chart has no version, so any apply may upgrade it and revert what Keel wrote. Set `version`"
        yield warn(chart, "no-version", message)


def _is_folder(chart: str) -> bool:
    return chart.strip('"').startswith((".", "/", "${path.", "path."))


rule = Rule(check, kinds=(RELEASE,), needs={"facts"}, objects=WORDS)
