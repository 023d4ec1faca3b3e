"""What a name of a document stands for: an import, a constant, a parameter, a variable of a loop.

A key is the module, a colon and the name in it: `settings:IMAGE`, `main:WebStack.self.image`. The module is written as
the stack's folder imports it. What is bound more than once is not followed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.python.nodes import Node, among

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CONSTRUCTS = re.compile(r"(?:cdktf|cdktn|(?:[\w.]*\.)?imports\b)")
"""How the keys begin of what the packages, their providers and generated bindings have."""

_SCOPES = ("function", "class", "module", "lambda")


class Bound(Struct, frozen=True):
    """What a name is bound to in a scope: a parameter, the node that assigns it, or something else (`node` is None)."""

    kind: str  # parameter, value, class, function, loop, import or other
    node: Node | None = None


class Names:
    """The names of one document; `module` is how others import it."""

    def __init__(self, root: Node, module: str, *, package: bool = False) -> None:
        self.root, self.module, self._package = root, module, package
        self._known: dict[int, Mapping[str, list[Bound]]] = {}
        self._aliases: set[int] = set()

    @cached_property
    def imports(self) -> dict[str, str]:
        """The key of what each imported name stands for; that of a module ends with the colon."""
        return {name: keys[-1] for name, keys in self._imports.items()}

    @cached_property
    def _imports(self) -> Mapping[str, list[str]]:
        """All that each imported name may stand for."""
        result: dict[str, list[str]] = defaultdict(list)
        for node in self.root.walk("import", "import_from"):
            for each in among(node.children, "imported"):
                for name, key in self._imported(node, each):
                    result[name].append(key)
        return result

    def _is_one_construct(self, name: str) -> bool:
        """Whether all imports of a name give the same class of constructs, each from another package."""
        keys = self._imports.get(name, ())
        return len({key.rpartition(":")[2] for key in keys}) == 1 and all(map(CONSTRUCTS.match, keys))

    @property
    def star(self) -> bool:
        """Whether something is imported without its name."""
        return any(True for _ in self.root.walk("star"))

    def _imported(self, node: Node, each: Node) -> Iterator[tuple[str, str]]:
        name, alias = dotted(each.fields["name"]), each.fields.get("alias")
        to = dotted(alias.fields["name"]) if alias else ""
        if node.type == "import_from":
            base = self._base(node)
            yield to or name, f"{base}:{name}"
        elif to:
            yield to, f"{name}:"
        else:
            yield name, f"{name}:"
            yield name.partition(".")[0], f"{name.partition('.')[0]}:"

    def _base(self, node: Node) -> str:
        """The module that a `from` names; dots are the packages around this document."""
        module = dotted(node.fields["module"]) if "module" in node.fields else ""
        if not node.word:
            return module
        parts = self.module.split(".")
        up = len(node.word) - (1 if self._package else 0)
        return ".".join((*parts[: len(parts) - up], *([module] if module else [])))

    def scope_of(self, node: Node) -> Node:
        """The function, class or module whose names a node uses; a class's names reach none of its functions."""
        return node.around(*_SCOPES) or self.root

    def bindings(self, scope: Node) -> Mapping[str, list[Bound]]:
        """What a scope binds, by name."""
        if id(scope) not in self._known:
            by_name: dict[str, list[Bound]] = defaultdict(list)
            for name, bound in _bindings(scope):
                by_name[name].append(bound)
            if scope is self.root:  # what functions declare `global` they may bind again
                for each in (name for node in scope.walk("global") for name in node.walk("name")):
                    by_name[each.word].append(Bound("other"))
            self._known[id(scope)] = by_name
        return self._known[id(scope)]

    def lookup(self, node: Node) -> tuple[Node, Bound] | None:
        """The scope that binds a name where it is used, and to what; None where nothing in the document does."""
        scope: Node | None = self.scope_of(node)
        first = scope
        while scope is not None:
            if scope is first or scope.type != "class":
                every = self.bindings(scope).get(node.word, [])
                if every:
                    return scope, every[0] if len(every) == 1 or self._is_imported(every, node.word) else Bound("other")
            scope = scope.around(*_SCOPES)
        return None

    def _is_imported(self, every: Sequence[Bound], name: str) -> bool:
        return all(each.kind == "import" for each in every) and self._is_one_construct(name)

    def is_of_two(self, node: Node) -> bool:
        """Whether a name is imported from several places, as where another package stands in for a missing one."""
        return node.type == "name" and len(set(self._imports.get(node.word, ()))) > 1

    def qualified(self, node: Node) -> str:
        """The key of what a name or an attribute of one stands for outside of functions; empty for anything else."""
        if node.type == "name":
            binding = self.lookup(node)
            if binding is None:
                return self.imports.get(node.word, "") or self._starred(node.word)
            scope, bound = binding
            if bound.kind == "import":
                return self.imports.get(node.word, "")
            if key := self._alias(bound):
                return key
            return f"{self.module}:{node.word}" if scope is self.root and bound.kind in _OWN else ""
        if node.type == "get_attr":
            base = self.qualified(node.fields["of"])
            joint = "" if base.endswith(":") else "."
            return f"{base}{joint}{node.fields['attr'].word}" if base else ""
        return ""

    def _alias(self, bound: Bound) -> str:
        """The key of the class of constructs of which a variable is another name; empty for other variables."""
        if bound.kind != "value" or bound.node is None or id(bound.node) in self._aliases:
            return ""
        value = bound.node.fields["val"].core()
        if value.type not in ("name", "get_attr"):
            return ""
        self._aliases.add(id(bound.node))
        key = self.qualified(value)
        self._aliases.discard(id(bound.node))
        return key if CONSTRUCTS.match(key) else ""

    def _starred(self, name: str) -> str:
        """The key of a class that a module of constructs gives with all its names; empty where none does."""
        fits = (key for key in self._stars if snake(name).startswith(key.rpartition(".")[2]))
        return next((f"{key}:{name}" for key in fits), "") if name[:1].isupper() else ""

    @cached_property
    def _stars(self) -> Sequence[str]:
        """The modules of constructs of which all names are imported."""
        stars = (each for each in self.root.walk("import_from") if any(True for _ in each.walk("star")))
        return [key for each in stars if CONSTRUCTS.match(key := self._base(each))]

    def qualname(self, node: Node) -> str:
        """The names of the classes and functions around a node, joined by dots; empty in the module itself."""
        names, scope = list[str](), node.around("function", "class")
        while scope is not None:
            names.append(scope.fields["name"].word)
            scope = scope.around("function", "class")
        return ".".join(reversed(names))

    def unit(self, node: Node) -> str:
        """The part of the program that runs with parameters of its own and that holds a node.

        A class with all methods that take no parameters, another method, a function; empty for the module itself.
        """
        inner = node.around("function")
        if inner is None:
            return ""
        return self.unit_of(inner)

    def unit_of(self, function: Node) -> str:
        """The unit that a function is, or is a part of."""
        name, home = function.fields["name"].word, function.around("function", "class")
        if home is None:
            return name
        if home.type == "function":
            return f"{self.unit_of(home)}.{name}"
        taking = name != "__init__" and len(parameters(function)) > 1
        whole = f"{prefix}.{home.fields['name'].word}" if (prefix := self.qualname(home)) else home.fields["name"].word
        return f"{whole}.{name}" if taking else whole

    def own_class(self, node: Node) -> Node | None:
        """The class in whose method a node stands."""
        function = node.around("function")
        return function.around("class", "function") if function is not None else None


_OWN = ("value", "class", "function")


def parameters(function: Node) -> list[Node]:
    """The parameters of a function, in order."""
    return [each for each in function.children if each.type == "parameter"]


def is_read(node: Node) -> bool:
    """Whether a name is read where it stands, and does not name an argument, a parameter or what is assigned."""
    parent = node.parent
    if parent is None or parent.type in ("parameter", "imported", "alias", "import_from", "class", "function"):
        return False
    if parent.type == "get_attr":
        return node is parent.fields["of"]
    return parent.type not in ("attribute", "rebinding") and node is not parent.fields.get("target")


def snake(name: str) -> str:
    """A name of a class as a resource type has it: `DaemonSetV1` is `daemon_set_v1`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def dotted(node: Node) -> str:
    """A name with the names behind its dots; empty for anything else."""
    if node.type == "name":
        return node.word
    if node.type == "get_attr":
        base = dotted(node.fields["of"])
        return f"{base}.{node.fields['attr'].word}" if base else ""
    return ""


def _bindings(scope: Node) -> Iterator[tuple[str, Bound]]:
    if scope.type in ("function", "lambda"):
        every = parameters(scope) if scope.type == "function" else list(scope.walk("parameter"))
        yield from ((each.fields["name"].word, Bound("parameter", each)) for each in every)
    for node in _inside(scope):
        yield from _bound_by(node)


def _inside(scope: Node) -> Iterator[Node]:
    """The nodes of a scope without those of scopes inside of it, of which only the head is given."""
    stack = list(reversed(scope.children))
    while stack:
        node = stack.pop()
        yield node
        if node.type not in ("function", "class", "lambda"):
            stack.extend(reversed(node.children))


def _bound_by(node: Node) -> Iterator[tuple[str, Bound]]:
    match node.type:
        case "attribute" if "target" in node.fields:
            target = node.fields["target"]
            if target.type == "name" and node.word and "val" in node.fields:
                yield node.word, Bound("value", node)
            elif target.type != "get_attr" and "val" in node.fields:
                targets = [each for each in node.children if each is not node.fields["val"]]
                yield from ((name, Bound("other")) for each in targets for name in _names(each))
        case "class" | "function":
            yield node.fields["name"].word, Bound(node.type, node)
        case "for" | "loop":
            yield from ((name, Bound("loop", node)) for name in _names(node.fields["target"]))
        case "rebinding":
            yield from ((name, Bound("other")) for name in _names(node.fields["target"]))
        case "alias" if node.parent is not None and node.parent.type != "imported":
            yield from ((name, Bound("other")) for name in _names(node.fields["name"]))
        case "imported":
            alias = node.fields.get("alias")
            yield dotted(alias.fields["name"] if alias else node.fields["name"]).partition(".")[0], Bound("import")
        case "global":
            yield from ((each.word, Bound("other")) for each in node.walk("name"))


def _names(target: Node) -> Iterator[str]:
    return (each.word for each in target.walk("name"))
