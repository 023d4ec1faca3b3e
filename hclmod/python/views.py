"""The views of HCL on a Python document, so that one rule serves both languages.

The call of a construct of a provider is a `resource` block: `DeploymentV1(self, "web", ...)` is
`kubernetes_deployment_v1.web`. Its keyword arguments are attributes and nested blocks, whether they are structs
(`DeploymentV1Metadata(name="web")`) or dicts. `python/outline` makes these blocks.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from hclmod.hcl import traversal, views
from hclmod.hcl.edits import Span
from hclmod.python.nodes import Node, among, own, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hclmod.hcl import syntax
    from hclmod.hcl.traversal import Traversal
    from hclmod.hcl.views import Entry
    from hclmod.python.source import Source


class Expression(views.Expression, frozen=True, dict=True):
    """A value: string, list, dict, name, call or anything else."""

    @cached_property
    def _inside(self) -> Node:
        return own(self.node).core()

    def _view(self, node: Node, path: str) -> Expression:
        return Expression(self.source, seen(node), path)

    @property
    def quoted(self) -> Span | None:
        """The bytes between the quotes, also of an f-string; None for other expressions."""
        node = self._inside
        if node.type not in ("string", "template"):
            return None
        return Span(node.children[0].end_byte, node.children[-1].start_byte)

    def string(self) -> str | None:
        """The value of a string without holes; else None."""
        from hclmod.python.values import plain

        return plain(cast("Source", self.source), self._inside)

    def boolean(self) -> bool | None:
        """`True` and `False`; else None."""
        return {"True": True, "False": False}.get(self.text)

    def traversal(self) -> Traversal | None:
        """The steps of what a string names, as in `ignore_changes`; of a name the steps to it."""
        text = self.string()
        return traversal.parse(self.text if text is None else text)

    @property
    def named(self) -> str:
        """What an entry of `ignore_changes` names."""
        text = self.string()
        return self.text if text is None else text

    def elements(self) -> tuple[Expression, ...] | None:
        """The items of a list; None if this is none, or if others are put into it."""
        children = self._inside.children
        if self._inside.type != "tuple" or among(children, "splat"):
            return None
        items = among(children, "expression")
        return tuple(self._view(node, f"{self.path}[{index}]") for index, node in enumerate(items))

    def entries(self) -> tuple[Entry, ...] | None:
        """The entries of a dict; None if this is none. One that another dict gives has no key."""
        if self._inside.type != "dict":
            return None
        return tuple(self._entries())

    def _entries(self) -> Iterator[Entry]:
        for child in self._inside.children:
            if child.type in ("object_elem", "splat"):
                key = child.fields.get("key")
                name = self._view(key, self.path).string() if key else None
                value = self._view(child.fields["val"], f"{self.path}.{name}")
                yield views.Entry(name, value, seen(child))

    def maps(self) -> tuple[views.Expression, ...]:
        """The dict itself, if it is one."""
        return (self,) if self._inside.type == "dict" else ()

    def own_map(self) -> Expression | None:
        """The dict itself, if it is one."""
        return self if self._inside.type == "dict" else None

    def arguments(self, *functions: str) -> tuple[views.Expression, ...]:  # noqa: ARG002 - no function of HCL is here
        """None: functions of HCL are not called here."""
        return ()

    @property
    def is_heredoc(self) -> bool:
        """Never: a string that goes over lines is one of Python."""
        return False

    @property
    def bracket(self) -> syntax.Node:
        """The list or dict itself, for the verbs."""
        return seen(self._inside)


class Attribute(views.Attribute, frozen=True, dict=True):
    """An argument, an entry of a dict, an assignment or a parameter; `given` is a value that stands elsewhere."""

    given: Node | None = None

    @cached_property
    def value(self) -> Expression:
        """What is given."""
        node = own(self.node)
        return Expression(self.source, seen(self.given or node.fields.get("val", node)), self.path)


class Block(views.Block, frozen=True, dict=True):
    """A call or a dict. `parts` are its attributes and blocks, `unit` the part of the program that it stands in.

    `holder` is the argument that it is the value of. `more` is what else may set arguments, such as `**more`: an
    argument that is not among them has its value from there, as far as the program says.
    """

    parts: tuple[dict[str, views.Attribute], tuple[views.Block, ...]] = ({}, ())
    unit: str = ""
    holder: Node | None = None
    more: Node | None = None

    def attribute(self, name: str) -> views.Attribute | None:
        """The argument of this name, or None."""
        known = self._items[0].get(name)
        if known is not None or self.more is None:
            return known
        return Attribute(self.source, seen(self.more), name, f"{self.path}.{name}")

    @cached_property
    def _items(self) -> tuple[dict[str, views.Attribute], tuple[views.Block, ...]]:
        return self.parts if self.merged is None else self.merged

    @property
    def title(self) -> Span:
        """What is called, to the id of the construct."""
        from hclmod.python.constructs import id_of

        node = own(self.node)
        function = node.fields.get("func", node)
        name = id_of(node) if node.type == "block" else None
        end = name.end_byte if name is not None and name.start_byte > function.end_byte else function.end_byte
        line = self.source.document.line_end(function.start_byte)
        return Span(function.start_byte, end if end <= line else min(function.end_byte, line))
