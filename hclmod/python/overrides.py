"""What `add_override` of a construct replaces in what it synthesises."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hclmod.python.nodes import Node, among
from hclmod.python.values import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.python.source import Source

ADD = "add_override"

Override = tuple[str, Node, Node]
"""The path that is replaced, the argument with its new value, and the call."""


def overriding(source: Source) -> Mapping[int, list[Override]]:
    """The overrides of each construct, by the identity of its call."""
    by_call: dict[int, list[Override]] = defaultdict(list)
    for call in source.top.walk("block"):
        function, given = call.fields["func"], among(call.children, "argument")
        if function.type == "get_attr" and function.fields["attr"].word == ADD and len(given) == 2:
            made, key = _construct_of(source, function.fields["of"]), plain(source, given[0].fields["val"].core())
            if made is not None:
                by_call[id(made)].append((key or "spec.container", given[1], call))
    return by_call


def _construct_of(source: Source, node: Node) -> Node | None:
    """The call that made what a name or `self.x` stands for."""
    if node.type == "block":
        return node
    if node.type == "name":
        binding = source.names.lookup(node)
        assigned = binding[1].node if binding and binding[1].kind == "value" else None
        return assigned.fields["val"].core() if assigned else None
    home, text = source.names.own_class(node), source.written(node)
    given = [each for each in home.walk("attribute") if each.word == text] if home else []
    return given[0].fields["val"].core() if len(given) == 1 and "val" in given[0].fields else None
