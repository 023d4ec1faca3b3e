"""The policy by which Keel may update an image whose tag has to stay (docs/facts.md, Keel 2, Keel 6, Terraform 3).

It is written where Keel reads it: on the workload's own metadata, so that it is for all of its containers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hclmod.rulekit import Block, Finding, Reference, TagClass, change, containers, fixes, note, tags, warn

from ._floats import parsed
from ._keel import POLICY, RESTARTED, declared_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

_BY_VERSION = frozenset({"patch", "minor", "major", "all"})
_IGNORED = f'metadata[0].annotations["{POLICY}"]'


def annotated(workload: Block, image: Reference, policy: str, label: str, *, fresh: bool) -> Iterator[Finding]:
    """The annotation for an image whose tag stays, and what is to be known about it.

    `fresh` tells that this run has changed the workload, so that a person has to look.
    """
    metadata = next(iter(workload.blocks("metadata")), None)
    place = workload.title
    if workload.type_label not in RESTARTED:
        told = f"{label}: Keel updates no {workload.type_label}, so no policy is written"
        yield note(place, "policy-of-no-use", told)
    elif declared := declared_policy(workload):
        say = warn if fresh else note
        remarks = list(_remarks(workload, image, policy))
        yield from (say(declared, "policy-declared", f"{label}: `{POLICY}`: {each}") for each in remarks)
    elif metadata is None:
        yield warn(place, "no-metadata", f"{label}: it has no `metadata` block to put `{POLICY}` into")
    elif jumping := _jumping(workload, policy):
        message = (
            f"{label}: `{POLICY} = {policy}` is not written, for it is for every container: Keel would change the tag"
        )
        yield warn(place, "policy-would-jump", f"{message} of {jumping} to the highest version there is")
    else:
        message = f"{label}: Keel updates {image} by `{POLICY} = {policy}`, as hclmod.toml says"
        make = partial(fixes.ensure_entry, metadata, "annotations", POLICY, _escaped(policy))
        yield change(place, "policy-written", message, make)


def _escaped(text: str) -> str:
    """A text as it stands between quotes in HCL."""
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("${", "$${"), ("%{", "%%{")):
        text = text.replace(plain, written)
    return text


def _remarks(workload: Block, image: Reference, policy: str) -> Iterator[str]:
    form = tags.classify(image.tag or "latest")
    if not fixes.missing_items(workload, "ignore_changes", [_IGNORED], inside="lifecycle"):
        yield "Terraform ignores it there, so that it reaches only a workload that is created anew"
    if policy.startswith("glob:") and form is not TagClass.CALENDAR:
        yield "Keel compares what a glob matches as text (1.9.0 is above 1.10.0), which is sound for padded dates only"
    elif policy.startswith("regexp:"):
        yield "what a regexp matches may be lower, too"
    elif policy in _BY_VERSION and form in {TagClass.MAJOR, TagClass.MINOR}:
        yield f"Keel fills {image.tag} up to a whole version (`16` becomes `16.4`)"
    elif policy in _BY_VERSION and form not in tags.VERSIONS:
        yield f"{image.tag} is no version, so that {policy} never fires; `glob:...` or `regexp:...` may"


def _jumping(workload: Block, policy: str) -> str | None:
    """The container whose `latest` a policy by version would take for the lowest of all (docs/facts.md, Keel 2)."""
    if policy not in _BY_VERSION:
        return None
    for container in containers(workload):
        image = parsed(container.image) if container.image and not container.init else None
        if image and image.digest is None and image.tag in (None, "latest"):
            return container.label
    return None
