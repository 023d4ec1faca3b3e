"""CPython's own parser judges a change: it reads the same tree before and after but for what the fixes declare.

Comments, which no tree has, and the bytes of all statements without a declared change are compared as they are.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import warnings
from collections import Counter
from typing import TYPE_CHECKING

from hclmod.hcl.edits import Effect, by_path
from hclmod.hcl.views import Attribute, Block, top_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hclmod.hcl.edits import Declared, Fix, Span
    from hclmod.hcl.views import Expression
    from hclmod.python.source import Source

IMPORT = "import."


def judge() -> str:
    """Who compared, for the report."""
    return f"ast of Python {sys.version_info.major}.{sys.version_info.minor}"


def rejected(source: Source) -> str | None:
    """Why CPython does not compile a document as it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source.data, source.document.path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError) as error:
        return f"Python does not compile it: {error}"
    return None


def undeclared(before: Source, after: Source, fixes: Sequence[Fix]) -> str:
    """What differs and is not declared; empty if nothing does."""
    if why := rejected(after) or rejected(before):
        return why
    drops = Counter(drop for fix in fixes for drop in fix.drops)
    lost = _comments(before) - _comments(after) - drops
    if lost:
        return f"a comment is lost that no fix declares: {next(iter(lost)).decode(errors='replace')}"
    old, new = _Side(before), _Side(after)
    declared = {each for fix in fixes for each in fix.declares}
    for path, effects in _by_path(declared).items():
        if why := _hidden(old, new, path, effects):
            return why
    kept = ast.Module([each for at, each in enumerate(new.tree.body) if at not in new.added], new.tree.type_ignores)
    if ast.dump(old.tree) != ast.dump(kept):
        return "the tree differs outside of what the fixes declare"
    return _moved(old, new)


def _by_path(declared: Iterable[Declared]) -> dict[str, set[Effect]]:
    """What is declared of each path, without what lies inside of something that is new or gone."""
    every = by_path(declared)
    whole = [path for path, effects in every.items() if effects & {Effect.ADDED, Effect.REMOVED, Effect.CHANGED}]
    return {
        path: effects & {Effect.ADDED, Effect.REMOVED} or effects
        for path, effects in every.items()
        if not any(path.startswith((f"{each}.", f"{each}[")) for each in whole)
    }


def _comments(source: Source) -> Counter[bytes]:
    tokens = tokenize.tokenize(io.BytesIO(source.data).readline)
    return Counter(each.string.encode() for each in tokens if each.type == tokenize.COMMENT)


class _Side:
    """One side of a change: its tree, in which what is declared is blanked, and the statements that hold such."""

    def __init__(self, source: Source) -> None:
        self.source, self.tree = source, ast.parse(source.data)
        lines = source.data.split(b"\n")
        self.starts = [0]
        for line in lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.touched: set[int] = set()
        self.added: set[int] = set()

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The bytes of a node."""
        if getattr(node, "end_lineno", None) is None:  # one that is blanked
            return -1, -1
        start, end = getattr(node, "lineno", 1) - 1, getattr(node, "end_lineno", 1) - 1
        return self.starts[start] + getattr(node, "col_offset", 0), self.starts[end] + getattr(
            node, "end_col_offset", 0
        )

    def value(self, path: str) -> Span | None:
        """The bytes of the value at a path."""
        span = _span(self.source, path)
        if span is None:
            return None
        self.touched.update(index for index, each in enumerate(self.tree.body) if self._holds(each, span))
        return span

    def _holds(self, statement: ast.stmt, span: Span) -> bool:
        start, end = self.span(statement)
        return start <= span.start and span.end <= end

    def holders(self, span: Span) -> Iterator[tuple[ast.AST, ast.AST]]:
        """The expressions that cover just these bytes, each with the node that has it."""
        for parent in ast.walk(self.tree):
            for child in ast.iter_child_nodes(parent):
                if isinstance(child, ast.expr) and self.span(child) == (span.start, span.end):
                    yield parent, child


def _span(source: Source, path: str) -> Span | None:
    """The bytes of a block, of the value of an attribute, or of the part of one that the path leads to."""
    around = list(_around(source, path))
    if not around:
        return None
    view = around[-1]
    if isinstance(view, Block):
        return view.span if view.path == path else None
    value: Expression | None = view.value
    while value is not None and value.path != path:
        inside = (*(each.value for each in value.entries() or ()), *(value.elements() or ()))
        value = next((each for each in inside if _leads(each.path, path)), None)
    return value.span if value is not None else None


def _around(source: Source, path: str) -> Iterator[Attribute | Block]:
    """The blocks and the attribute on the way to a path."""
    views: list[Attribute | Block] = list(top_level(source)[1])
    while view := next((each for each in views if _leads(each.path, path)), None):
        yield view
        views = [*view.blocks(), *view.attributes.values()] if isinstance(view, Block) else []


def _leads(path: str, to: str) -> bool:
    return path == to or to.startswith((f"{path}.", f"{path}["))


def _hidden(old: _Side, new: _Side, path: str, effects: set[Effect]) -> str:
    """Blank what is declared on both sides; why it is not as declared, empty if it is."""
    if path.startswith(IMPORT):
        return _without_import(new, path.removeprefix(IMPORT))
    if Effect.ADDED in effects:
        return "" if _taken_out(new, path) else f"{path} is not there afterwards"
    if Effect.REMOVED in effects:
        return "" if _taken_out(old, path) else f"{path} was not there before"
    one, other = old.value(path), new.value(path)
    pairs = list(old.holders(one))[:1] if one else [], list(new.holders(other))[:1] if other else []
    if not pairs[0] or not pairs[1]:
        return f"{path} is not there on both sides"
    (before_in, before), (after_in, after) = pairs[0][0], pairs[1][0]
    if not any(_fits(before, after, effect) for effect in effects):
        return f"{path} is not {' or '.join(sorted(each.value for each in effects))} as it was declared"
    _replace(before_in, before)
    _replace(after_in, after)
    return ""


def _fits(before: ast.AST, after: ast.AST, effect: Effect) -> bool:
    match effect, before, after:
        case Effect.CHANGED, ast.JoinedStr(values=old), ast.JoinedStr(values=new):
            return [ast.dump(each) for each in old if isinstance(each, ast.FormattedValue)] == [
                ast.dump(each) for each in new if isinstance(each, ast.FormattedValue)
            ]
        case (Effect.CHANGED, _, _) | (Effect.REARRANGED, ast.List(), ast.List()):
            return True
        case Effect.EXTENDED, ast.List(), ast.List():
            return _dumps(after)[: len(before.elts)] == _dumps(before)
        case Effect.EXTENDED, ast.Dict(), ast.Dict():
            return _dumps(after)[: len(before.keys)] == _dumps(before)
        case ((Effect.REDUCED | Effect.REFILLED), ast.List() | ast.Dict(), ast.List() | ast.Dict()):
            longer, shorter = (before, after) if effect is Effect.REDUCED else (after, before)
            rest = iter(_dumps(longer))
            return all(each in rest for each in _dumps(shorter))
    return False


def _dumps(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Dict):
        return [f"{ast.dump(key) if key else '**'}: {ast.dump(value)}" for key, value in _pairs(node)]
    return [ast.dump(each) for each in node.elts] if isinstance(node, ast.List) else []


def _pairs(node: ast.Dict) -> list[tuple[ast.expr | None, ast.expr]]:
    return list(zip(node.keys, node.values, strict=True))


def _replace(parent: ast.AST, child: ast.AST) -> None:
    blank = ast.Constant("declared")
    for name, value in ast.iter_fields(parent):
        if value is child:
            setattr(parent, name, blank)
        elif isinstance(value, list):
            setattr(parent, name, [blank if each is child else each for each in value])


def _taken_out(side: _Side, path: str) -> bool:
    """Take the argument or the entry whose value stands at a path out of its call or dict."""
    span = side.value(path)
    for parent, child in side.holders(span) if span else ():
        for node in ast.walk(side.tree):
            if isinstance(node, ast.Call) and parent in node.keywords:
                node.keywords = [each for each in node.keywords if each is not parent]
                return True
        if isinstance(parent, ast.Dict) and child in parent.values:
            at = parent.values.index(child)
            del parent.keys[at], parent.values[at]
            return True
    return False


def _without_import(side: _Side, name: str) -> str:
    for index, node in enumerate(side.tree.body):
        names = node.names if isinstance(node, ast.ImportFrom) else []
        if index in side.added or not names or names[-1].name != name:
            continue
        if len(names) > 1:
            names.pop()
            side.touched.add(index)
        else:
            side.added.add(index)
        return ""
    return f"the import of {name} is not there afterwards"


def _moved(old: _Side, new: _Side) -> str:
    """The first statement without a declared change whose bytes differ all the same; empty for none."""
    statements = [each for index, each in enumerate(new.tree.body) if index not in new.added]
    if len(old.tree.body) != len(statements):
        return "a statement is new or gone"
    changed = {id(each) for index, each in enumerate(new.tree.body) if index in new.touched}
    for index, (one, other) in enumerate(zip(old.tree.body, statements, strict=True)):
        (start, end), (begin, stop) = old.span(one), new.span(other)
        same = old.source.data[start:end] == new.source.data[begin:stop]
        if not same and index not in old.touched and id(other) not in changed:
            return f"bytes differ on line {getattr(one, 'lineno', 0)} outside of what the fixes declare"
    return ""
