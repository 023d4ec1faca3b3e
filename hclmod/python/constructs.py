"""Which calls make resources of Terraform: constructs of a provider, by where their class is imported from.

Prebuilt providers are `cdktf_cdktf_provider_kubernetes` and `cdktn_provider_kubernetes`, bindings that `cdktf get`
generates are `imports.kubernetes`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod.python.names import snake
from hclmod.python.nodes import among
from hclmod.python.values import plain

if TYPE_CHECKING:
    from hclmod.python.nodes import Node
    from hclmod.python.source import Source

_CONSTRUCT = re.compile(r"^(?:(?:cdktf_cdktf|cdktn)_provider_|(?:[\w.]*\.)?imports\.)(\w+?)(?:\.[\w.]*)?\.([A-Z]\w*)$")
_POD = ("spec", "template", "spec")


def construct(source: Source, call: Node) -> str:
    """The resource type whose construct or struct a call makes (`kubernetes_deployment_v1`); empty for others."""
    if call.type != "block":
        return ""
    match = _CONSTRUCT.match(_class(source, call.fields["func"]).replace(":", "."))
    return f"{match[1]}_{snake(match[2])}".replace("-", "_") if match else ""


def _class(source: Source, function: Node) -> str:
    """The key of the class that a call makes: of one of this document that adds no `__init__`, what it is derived from.

    In the `__init__` of a class, `super().__init__()` makes that.
    """
    made: Node | None = None
    if source.written(function) == "super().__init__":
        made = source.names.own_class(function)
    elif function.type == "name" and (binding := source.names.lookup(function)) and binding[1].kind == "class":
        made = binding[1].node
        if made is not None and any(each.fields["name"].word == "__init__" for each in made.walk("function")):
            return ""
    if made is None:
        return source.names.qualified(function)
    bases = among(made.children, "argument")
    return source.names.qualified(bases[0].fields["val"].core()) if bases else ""


def resource_of(source: Source, call: Node) -> tuple[str, str] | None:
    """The type and the name of the resource that a call makes; None for other calls."""
    kind = construct(source, call)
    name = id_of(call) if kind else None
    return (kind, label(source, name)) if name is not None else None


def id_of(call: Node) -> Node | None:
    """The id of a construct: its second argument, or the one called `id_` or `id`."""
    if spread := [each for each in among(call.children, "splat") if each.word == "*"]:
        return spread[0].fields["val"]
    named = [each for each in among(call.children, "attribute") if each.word in ("id_", "id")]
    given = among(call.children, "argument")
    scoped = any(each.word in ("scope", "scope_") for each in among(call.children, "attribute"))
    if named and (scoped or given):
        return named[0].fields["val"]
    position = 0 if scoped else 1
    return given[position].fields["val"] if len(given) > position else None


def label(source: Source, node: Node) -> str:
    """A name for a construct: its id, or the text of the expression that makes it."""
    text = plain(source, node.core())
    words = re.findall(r"[\w-]+", source.written(node).lstrip("f") if text is None else text)
    return "-".join(words) or "unnamed"


def pods(kind: str) -> tuple[str, ...]:
    """The blocks that lead to the pods of a resource type."""
    if kind.startswith("kubernetes_cron_job"):
        return ("spec", "job_template", *_POD)
    return ("spec",) if kind in ("kubernetes_pod", "kubernetes_pod_v1") else _POD


def holders(node: Node) -> list[Node]:
    """The arguments of a call or the entries of a dict; a struct that is given a dict has its entries."""
    if node.type == "dict":
        return [each for each in node.children if each.type in ("object_elem", "splat")]
    given = among(node.children, "argument")
    if len(given) == 1 and given[0].fields["val"].core().type == "dict":
        return holders(given[0].fields["val"].core())
    return [each for each in node.children if each.type in ("attribute", "splat")]
