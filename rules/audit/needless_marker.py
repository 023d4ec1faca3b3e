"""Find entries for Keel's annotations on workloads that Keel does not manage.

Why: An entry that ignores `keel.sh/*` where nothing writes it hides a later `never`, for which Terraform plans "No
changes" (docs/facts.md, Terraform 3). Most often the namespace was never enrolled, or no longer is.

Left alone: Workloads whose namespace is enrolled (by label, or named by a policy or in `enrolled`), whose phase is
done, or that declare a policy. Ignored images, which their CI may own, and lists that ignore more than Keel's keys.
Nothing is removed, because an allowlist in another repository may enroll the namespace.
"""

from __future__ import annotations

from collections.abc import Iterator

from hclmod.rulekit import KINDS, Block, Context, Finding, Rule, Traversal, fixes, lists, warn

from .._cluster import WORDS
from .._enrolment import due
from .._keel import opt_out


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning where nothing needs the entries."""
    if due(workload, context) or opt_out(workload):
        return
    try:
        needless = lists.drop(workload, "ignore_changes", "lifecycle", _is_keels)
    except fixes.UnfixableError:
        return
    if needless:
        message = "ignores annotations of Keel, which does not manage it. Enroll its namespace"
        message += ", add it to `enrolled` if an allowlist names it, or remove the entries"
        yield warn(workload.title, "not-managed", message)


def _is_keels(entry: Traversal) -> bool:
    return len(entry) > 2 and entry[-2] == "annotations" and str(entry[-1]).startswith("keel.sh/")


rule = Rule(check, kinds=tuple(KINDS), needs={"facts"}, objects=WORDS)
