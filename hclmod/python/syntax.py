"""The only door to LibCST: parse a document and say where everything stands.

LibCST keeps every byte, and its `ByteSpanPositionProvider` says where a node stands. Its trees are never printed. What
is read here is judged by CPython's own parser (`python/proof`).
"""

from __future__ import annotations

import ast
import codecs
import sys
import warnings
from typing import TYPE_CHECKING

from hclmod.python.nodes import Node, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import libcst
    from libcst import CSTNode
    from libcst.metadata.span_provider import CodeSpan

_KINDS = {
    "Call": "block",
    "Dict": "dict",
    "DictElement": "object_elem",
    "StarredDictElement": "splat",
    "StarredElement": "splat",
    "List": "tuple",
    "Tuple": "sequence",
    "Set": "sequence",
    "Element": "expression",
    "SimpleString": "string",
    "FormattedString": "template",
    "FormattedStringText": "text",
    "FormattedStringExpression": "interpolation",
    "ConcatenatedString": "concatenation",
    "Name": "name",
    "Integer": "number",
    "Float": "number",
    "Attribute": "get_attr",
    "Subscript": "index",
    "IfExp": "conditional",
    "BooleanOperation": "either",
    "BinaryOperation": "binary",
    "Param": "parameter",
    "ClassDef": "class",
    "FunctionDef": "function",
    "Lambda": "lambda",
    "For": "for",
    "CompFor": "loop",
    "AugAssign": "rebinding",
    "NamedExpr": "rebinding",
    "AsName": "alias",
    "Import": "import",
    "ImportFrom": "import_from",
    "ImportAlias": "imported",
    "ImportStar": "star",
    "Decorator": "decorator",
    "Global": "global",
    "Nonlocal": "global",
    "Comma": ",",
    "Comment": "comment",
    "LeftSquareBracket": "",
    "RightSquareBracket": "",
    "LeftCurlyBrace": "",
    "RightCurlyBrace": "",
    "LeftParen": "",
    "RightParen": "",
}
"""What the nodes are called; what is not here is `other`, and what is called nothing is looked through."""

_FIELDS = {
    "Call": {"func": "func"},
    "DictElement": {"key": "key", "value": "val"},
    "StarredDictElement": {"value": "val"},
    "StarredElement": {"value": "val"},
    "Attribute": {"value": "of", "attr": "attr"},
    "Subscript": {"value": "of"},
    "IfExp": {"body": "yes", "orelse": "no"},
    "BooleanOperation": {"left": "left", "right": "right"},
    "BinaryOperation": {"left": "left", "right": "right"},
    "FormattedStringExpression": {"expression": "val"},
    "ClassDef": {"name": "name", "body": "body"},
    "FunctionDef": {"name": "name", "params": "params", "body": "body"},
    "For": {"target": "target", "iter": "over", "body": "body"},
    "CompFor": {"target": "target", "iter": "over"},
    "ImportFrom": {"module": "module"},
    "ImportAlias": {"name": "name", "asname": "alias"},
    "AsName": {"name": "name"},
    "AugAssign": {"target": "target"},
    "NamedExpr": {"target": "target"},
    "Param": {"name": "name"},
}

_WRAPPED = {"Arg": "value", "Assign": "value", "AnnAssign": "value", "Param": "default", "DictElement": "value"}
"""The nodes whose value is an expression that may be written."""


PYTHON = f"Python {sys.version_info.major}.{sys.version_info.minor}"
NESTING = 150
"""Trees deeper than this are not read: LibCST calls itself and ends the process from some thousand levels on."""


def parse(data: bytes) -> Tree | str:
    """The nodes of a document, or why LibCST does not read it."""
    if why := _refused(data):
        return why
    import libcst
    from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

    try:
        module = libcst.parse_module(data)
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        spans = wrapper.resolve(ByteSpanPositionProvider)
        if why := _encoded(module.encoding):
            return why
        return Tree(_Reader(data, spans).root(module))
    except libcst.ParserSyntaxError as error:
        return f"LibCST does not read line {error.raw_line}"
    except (RecursionError, UnicodeDecodeError, LookupError) as error:
        return f"LibCST does not read it ({type(error).__name__})"


def _encoded(encoding: str) -> str:
    """Why text in an encoding is left; empty for UTF-8, whatever the file calls it."""
    name = codecs.lookup(encoding).name
    if name == "utf-8-sig":
        return "it begins with a byte order mark"
    return "" if name == "utf-8" else f"its encoding is {encoding}"


def _refused(data: bytes) -> str:
    """Why LibCST is not asked: CPython does not read the text, or it is nested so deeply that LibCST crashes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            level: list[ast.AST] = [ast.parse(data)]
    except SyntaxError as error:
        at = f"syntax error on line {error.lineno}, as {PYTHON} reads it"
        return at if error.lineno else f"{PYTHON} does not read it: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"Python does not read it ({type(error).__name__})"
    for _ in range(NESTING):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return ""
    return "it is nested too deeply"


class _Reader:
    def __init__(self, data: bytes, spans: Mapping[CSTNode, CodeSpan]) -> None:
        self.data, self.spans = data, spans

    def root(self, module: libcst.Module) -> Node:
        root = Node("module", 0, len(self.data))
        self._fill(root, module)
        return root

    def _fill(self, node: Node, cst: CSTNode) -> None:
        """Give a node its children, with the brackets that LibCST keeps elsewhere."""
        fields = {id(getattr(cst, name)): to for name, to in _FIELDS.get(type(cst).__name__, {}).items()}
        wrapped = getattr(cst, _WRAPPED.get(type(cst).__name__, ""), None)
        for child in self._children(cst):
            made = self._node(child)
            if child is wrapped:
                outer = Node("expression", made.start_byte, made.end_byte)
                _adopt(outer, made)
                made = outer
                node.fields.setdefault("val", made)
            _adopt(node, made)
            if id(child) in fields:
                node.fields[fields[id(child)]] = made
        if node.type in _BRACKETS:
            self._bracket(node)
        _sort(node)

    def _children(self, cst: CSTNode) -> Iterator[CSTNode]:
        """What stands directly below a node, without whitespace."""
        for child in cst.children:
            name = type(child).__name__
            if name in _THROUGH or _KINDS.get(name, "other") == "":
                yield from self._children(child)
            elif name not in _BLANK:
                yield child

    def _node(self, cst: CSTNode) -> Node:
        span = self.spans[cst]
        start, end = span.start, span.start + span.length
        name = type(cst).__name__
        node = Node(_KINDS.get(name, "other"), start, end, _word(cst))
        if name == "Arg":
            keyword = getattr(cst, "keyword", None)
            node.type = "attribute" if keyword is not None else "splat" if getattr(cst, "star", "") else "argument"
            node.word = keyword.value if keyword is not None else getattr(cst, "star", "")
        elif name in ("Assign", "AnnAssign"):
            node.type, node.word = "attribute", self._target(cst)
        self._fill(node, cst)
        if name in ("Assign", "AnnAssign"):
            node.fields["target"] = node.children[0]
        if name in ("SimpleString", "FormattedString"):
            opening = len(node.word)
            closing = len(node.word.lstrip("rRbBuUfFtT"))
            node.children.insert(0, _adopted(node, Node("quote", start, start + opening)))
            node.children.append(_adopted(node, Node("quote", end - closing, end)))
        return node

    def _target(self, cst: CSTNode) -> str:
        """The name that an assignment binds, as it is written; empty for several and for what is not a name."""
        targets = getattr(cst, "targets", None)
        if targets is not None and len(targets) != 1:
            return ""
        span = self.spans[targets[0].target if targets else cst.target]  # type: ignore[attr-defined]
        text = self.data[span.start : span.start + span.length].decode()
        return text if text.replace(".", "").isidentifier() else ""

    def _bracket(self, node: Node) -> None:
        opening = node.start_byte
        if node.type == "block":
            opening = self.data.index(b"(", node.fields["func"].end_byte)
        start, end = Node("[", opening, opening + 1), Node("]", node.end_byte - 1, node.end_byte)
        before = sum(each.end_byte <= opening for each in node.children)
        node.children.insert(before, _adopted(node, start))
        node.children.append(_adopted(node, end))


_BRACKETS = ("block", "dict", "tuple")
_BLANK = frozenset({"SimpleWhitespace", "Newline", "AssignEqual", "Semicolon", "Dot", "ParamSlash", "ParamStar"})
_THROUGH = frozenset({
    "ParenthesizedWhitespace", "TrailingWhitespace", "EmptyLine", "IndentedBlock", "SimpleStatementLine", "Expr",
    "SimpleStatementSuite", "Parameters", "AssignTarget", "Annotation", "SubscriptElement",
})  # fmt: skip
"""Nodes that say nothing of their own."""


def _word(cst: CSTNode) -> str:
    """The name, number or operator that a node is; of a string how it begins, of a class its decorators."""
    match type(cst).__name__:
        case "SimpleString":
            word = f"{getattr(cst, 'prefix', '')}{getattr(cst, 'quote', '')}"
        case "FormattedString":
            word = getattr(cst, "start", "")
        case "BinaryOperation" | "BooleanOperation":
            word = type(getattr(cst, "operator", None)).__name__
        case "ImportFrom":
            word = "." * len(getattr(cst, "relative", ()))
        case "ClassDef":
            word = " ".join(_decorator(each.decorator) for each in getattr(cst, "decorators", ()))
        case "FormattedStringExpression":
            word = (
                "formatted" if any(getattr(cst, name, None) for name in ("conversion", "format_spec", "equal")) else ""
            )
        case _:
            word = getattr(cst, "value", "")
    return word if isinstance(word, str) else ""


def _decorator(cst: CSTNode) -> str:
    """The last name of a decorator."""
    called = getattr(cst, "func", cst)
    named = getattr(called, "attr", called)
    return str(getattr(named, "value", ""))


def _adopt(parent: Node, child: Node) -> None:
    """Put a node below another one, and beside it what LibCST keeps in it and stands outside: commas, comments."""
    outside = [each for each in child.children if each.start_byte < child.start_byte or each.end_byte > child.end_byte]
    child.children = [each for each in child.children if each not in outside]
    parent.children += [_adopted(parent, each) for each in (child, *outside)]


def _sort(node: Node) -> None:
    node.children.sort(key=lambda each: (each.start_byte, each.end_byte))


def _adopted(parent: Node, child: Node) -> Node:
    child.parent = parent
    return child
