"""What Terraform would do in a stack, by the plan that it shows as JSON, and where that is not what a batch says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hclmod.terraform.kubernetes import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hclmod.rollout.items import Batch, Step


class Change(Struct, frozen=True):
    """What Terraform would do, by `terraform show -json`; a provider decides what the values are."""

    actions: list[str]
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class Resource(Struct, frozen=True):
    """One resource of a plan."""

    address: str
    type: str
    change: Change


class _Plan(Struct, frozen=True):
    """A plan as JSON. Without resources Terraform leaves the key out."""

    resource_changes: list[Resource] = []


def read(shown: bytes) -> list[Resource] | None:
    """The resources of what `terraform show -json` prints; None for what cannot be read. A runner may print more."""
    try:
        return msgspec.json.decode(shown[shown.index(b"{") :], type=_Plan).resource_changes
    except (ValueError, RecursionError):
        return None


def differences(changes: Sequence[Resource], batch: Batch, step: Step) -> Iterator[str]:
    """What Terraform would do in a stack that the batch does not say."""
    for target in step.targets:
        if not any(_is_within(each.address, target) for each in changes):
            yield f"Terraform knows no {target} in {step.stack or '.'}"
    mine = [target for item in batch.items if item.stack == step.stack for target in item.targets]
    addresses = (item.workload.rpartition("/")[2].split(".") for item in batch.items)
    kinds = {each[-2] for each in addresses if len(each) > 1} | KINDS.keys()
    for each in changes:
        if each.type in kinds and _rolls(each.change) and not any(_is_within(each.address, t) for t in mine):
            yield f"applying {step.stack or '.'} would also roll {each.address}, which is not in this batch"


def _is_within(address: str, target: str) -> bool:
    """Whether an address is a target, or one of its instances."""
    return address == target or address.startswith(f"{target}[")


def _rolls(change: Change) -> bool:
    """Whether a change of a workload may start pods: it does more than to touch the metadata beside its `spec`."""
    if change.actions in (["no-op"], ["read"], ["delete"]):
        return False
    before, after = change.before or {}, change.after or {}
    return "spec" not in after or before.get("spec") != after.get("spec")
