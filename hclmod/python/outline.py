"""The blocks of a Python document: its constructs, and what of the program itself gives them their values.

A call of a class or a function of the program is a `module` block, a default of a parameter a `variable`, an assignment
one of the `locals`.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from hclmod.hcl import views
from hclmod.python.constructs import construct, holders, id_of, pods, resource_of
from hclmod.python.names import is_read, parameters
from hclmod.python.nodes import among, seen
from hclmod.python.overrides import overriding
from hclmod.python.source import Source
from hclmod.python.values import key_of, loop_over
from hclmod.python.views import Attribute, Block, Expression

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hclmod.python.nodes import Node

_STRUCTS = frozenset({"cdktf.TerraformResourceLifecycle", "cdktn.TerraformResourceLifecycle"})
_NESTED = frozenset({"metadata", "spec", "template", "job_template", "container", "init_container", "lifecycle"})
"""The arguments that are blocks of Terraform, where a dict does not say so."""

_LOST = {"lifecycle": "ignore_changes", "metadata": "annotations"}
"""What rules ask of a block, where it is not known because another expression makes it."""


@views.outline.register(Source)
def outline(source: Source) -> tuple[dict[str, views.Attribute], tuple[views.Block, ...]]:
    """The blocks of a document, by where they stand."""
    maker = _Maker(source)
    return {}, tuple(sorted(maker.blocks(), key=lambda each: (each.node.start_byte, each.path)))


class _Maker:
    def __init__(self, source: Source) -> None:
        self.source, self.names = source, source.names
        self.counts: dict[str, int] = defaultdict(int)
        self.labels: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.overrides = overriding(source)

    def blocks(self) -> Iterator[Block]:
        """Resources, calls, defaults and assignments."""
        calls = list(self.source.top.walk("block"))
        named = [(call, labels) for call in calls if (labels := resource_of(self.source, call))]
        twice = self._twice(named)
        for call, (kind, name) in named:
            unit = self.names.unit(call)
            own_name = f"{unit.replace('.', '-') or 'module'}-{name}" if (kind, name) in twice else name
            yield self._resource(call, kind, own_name, unit)
        yield from filter(None, map(self._call, calls))
        yield from self._variables()
        yield from self._locals()

    def _twice(self, named: Iterable[tuple[Node, tuple[str, str]]]) -> set[tuple[str, str]]:
        """The types and names that several constructs have."""
        seen_once: set[tuple[str, str]] = set()
        twice: set[tuple[str, str]] = set()
        for _, labels in named:
            (twice if labels in seen_once else seen_once).add(labels)
        return twice

    def _path(self, key: str) -> str:
        self.counts[key] += 1
        return f"{key}[{self.counts[key] - 1}]"

    def _resource(self, call: Node, kind: str, name: str, unit: str) -> Block:
        path = self._path(f"resource.{kind}.{name}")
        attributes, blocks, more = self._entries(call, path, pods(kind))
        attributes.update(self._runs(call, path))
        there = {each.type for each in blocks}
        blocks += [self._lost(more, each, f"{path}.{each}") for each in _LOST if more and each not in there]
        blocks = self._overridden(call, path, blocks)
        return Block(
            source=self.source,
            node=seen(call),
            type="resource",
            labels=(kind, name),
            path=path,
            parts=(attributes, tuple(blocks)),
            unit=unit,
            more=more,
        )

    def _runs(self, call: Node, path: str) -> dict[str, views.Attribute]:
        """What the loop around a call runs over, as `for_each` says it in Terraform."""
        loop = call.around("for", "function")
        if loop is None or loop.type != "for":
            return {}
        attribute = Attribute(self.source, seen(loop), "for_each", f"{path}.for_each", loop_over(loop))
        return {"for_each": attribute}

    def _entries(
        self, node: Node, path: str, pod: tuple[str, ...]
    ) -> tuple[dict[str, views.Attribute], list[views.Block], Node | None]:
        """The attributes and blocks of a call or a dict, and what else may set some."""
        attributes: dict[str, views.Attribute] = {}
        blocks: list[views.Block] = []
        for holder in (each for each in holders(node) if each.type != "splat"):
            name = self._name(holder)
            inner = f"{path}.{name}"
            made = self._nested(holder, name, inner, pod[1:] if pod[:1] == (name,) else ())
            if made is None:
                attributes[name] = Attribute(self.source, seen(holder), name, inner)
            blocks += made or ()
        splat = next((each for each in holders(node) if each.type == "splat"), None)
        if splat and pod and not any(each.type == pod[0] for each in blocks):
            blocks.append(self._unwritten(splat, pod, path))
        if splat and node.type == "dict":  # what stands before it is replaced by what it has
            before = [name for name, each in attributes.items() if each.node.start_byte < splat.start_byte]
            attributes |= {name: Attribute(self.source, seen(splat), name, f"{path}.{name}") for name in before}
        return attributes, blocks, splat

    def _name(self, holder: Node) -> str:
        if holder.type == "attribute":
            return holder.word
        return Expression(self.source, seen(holder.fields["key"]), "").string() or ""

    def _nested(self, holder: Node, name: str, path: str, pod: tuple[str, ...]) -> list[views.Block] | None:
        """The blocks that an argument is, None where it is an attribute."""
        value = self._followed(holder.fields["val"].core())
        items = among(value.children, "expression") if value.type == "tuple" else []
        parts = [self._followed(each.core()) for each in items] if items else [value]
        if all(self._is_struct(each, name) for each in parts):
            return [self._block(each, holder, name, f"{path}[{index}]", pod) for index, each in enumerate(parts)]
        if name not in _NESTED:
            return None
        if name in _LOST:
            return [self._lost(holder, name, path)]
        chain = (name, *pod) if name not in ("container", "init_container") else (name,)
        return [self._unwritten(holder, chain, path.rpartition(".")[0])]

    def _lost(self, holder: Node, name: str, path: str) -> Block:
        """A block that another expression makes: what it says of annotations or of what is ignored is not known."""
        inside = _LOST[name]
        lost = Attribute(self.source, seen(holder), inside, f"{path}[0].{inside}")
        return self._made(holder, holder, name, f"{path}[0]", {inside: lost}, ())

    def _is_struct(self, node: Node, name: str) -> bool:
        if node.type == "dict":
            return name in _NESTED
        return bool(construct(self.source, node)) or self._called(node) in _STRUCTS

    def _called(self, node: Node) -> str:
        return self.names.qualified(node.fields["func"]).replace(":", ".") if node.type == "block" else ""

    def _followed(self, node: Node) -> Node:
        """What a variable holds that is assigned and used once, in one function."""
        binding = self.names.lookup(node) if node.type == "name" else None
        if binding is None or binding[1].kind != "value" or binding[1].node is None:
            return node
        scope, bound = binding
        uses = sum(each.word == node.word and is_read(each) for each in scope.walk("name"))
        return bound.node.fields["val"].core() if uses == 1 and self.names.scope_of(node) is scope else node  # type: ignore[union-attr]

    def _block(self, node: Node, holder: Node, name: str, path: str, pod: tuple[str, ...]) -> Block:
        attributes, blocks, more = self._entries(node, path, pod)
        return self._made(node, holder, name, path, attributes, tuple(blocks), more=more)

    def _made(
        self,
        node: Node,
        holder: Node,
        name: str,
        path: str,
        attributes: dict[str, views.Attribute],
        blocks: tuple[views.Block, ...],
        *,
        more: Node | None = None,
        labels: tuple[str, ...] = (),
    ) -> Block:
        return Block(
            source=self.source,
            node=seen(node),
            type=name,
            labels=labels,
            path=path,
            parts=(attributes, blocks),
            holder=holder,
            more=holder if node is holder else more,
        )

    def _unwritten(self, holder: Node, chain: tuple[str, ...], path: str) -> Block:
        """The pods that an argument makes whose value is not written in the call, as a `dynamic` container."""
        first, *rest = chain
        if first in ("container", "init_container") or not rest:
            where = f"{path}.{first}[0]" if first not in ("container", "init_container") else path
            kind = first if first in ("container", "init_container") else "container"
            at = f"{where}.dynamic.{kind}[0]"
            image = Attribute(self.source, seen(holder), "image", f"{at}.content[0].image")
            content = self._made(holder, holder, "content", f"{at}.content[0]", {"image": image}, ())
            over: views.Attribute = Attribute(self.source, seen(holder), "for_each", f"{at}.for_each")
            dynamic = self._made(holder, holder, "dynamic", at, {"for_each": over}, (content,), labels=(kind,))
            if first in ("container", "init_container"):
                return dynamic
            return self._made(holder, holder, first, where, {}, (dynamic,))
        inner = f"{path}.{first}[0]"
        return self._made(holder, holder, first, inner, {}, (self._unwritten(holder, tuple(rest), inner),))

    def _overridden(self, call: Node, path: str, blocks: list[views.Block]) -> list[views.Block]:
        """The blocks of a construct as `add_override` leaves them.

        A list of `lifecycle.ignore_changes` is one that may be made longer. Others replace what nobody can follow.
        """
        for index, (key, value, override) in enumerate(self.overrides.get(id(call), ())):
            inner, first = f"{path}.override[{index}]", key.partition(".")[0]
            if key == "lifecycle.ignore_changes":
                items = Attribute(self.source, seen(value), "ignore_changes", f"{inner}.ignore_changes")
                blocks.append(self._made(override, override, first, inner, {"ignore_changes": items}, ()))
            elif first in _LOST:
                blocks = [each for each in blocks if each.type != first]
                blocks.append(self._lost(override, first, inner.removesuffix(f"[{index}]") + first))
            elif first == "spec" and "container" in key:
                blocks = [each for each in blocks if each.type != first]
                blocks.append(self._unwritten(override, pods(construct(self.source, call)), inner))
        return blocks

    def _call(self, call: Node) -> Block | None:
        """A call of a class or a function of the program, or of what it imports that makes no resource."""
        function = call.fields["func"]
        key = self.names.qualified(function)
        if function.type == "get_attr" and self.source.written(function.fields["of"]) == "self":
            method = _method(self.names.own_class(call), function)
            key = f"{self.names.module}:{self.names.unit_of(method)}" if method is not None else ""
        if not key or key.endswith(":") or construct(self.source, call) or key.startswith(("cdktf", "cdktn", "os:")):
            return None
        arguments: dict[str, views.Attribute] = {}
        called = key.rpartition(":")[2]
        labelled = self._label(call) or called.rpartition(".")[2]
        path = self._path(f"module.{called}")
        for index, each in enumerate(among(call.children, "argument")):
            arguments[f"#{index}"] = Attribute(self.source, seen(each), f"#{index}", f"{path}.#{index}")
        for each in among(call.children, "attribute"):
            arguments[each.word] = Attribute(self.source, seen(each), each.word, f"{path}.{each.word}")
        more = next(iter(among(call.children, "splat")), None)
        loop = self._runs(call, path)
        return Block(
            source=self.source,
            node=seen(call),
            type="module",
            labels=(labelled, key),
            path=path,
            parts=({**arguments, **loop}, ()),
            unit=self.names.unit(call),
            more=more,
        )

    def _label(self, call: Node) -> str:
        """What sets a call apart from others: the id that it gives, or the first short text among its arguments."""
        given = [each.fields["val"] for each in among(call.children, "argument")]
        texts = [Expression(self.source, seen(each), "").string() for each in (id_of(call), *given) if each]
        return next((each for each in texts if each and each.replace("-", "").replace("_", "").isalnum()), "")

    def _variables(self) -> Iterator[Block]:
        for function in self.source.top.walk("function"):
            unit = self.names.unit_of(function)
            for each in parameters(function):
                name = each.fields["name"].word
                path = self._path(f"variable.{unit}.{name}")
                default: dict[str, views.Attribute] = {}
                if "val" in each.fields:
                    default["default"] = Attribute(self.source, seen(each), "default", f"{path}.default")
                yield Block(
                    source=self.source,
                    node=seen(each),
                    type="variable",
                    labels=(name,),
                    path=path,
                    parts=(default, ()),
                    unit=unit,
                )

    def _locals(self) -> Iterator[Block]:
        path = self._path("locals")
        attributes: dict[str, views.Attribute] = {}
        for node in self.source.top.walk("attribute"):
            if "target" in node.fields and node.word and "val" in node.fields:
                key = key_of(self.source, node)
                name = key.partition(":")[2]
                attributes.setdefault(key, Attribute(self.source, seen(node), key, f"{path}.{name}"))
        yield Block(
            source=self.source, node=seen(self.source.top), type="locals", labels=(), path=path, parts=(attributes, ())
        )


def _method(home: Node | None, function: Node) -> Node | None:
    """The method of a class that `self.name` calls."""
    name = function.fields["attr"].word
    methods = home.walk("function") if home is not None else ()
    return next((each for each in methods if each.fields["name"].word == name and each.around("class") is home), None)


@lru_cache(maxsize=32)
def blocks_of(source: Source) -> tuple[Block, ...]:
    """The blocks of a document, as what they are."""
    return tuple(cast("Block", each) for each in views.top_level(source)[1])
