"""What an expression of Python says, in the values that the model follows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, cast

from hclmod.hcl import values as hcl
from hclmod.hcl.edits import Span
from hclmod.hcl.values import NESTING, Choice, List, Object, Opaque, Reference, Template, Text, Value
from hclmod.python.nodes import Node, among, own
from hclmod.python.views import Expression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hclmod.python.names import Bound
    from hclmod.python.source import Source

_ENVIRONMENT = ("os:environ", "os:getenv")
_READ = frozenset({"json:load", "json:loads", "yaml:safe_load", "yaml:load", "tomllib:load", "tomllib:loads"})
_WORDS = {"True": "true", "False": "false", "None": "null"}
_SETTINGS = frozenset({"BaseSettings", "BaseModel"})
AGAIN = "its name is bound more than once"
ENVIRONMENT = "it comes from the environment"
FILE = "it is read from a file when the program runs"
SETTING = "it is a setting, which the environment may overrule"


@hcl.read.register(Expression)
def read(expression: Expression) -> Value:
    """What an expression says."""
    return _Reader(expression).value(own(expression.node))


@hcl.literals.register(Expression)
def literals(expression: Expression) -> tuple[Span, ...]:
    """The pieces of all strings in an expression, in order: what stands between quotes and holes."""
    return tuple(sorted(span for node in own(expression.node).walk("string", "template") for span in pieces(node)))


def pieces(node: Node) -> list[Span]:
    """The literal text of a string."""
    if node.type == "template":
        return [Span(each.start_byte, each.end_byte) for each in among(node.children, "text")]
    first, last = node.children[0], node.children[-1]
    return [Span(first.end_byte, last.start_byte)] if last.start_byte > first.end_byte else []


def plain(source: Source, node: Node) -> str | None:
    """The text that a string without holes is; None for bytes and for anything else."""
    if node.type != "string" or "b" in node.word.lower():
        return None
    value = ast.literal_eval(source.written(node))
    return value if isinstance(value, str) else None


class _Reader:
    def __init__(self, expression: Expression) -> None:
        self.source = cast("Source", expression.source)
        self.names = self.source.names
        self.places = {span.start: place for place, span in enumerate(literals(expression))}
        self.depth = 0

    def value(self, node: Node) -> Value:
        """What a node says."""
        node = node.core()
        reader = getattr(self, f"_{node.type}", None)
        if reader is None:
            return Opaque(self._text(node))
        if self.depth == NESTING:
            return Opaque(self._text(node), "it is nested too deeply")
        self.depth += 1
        result: Value = reader(node)
        self.depth -= 1
        return result

    def _text(self, node: Node) -> str:
        return self.source.written(node)

    def _line(self, node: Node) -> int:
        return self.source.document.line(node.start_byte)

    def _string(self, node: Node) -> Value:
        text = plain(self.source, node)
        if text is None:
            return Opaque(self._text(node))
        return Text(text, self.places.get(node.children[0].end_byte) if text else None, self._line(node))

    def _template(self, node: Node) -> Value:
        parts: list[Value] = []
        for each in node.children:
            if each.type == "text":
                text = self._text(each).replace("{{", "{").replace("}}", "}")
                parts.append(Text(text, self.places.get(each.start_byte), self._line(each)))
            elif each.type == "interpolation":
                parts.append(Opaque(self._text(each)) if each.word == "formatted" else self._hole(each))
        return Template(tuple(parts))

    def _hole(self, node: Node) -> Value:
        """What a hole says; text that is written in one has no place, for nothing may be changed there."""
        places, self.places = self.places, {}
        result = self.value(node.fields["val"])
        self.places = places
        return result

    def _concatenation(self, node: Node) -> Value:
        return Template(tuple(self.value(each) for each in node.children if each.type != "comment"))

    def _binary(self, node: Node) -> Value:
        if node.word != "Add":
            return Opaque(self._text(node))
        sides = (self.value(node.fields["left"]), self.value(node.fields["right"]))
        return Opaque(self._text(node)) if any(isinstance(each, List) for each in sides) else Template(sides)

    def _number(self, node: Node) -> Value:
        return Text(node.word, None, self._line(node))

    def _conditional(self, node: Node) -> Value:
        return Choice((self.value(node.fields["yes"]), self.value(node.fields["no"])))

    def _either(self, node: Node) -> Value:
        if node.word != "Or":
            return Opaque(self._text(node))
        return Choice((self.value(node.fields["left"]), self.value(node.fields["right"])))

    def _tuple(self, node: Node) -> Value:
        return List(tuple(self.value(each) for each in among(node.children, "expression")))

    _sequence = _tuple

    def _dict(self, node: Node) -> Value:
        entries: list[tuple[str | None, Value]] = []
        for each in node.children:
            if each.type == "splat":
                entries.append((None, self.value(each.fields["val"])))
            elif each.type == "object_elem":
                entries.append((plain(self.source, each.fields["key"].core()), self.value(each.fields["val"])))
        return Object(tuple(entries))

    def _name(self, node: Node) -> Value:
        if node.word in _WORDS:
            return Text(_WORDS[node.word], None, self._line(node))
        return meaning(self.source, node)

    def _get_attr(self, node: Node) -> Value:
        if self.names.qualified(node).startswith(_ENVIRONMENT):
            return Opaque(self._text(node), ENVIRONMENT)
        return meaning(self.source, node)

    def _index(self, node: Node) -> Value:
        base = self.value(node.fields["of"])
        keys = [each for each in node.children if each is not node.fields["of"]]
        key = self.value(_inner(keys[0])) if len(keys) == 1 else Opaque("")
        step: str | int | Value = key.text if isinstance(key, Text) else key
        if isinstance(base, Reference):
            return Reference((*base.steps, step), self._text(node), base.at)
        if isinstance(base, Opaque):
            return Opaque(self._text(node), base.why)
        return Reference((base, step), self._text(node), node.start_byte)

    def _block(self, node: Node) -> Value:
        """What a call gives."""
        function = node.fields["func"]
        key = self.names.qualified(function)
        if key.startswith(_ENVIRONMENT):
            return Opaque(self._text(node), ENVIRONMENT)
        if key in _READ:
            return Opaque(self._text(node), FILE)
        arguments = among(node.children, "argument")
        if function.type == "name" and function.word == "str" and len(arguments) == 1:
            return self.value(arguments[0].fields["val"])
        if function.type == "get_attr" and function.fields["attr"].word == "get" and arguments:
            return self._got(node, function.fields["of"], [each.fields["val"] for each in arguments])
        if made := self._record(function, node):
            return made
        return Opaque(self._text(node), f"what {self._text(function)}() makes is not followed")

    def _got(self, node: Node, table: Node, arguments: list[Node]) -> Value:
        """`table.get(key)`: the entry, and what stands in for it."""
        base, key = self.value(table), self.value(arguments[0])
        if isinstance(base, Opaque):
            return Opaque(self._text(node), base.why)
        default = self.value(arguments[1]) if len(arguments) > 1 else Text("null", None)
        return hcl.Call("lookup", (base, key, default), self._text(node))

    def _record(self, function: Node, node: Node) -> Value | None:
        """The fields of a dataclass of this document; None for anything else."""
        binding = self.names.lookup(function) if function.type == "name" else None
        if binding is None or binding[1].kind != "class" or binding[1].node is None:
            return None
        made = binding[1].node
        if any(base.fields["val"].core().word in _SETTINGS for base in among(made.children, "argument")):
            return Opaque(self._text(node), SETTING)
        if "dataclass" not in made.word.split() or among(node.children, "argument"):
            return None
        given = {each.word: each.fields["val"] for each in among(node.children, "attribute")}
        key = self.names.qualified(function)
        fields = {name: Reference(("local", f"{key}.{name}"), name) for name in class_values(self.names.bindings(made))}
        entries = {**fields, **{name: self.value(each) for name, each in given.items()}}
        return Object(tuple(entries.items()))


def class_values(bindings: Mapping[str, list[Bound]]) -> dict[str, Node]:
    """The names of a scope that one assignment gives their value, with the node of that."""
    single = {name: some[0] for name, some in bindings.items() if len(some) == 1}
    return {name: one.node for name, one in single.items() if one.kind == "value" and one.node is not None}


def _inner(node: Node) -> Node:
    """The key in the brackets of a subscript."""
    while node.type == "other" and len(node.children) == 1:
        node = node.children[0]
    return node


def meaning(source: Source, node: Node) -> Value:  # noqa: PLR0911 - one line for each kind of binding
    """What a name stands for, or an attribute of one: a reference that the model follows, or why it is not known."""
    text = source.written(node)
    if node.type == "get_attr":
        return _attribute(source, node, text)
    names = source.names
    binding = names.lookup(node)
    if binding is None:
        why = "it is defined nowhere in this file"
        return Opaque(text, f"{why}, or in a module of which it imports everything" if names.star else why)
    scope, bound = binding
    at = node.start_byte
    if bound.kind == "import":
        return Reference(("local", names.imports.get(node.word, "")), text, at)
    if bound.kind == "parameter":
        return Reference(("var", node.word), text, at) if scope.type == "function" else Opaque(text, "it is computed")
    if bound.kind == "value" and bound.node is not None:
        if made := _made(source, bound.node):
            return Reference(made, text, at)
        return Reference(("local", key_of(source, bound.node)), text, at)
    if bound.kind == "loop" and bound.node is not None and bound.node.type == "for":
        return _looped(source, bound.node, node)
    if bound.kind == "other":
        return Opaque(text, AGAIN)
    return Opaque(text, "it is a variable of a comprehension" if bound.kind == "loop" else "it is computed")


def key_of(source: Source, assignment: Node) -> str:
    """The key of what an assignment binds."""
    target = assignment.word
    around = source.names.qualname(assignment)
    if target.startswith("self."):
        around = around.rpartition(".")[0]
    return f"{source.names.module}:{around}.{target}" if around else f"{source.names.module}:{target}"


def _made(source: Source, assignment: Node) -> tuple[str | int | Value, ...]:
    """The resource that a name stands for, as Terraform names it; empty for anything else."""
    from hclmod.python.constructs import resource_of

    labels = resource_of(source, assignment.fields["val"].core())
    return (*labels,) if labels else ()


def _attribute(source: Source, node: Node, text: str) -> Value:
    names, base = source.names, node.fields["of"]
    if base.type == "name" and base.word == "self":
        return _of_self(source, node, text)
    if key := names.qualified(node):
        return Reference(("local", key), text, node.start_byte)
    whole = meaning(source, base) if base.type in ("name", "get_attr") else Opaque(text)
    name = node.fields["attr"].word
    if isinstance(whole, Reference):
        return Reference((*whole.steps, *_steps(whole, name)), text, whole.at)
    return Opaque(text, whole.why) if isinstance(whole, Opaque) else Opaque(text)


def _steps(whole: Reference, name: str) -> tuple[str | int, ...]:
    """The steps to an attribute: `metadata` of a resource is a block, of which Terraform has a list."""
    of_resource = whole.steps[0] not in ("local", "var", "each") and len(whole.steps) == 2
    return (name, 0) if of_resource and name == "metadata" else (name,)


def _of_self(source: Source, node: Node, text: str) -> Value:
    """What `self.x` is: the one assignment to it in the class, else its value in the body of the class."""
    home = source.names.own_class(node)
    if home is None or home.type != "class":
        return Opaque(text, "it is an attribute of an object")
    name = node.fields["attr"].word
    given = [each for each in home.walk("attribute") if "target" in each.fields and each.word == f"self.{name}"]
    if len(given) == 1 and "val" in given[0].fields:
        if made := _made(source, given[0]):
            return Reference(made, text, node.start_byte)
        return Reference(("local", key_of(source, given[0])), text, node.start_byte)
    if given:
        return Opaque(text, AGAIN)
    if name in class_values(source.names.bindings(home)):
        prefix = source.names.qualname(home)
        qualname = f"{prefix}.{home.fields['name'].word}" if prefix else home.fields["name"].word
        return Reference(("local", f"{source.names.module}:{qualname}.{name}"), text, node.start_byte)
    return Opaque(text, "it is an attribute that the class does not set itself")


def _looped(source: Source, loop: Node, node: Node) -> Value:
    """What a variable of a loop is; only the loop that is next around it is followed."""
    text = source.written(node)
    if node.around("for", "function") is not loop:
        return Opaque(text, "it is a variable of an outer loop")
    targets = [each.word for each in loop.fields["target"].walk("name")]
    over = loop.fields["over"].core()
    items = over.type == "block" and over.fields["func"].type == "get_attr"
    if items and len(targets) == 2 and over.fields["func"].fields["attr"].word == "items":
        return Reference(("each", "key" if node.word == targets[0] else "value"), text, node.start_byte)
    return Reference(("each", "value"), text, node.start_byte) if len(targets) == 1 else Opaque(text)


def loop_over(loop: Node) -> Node:
    """What a loop runs over: a table where it takes its `items()`."""
    over = loop.fields["over"].core()
    if over.type == "block" and over.fields["func"].type == "get_attr":
        function = over.fields["func"]
        if function.fields["attr"].word == "items" and not among(over.children, "argument"):
            return function.fields["of"]
    return over
