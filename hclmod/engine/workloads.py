"""Find the workload that a person names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hclmod.errors import HclmodError
from hclmod.terraform import stacks

if TYPE_CHECKING:
    from hclmod.terraform.repository import Estate
    from hclmod.terraform.uses import Home


def find(model: Estate, wanted: str) -> tuple[Home, ...]:
    """The workload of `STACK/ADDRESS` or `ADDRESS`; a `HclmodError` where there is none, or more than one.

    One that stands in a module is as many as there are calls, unless `ADDRESS` names one.
    """
    stack_name, address = stacks.cut(wanted)
    found = [
        home
        for home in model.homes
        if address in (home.dweller.address, home.address)
        and (not stack_name or home.stack == stack_name or home.stack.endswith(f"/{stack_name}"))
    ]
    names = sorted({f"{home.stack}/{home.address}" for home in found})
    if not found:
        known = [f"{home.stack}/{home.address}" for home in model.homes]
        hint = stacks.missing(wanted, known, model.unread)
        raise HclmodError(f"there is no workload `{wanted}`", hint=f"{hint} `hclmod survey` lists the workloads.")
    if len({(home.stack, home.folder) for home in found}) > 1:
        raise HclmodError(f"`{wanted}` is {len(names)} workloads", hint=f"Name one: {', '.join(names)}.")
    return tuple(found)
