"""Find the workload that a person names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.errors import HclmodError
from hclmod.terraform import stacks

if TYPE_CHECKING:
    from hclmod.terraform.model import Model
    from hclmod.terraform.resources import Workload


def find(model: Model, wanted: str) -> tuple[Workload, ...]:
    """The workload of `STACK/ADDRESS` or `ADDRESS`; a `HclmodError` where there is none, or more than one.

    One that stands in a module is as many as there are calls, unless `ADDRESS` names one.
    """
    stack_name, address = stacks.cut(wanted)
    found = [
        each
        for each in model.workloads
        if address in (each.id.address, each.id.full)
        and (not stack_name or each.id.stack == stack_name or each.id.stack.endswith(f"/{stack_name}"))
    ]
    names = sorted({each.id.name for each in found})
    if not found:
        known = [each.id.name for each in model.workloads]
        hint = stacks.missing(wanted, known, model.unread)
        raise HclmodError(f"there is no workload `{wanted}`", hint=f"{hint} `hclmod survey` lists the workloads.")
    if len({(each.id.stack, each.id.folder) for each in found}) > 1:
        raise HclmodError(f"`{wanted}` is {len(names)} workloads", hint=f"Name one: {', '.join(names)}.")
    return tuple(found)
