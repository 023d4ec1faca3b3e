"""Find entries for Keel's annotations on workloads that Keel does not have in its hands.

Why: an entry that ignores `keel.sh/*` where nothing writes it hides what a person declares there one day: a `never`
that Terraform ignores plans "No changes" (docs/facts.md, Terraform 3). Most often the namespace was never enrolled, or
no longer is.

Left alone: workloads whose namespace is enrolled (by label, or named in `enrolled`), whose phase is done, or which
declare a policy; ignored images, which their CI may own; lists that ignore more than Keel's keys. Nothing is taken
out: an allowlist that no label shows may enroll the namespace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.rulekit import KINDS, Block, Context, Finding, Rule, Traversal, fixes, lists, warn

from .._enrolment import Enrolment, due
from .._keel import opt_out

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(
    workload: Block, context: Context, /, *, enrolled: tuple[str, ...] = (), exempt: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Yield a warning where nothing needs the entries."""
    if due(workload, context, Enrolment(enrolled, exempt)) or opt_out(workload):
        return
    try:
        needless = lists.drop(workload, "ignore_changes", "lifecycle", _is_keels)
    except fixes.UnfixableError:
        return
    if needless:
        message = "it ignores annotations of Keel, which does not have it in its hands: enroll its namespace"
        message += ", name it in `enrolled` if an allowlist does, or take the entries out"
        yield warn(workload.title, "not-managed", message)


def _is_keels(held: Traversal) -> bool:
    return len(held) > 2 and held[-2] == "annotations" and str(held[-1]).startswith("keel.sh/")


rule = Rule(check, kinds=tuple(KINDS), needs={"facts"})
