"""Find the workload that a person names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.errors import HclmodError
from hclmod.terraform import stacks

if TYPE_CHECKING:
    from hclmod.terraform.model import Model
    from hclmod.terraform.resources import Workload


def find(model: Model, target: str) -> tuple[Workload, ...]:
    """The workload of `STACK/ADDRESS` or `ADDRESS`; a `HclmodError` where there is none, or more than one.

    One that stands in a module is as many as there are calls, unless `ADDRESS` names one.
    """
    stack_name, address = stacks.cut(target)
    results = [
        each
        for each in model.workloads
        if address in (each.id.address, each.id.full)
        and (not stack_name or each.id.stack == stack_name or each.id.stack.endswith(f"/{stack_name}"))
    ]
    names = sorted({each.id.name for each in results})
    if not results:
        known = [each.id.name for each in model.workloads]
        hint = stacks.missing(target, known, model.unread)
        raise HclmodError(f"there is no workload `{target}`", hint=f"{hint} `hclmod survey` lists the workloads.")
    if len({(each.id.stack, each.id.folder) for each in results}) > 1:
        raise HclmodError(f"`{target}` is {len(names)} workloads", hint=f"Name one: {', '.join(names)}.")
    return tuple(results)
