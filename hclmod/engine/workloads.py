"""Find the workload that a person names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.errors import HclmodError
from hclmod.terraform import stacks

if TYPE_CHECKING:
    from hclmod.terraform.model import Model
    from hclmod.terraform.resources import Workload


def _names(workload: Workload) -> tuple[str, ...]:
    """How a workload may be named in its stack; the last part of its address alone is a short name."""
    address = workload.id.address
    return address, workload.id.full, address.rpartition(".")[2]


def find(model: Model, target: str) -> tuple[Workload, ...]:
    """The workload of `STACK/ADDRESS`, `ADDRESS` or a short name; a `HclmodError` for none or several.

    One that stands in a module is as many as there are calls, unless `ADDRESS` names one.
    """
    stack_name, address = stacks.cut(target)
    results = [
        each
        for each in model.workloads
        if address in _names(each)
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
