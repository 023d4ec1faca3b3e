"""Say for each container whether Keel brings new images of its CI to the cluster (run by `hclmod ci`).

Why: CI may stop to deploy only where Keel does it instead. Else nothing reaches the cluster any more, and nobody
notices. This needs a workload that is enrolled and not opted out, a policy that watches the digest of its tag, and an
image at `latest`, which CI pushes.

Left alone: Everything, because this rule only reports. Pods and jobs, which Keel does not update.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hclmod.rulekit import KINDS, Block, Container, Context, Finding, Rule, containers, note, replace

from .._ci import is_ignored
from .._cluster import WORDS, facts
from .._enrolment import LABEL, enrolled_namespace
from .._keel import CRON_JOBS, MATCH_TAG, POLICY, RESTARTED, declared, opt_out
from .._markers import FOLLOWS_TAGS
from .._policies import injected, injecting, matches_tag, nobody_injects
from .._rewrites import image_of, rewrites

LATEST = ("latest", "")
"""The tags that mean `latest`: itself, and none."""


def check(workload: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a note for each container; its cells are the answer."""
    known = context.facts.get(workload.address)
    every = [*_of_workload(workload, context)]
    seen = rewrites(workload, context)
    names = [each.name or "" for each in known.namespaces] if known else [""]
    for position, container in enumerate(containers(workload)):
        missing = [*every, *_of_container(workload, container, context)]
        if not missing and container.path not in seen.paths:
            own = f"{container.label}: "
            missing = [each.removeprefix(own) for each in seen.stays if each.startswith(own)] or ["Keel leaves it"]
        for namespace in names:
            yield _finding(workload, container, context, namespace, position, missing)


def _of_workload(workload: Block, context: Context) -> Iterator[str]:
    """What stands against all containers of a workload."""
    own = declared(workload, POLICY)
    if opt_out(workload) is not None:
        yield "it opted out of Keel"
    elif own is not None:
        matching = any(declared(workload, key) == "true" for key in MATCH_TAG)
        if own != "force" or not matching:
            yield f"its own policy is `{own or 'not written there'}`{'' if matching else ' without matchTag'}"
    elif workload.type_label in CRON_JOBS:
        yield "Keel updates a cron job only with a policy of its own"
    elif enrolled_namespace(context.facts.get(workload.address), context) is None:
        yield "its namespace is not enrolled"
    elif why := _policy_problem(context):
        yield why


def _policy_problem(context: Context) -> str:
    """Why what is injected does not watch the digest of a tag."""
    if context.config.keel.floating_only:
        return ""
    cluster = facts(context)
    maps = [injected(each) for policy in cluster.policies for each in injecting(policy)]
    if not maps:
        where = "the policy is in another repository: say `floating_only = true` in [keel] if it has matchTag"
        return nobody_injects(context, LABEL) or where
    if names := sorted({str(each[POLICY]) for each in maps if each[POLICY] != "force"}):
        return f"the policy injects `{names[0]}`, which does not watch the digest of latest"
    follows = not cluster.known or cluster.version >= FOLLOWS_TAGS
    return "the policy injects `force` without matchTag" if follows and not all(map(matches_tag, maps)) else ""


def _of_container(workload: Block, container: Container, context: Context) -> Iterator[str]:
    image = image_of(workload, container, context)
    if image is None:
        yield "its image cannot be read"
    elif image.digest or (image.tag or "") not in LATEST:
        yield f"its image is {image}, which is not at latest"


def _finding(
    workload: Block, container: Container, context: Context, namespace: str, position: int, missing: list[str]
) -> Finding:
    image = image_of(workload, container, context)
    cells = (
        ("kind", re.sub(r"_v\d+$", "", workload.type_label.removeprefix("kubernetes_")).replace("daemons", "daemon_s")),
        ("namespace", namespace),
        ("name", name_of(workload)),
        ("container", container.label),
        ("position", "" if container.init else str(position)),
        ("image", image.name if image else ""),
        ("missing", "; ".join(missing)),
        ("pulls_with", _pulls_with(workload)),
        ("ignored", "yes" if is_ignored(workload, f"{container.path}.image") else ""),
    )
    message = f"{container.label}: {'; '.join(missing) or 'Keel brings new images of its CI'}"
    return replace(note(workload.title, "missing" if missing else "delivered", message), cells=cells)


def _pulls_with(workload: Block) -> str:
    """What its pods pull images with: a pull `secret` of their own, maybe one of their `account`, or nothing."""
    pods = workload.find(*KINDS[workload.type_label].pod)
    dynamic = (block for pod in pods for block in pod.blocks("dynamic"))
    if any(pod.blocks("image_pull_secrets") for pod in pods) or any(
        "image_pull_secrets" in each.labels for each in dynamic
    ):
        return "secret"
    return "account" if any(pod.attribute("service_account_name") for pod in pods) else ""


def name_of(workload: Block) -> str:
    """The name of the object, empty where it is not written there."""
    metadata = next(iter(workload.blocks("metadata")), None)
    attribute = metadata.attribute("name") if metadata else None
    return (attribute.value.string() if attribute else "") or ""


rule = Rule(check, kinds=RESTARTED, needs={"facts", "origins"}, objects=WORDS)
