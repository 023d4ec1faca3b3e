"""The policy by which Keel may update an image whose tag has to stay (docs/facts.md, Keel 2, Keel 6, Terraform 3).

It is written where Keel reads it: on the workload's own metadata, so it applies to all of its containers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import Block, Finding, Reference, TagClass, change, containers, fixes, note, tags, warn

from ._floats import parsed
from ._keel import POLICY, RESTARTED, declared_policy

_BY_VERSION = frozenset({"patch", "minor", "major", "all"})
_IGNORED = f'metadata[0].annotations["{POLICY}"]'


def annotated(workload: Block, image: Reference, policy: str, label: str, *, fresh: bool) -> Iterator[Finding]:
    """The annotation for an image whose tag stays, and what is to be known about it.

    `fresh` says that this run has changed the workload, so a person has to look.
    """
    metadata = next(iter(workload.blocks("metadata")), None)
    place = workload.title
    if workload.type_label not in RESTARTED:
        message = f"{label}: writes no policy, because Keel does not update a {workload.type_label}"
        yield note(place, "policy-of-no-use", message)
    elif declared := declared_policy(workload):
        say = warn if fresh else note
        remarks = list(_remarks(workload, image, policy))
        yield from (say(declared, "policy-declared", f"{label}: `{POLICY}`: {each}") for each in remarks)
    elif metadata is None:
        yield warn(place, "no-metadata", f"{label}: has no `metadata` block for `{POLICY}`")
    elif jumping := _jumping(workload, policy):
        message = f"{label}: does not write `{POLICY} = {policy}`, which is for all containers: Keel would move the tag"
        yield warn(place, "policy-would-jump", f"{message} of {jumping} to its highest version")
    else:
        message = f"{label}: lets Keel update {image} by `{POLICY} = {policy}`, as hclmod.toml says"
        make = partial(fixes.ensure_entry, metadata, "annotations", POLICY, escaped(policy))
        yield change(place, "policy-written", message, make)


def escaped(text: str) -> str:
    """A text as it stands between quotes in HCL."""
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("${", "$${"), ("%{", "%%{")):
        text = text.replace(plain, written)
    return text


def _remarks(workload: Block, image: Reference, policy: str) -> Iterator[str]:
    form = tags.classify(image.tag or "latest")
    if not fixes.missing_items(workload, "ignore_changes", [_IGNORED], inside="lifecycle"):
        yield "Terraform ignores it there, so it only takes effect when the workload is created again"
    if policy.startswith("glob:") and form is not TagClass.CALENDAR:
        yield "Keel compares what a glob matches as text (1.9.0 is above 1.10.0), which is safe for padded dates only"
    elif policy.startswith("regexp:"):
        yield "what a regexp matches may also be lower"
    elif policy in _BY_VERSION and form in {TagClass.MAJOR, TagClass.MINOR}:
        yield f"Keel fills {image.tag} up to a whole version (`16` becomes `16.4`)"
    elif policy in _BY_VERSION and form not in tags.VERSIONS:
        yield f"{image.tag} is not a version, so {policy} never matches. `glob:...` or `regexp:...` may"


def _jumping(workload: Block, policy: str) -> str | None:
    """The container whose `latest` a policy by version would take for the lowest of all (docs/facts.md, Keel 2)."""
    if policy not in _BY_VERSION:
        return None
    for container in containers(workload):
        image = parsed(container.image) if container.image and not container.init else None
        if image and image.digest is None and image.tag in (None, "latest"):
            return container.label
    return None
