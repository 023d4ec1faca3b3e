"""A value's origin: which literal bytes make it, through which chain, and where the chain cannot be followed.

Terraform's precedence decides where a variable comes from: the argument of the module's call; for the root module
var-files, `*.auto.tfvars`, `terraform.tfvars`, terragrunt `inputs` (which are `TF_VAR_`), then the default.
"""

from __future__ import annotations

import re
from itertools import islice, product
from typing import TYPE_CHECKING

from msgspec.structs import replace

from hclmod.hcl.values import Call, Choice, Definition, List, Object, Opaque, Reference, Template, Text, Value
from hclmod.numbers import whole_number
from hclmod.terraform.names import At, Held, Step, Steps, lost, short, start
from hclmod.terraform.origins import Hole, Origin, Piece, Scope, Site, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEPTH = 60
"""Chains longer than this are cut."""

COMBINATIONS = 64
"""At most so many alternatives of one value are looked at."""

STEPS = 5000
"""At most so many steps are made for one value: locals that double each other would need 2^n."""


def trace(definition: Definition, scope: Scope) -> tuple[Origin, ...]:
    """Every alternative of a value (arms of a conditional, entries of a `for_each`), each in parts, without doubles."""
    return tuple(dict.fromkeys(_every(begin(definition, scope), 0)))


def begin(definition: Definition, scope: Scope) -> At:
    """A definition as it is seen in a scope; one that was taken out of its expression keeps its own."""
    value = definition if isinstance(definition, Held) else definition.value
    return At(value, definition, scope)


def entries(definition: Definition, scope: Scope, *, as_set: bool = False) -> list[tuple[Value, Value]] | None:
    """The keys and values that a `for_each` runs over, or None where they cannot be read.

    The items of a set (`as_set`) name the instances, so what stands there is no site: it must not be written.
    """
    pairs: list[tuple[Value, Value]] = []
    for at in islice(_reduce(begin(definition, scope), 0), COMBINATIONS):
        match at.value:
            case Object(found) if all(key is not None for key, _ in found):
                pairs += [(Text(key or "", None), _current(at, value)) for key, value in found]
            case List(items) if as_set:
                pairs += [(_named(at, item), _named(at, item)) for item in items]
            case List(items):
                pairs += [(_current(at, item), _current(at, item)) for item in items]
            case _:
                return None
    return pairs


def instances(each: Definition | None, number: Definition | None, scope: Scope) -> list[tuple[str, Scope]]:
    """What `for_each` or `count` makes, each with its index; one without an index where they cannot be read."""
    result: list[tuple[str, Scope]] = []
    for key, value in (entries(each, scope, as_set=True) or ()) if each else ():
        named = [text(origin) for origin in _every(At(key, each, scope), 0)] if each else []
        index = f'["{named[0]}"]' if len(named) == 1 and named[0] is not None else ""
        result.append((index, Scope(scope.module, {**scope.bound, "each": (key, value)})))
    for position in range(_length(number, scope) if number else 0):
        here = Text(str(position), None)
        result.append((f"[{position}]", Scope(scope.module, {**scope.bound, "count": (here, here)})))
    return result or [("", scope)]


def _named(at: At, item: Value) -> Value:
    """An item of a set, without its site."""
    texts = {text(origin) for origin in _every(_part(at, item), 0)}
    only = texts.pop() if len(texts) == 1 else None
    return _current(at, item) if only is None else Text(only, None)


def _length(number: Definition, scope: Scope) -> int:
    """How many a `count` makes; 0 where that cannot be read or is a conditional's business."""
    results = list(islice(_reduce(At(number.value, number, scope), 0), COMBINATIONS))
    match [each.value for each in results]:
        case [Text(digits)] if (made := whole_number(digits)) is not None:
            return min(made, COMBINATIONS)
        case [Call("length", (counted,))]:
            lists = [each.value for each in islice(_reduce(replace(results[0], value=counted), 0), 2)]
            return len(lists[0].items) if len(lists) == 1 and isinstance(lists[0], List) else 0
    return 0


def table(definition: Definition, scope: Scope) -> tuple[dict[str, Definition], bool]:
    """The entries of an object, each where it stands, and whether these are all: what is computed may hold more."""
    results = list(islice(_reduce(begin(definition, scope), 0), COMBINATIONS))
    if len(results) != 1 or not isinstance(results[0].value, Object):
        return {}, False
    by_key: dict[str, Definition] = {}
    for key, value in results[0].value.entries:
        if key is None:
            by_key.clear()
        else:
            by_key[key] = _current(results[0], value)
    return by_key, all(key is not None for key, _ in results[0].value.entries)


def reduced(at: At) -> list[At]:
    """What a value is behind references, conditionals and calls that pass a value on: each alternative."""
    return list(islice(_reduce(at, 0), COMBINATIONS))


def every(at: At) -> list[Origin]:
    """Every alternative of a value, each in parts."""
    return _every(at, 0)


def part(at: At, value: Value) -> At:
    """A part of a value, where it stands."""
    return _part(at, value)


def taken(at: At) -> Definition:
    """A value that is read where it stands wherever it is taken to."""
    return Definition(at.home.document, at.home.path, at.home.line, _current(at, at.value))


def resolved(definition: Definition, scope: Scope) -> Definition:
    """A definition that is read in this scope wherever it is taken to."""
    return _current(begin(definition, scope), definition)


def _current(at: At, value: Value) -> Held:
    home = value if isinstance(value, Definition) else at.home
    return Held(home.document, home.path, home.line, value, _part(at, value))


def _part(at: At, value: Value) -> At:
    """A part of a value; an argument of a call would set the whole of it."""
    return replace(at, value=value, passed=())


def _let_go(at: At, inner: At) -> At:
    """A value that was inner, as the one who reached it by `at` sees it."""
    return replace(
        inner,
        chain=(*at.chain, *inner.chain),
        walked=(*at.walked, *inner.walked),
        trail=at.trail | inner.trail,
        typed=at.typed or inner.typed,
        steps=at.steps,
    )


def _every(at: At, depth: int) -> list[Origin]:
    return list(islice(_evaluate(at, depth), COMBINATIONS))


def _evaluate(at: At, depth: int) -> Iterator[Origin]:
    for reduced in _reduce(at, depth):
        match reduced.value:
            case Text("null", None):
                yield _hole(reduced, "null", "it is null")
            case Text() as written:
                yield (_piece(reduced, written),)
            case Template(parts):
                yield from _joined([_every(replace(reduced, value=part), depth + 1) for part in parts])
            case Call("format", (pattern, *arguments)):
                yield from _formatted(reduced, pattern, arguments, depth)
            case Call("join", (separator, *lists)):
                yield from _glued(reduced, separator, lists, depth)
            case Call(name, _, written):
                yield _hole(reduced, written, f"what {name}() makes is not followed")
            case Opaque(written, why):
                yield _hole(reduced, written, why)
            case _:
                yield _hole(reduced, short(reduced.value), "it is not text")


def _piece(at: At, written: Text) -> Piece:
    line = written.line or at.home.line
    site = (
        None
        if written.place is None
        else Site(document=at.home.document, path=at.home.path, place=written.place, line=line, scalar=written.scalar)
    )
    return Piece(text=written.text, site=site, chain=at.chain, passed=at.passed, walked=at.walked)


def _hole(at: At, written: str, why: str) -> Origin:
    return (Hole(" ".join(written.split())[:120], why, at.chain, f"{at.home.document}:{at.home.line}"),)


def _joined(parts: Sequence[Sequence[Origin]]) -> Iterator[Origin]:
    for choice in product(*parts):
        yield tuple(piece for origin in choice for piece in origin)


def _formatted(at: At, pattern: Value, arguments: Sequence[Value], depth: int) -> Iterator[Origin]:
    for result in _reduce(replace(at, value=pattern), depth + 1):
        written = result.value.text if isinstance(result.value, Text) else "%?"
        texts = re.split("%[svd]", written.replace("%%", "\0"))
        if len(texts) != len(arguments) + 1 or any("%" in each for each in texts):
            yield _hole(at, short(at.value), "the format is not followed")
            continue
        parts: list[list[Origin]] = []
        for around, argument in zip(texts, (None, *arguments), strict=True):
            parts += [_every(replace(at, value=argument), depth + 1)] if argument else []
            parts += [[(Piece(around.replace("\0", "%"), None, result.chain, result.passed),)]] if around else []
        yield from _joined(parts)


def _glued(at: At, separator: Value, lists: Sequence[Value], depth: int) -> Iterator[Origin]:
    """What `join` makes of lists that can be read."""
    glue = _every(replace(at, value=separator), depth + 1)
    parts: list[list[Origin]] = []
    for each in lists:
        results = list(islice(_reduce(replace(at, value=each), depth + 1), 2))
        if len(results) != 1 or not isinstance(results[0].value, List):
            yield _hole(at, short(at.value), "the list cannot be read")
            return
        for item in results[0].value.items:
            between = [glue] if parts and [text(origin) for origin in glue] != [""] else []
            parts += [*between, _every(_part(results[0], item), depth + 1)]
    yield from _joined(parts)


def _reduce(at: At, depth: int) -> Iterator[At]:  # noqa: C901 - one line for each kind of value
    """Follow references, conditionals and the calls that pass a value on, to values that stand somewhere."""
    if depth > DEPTH or next(at.steps) > STEPS:
        yield lost(at, "the chain is too long")
        return
    match at.value:
        case Held(at=held):
            yield from _reduce(_let_go(at, held), depth + 1)
        case Definition() as home:
            yield from _reduce(replace(at, value=home.value, home=home), depth + 1)
        case Choice(arms):
            for arm in arms:
                yield from _reduce(replace(at, value=arm), depth + 1)
        case Template((only,)) if not isinstance(only, Text):
            yield from _reduce(replace(at, value=only), depth + 1)
        case Call(name, (only,)) if name in _PASSING:
            yield from _reduce(replace(at, value=only), depth + 1)
        case Call("try" | "coalesce" as name, arguments):
            yield from _settled(at, name, arguments, depth)
        case Call("lookup", (table, key, *default)):
            yield from _looked_up(at, table, key, default=default, depth=depth)
        case Call("merge", arguments):
            yield _merged(at, arguments, depth)
        case Reference(steps):
            begun, rest = start(replace(at, typed=False), steps)
            yield from _stepped(begun, rest, at, depth + 1)
        case _:
            yield at


_PASSING = frozenset({"tostring", "toset", "tomap", "tolist", "sensitive", "nonsensitive"})
_ABSENT = "there is no such key"


def _settled(at: At, name: str, arguments: Sequence[Value], depth: int) -> Iterator[At]:
    """The arguments of `try` or `coalesce` up to the first one that is known to be taken."""
    text = False
    for argument in arguments:
        results = list(islice(_reduce(replace(at, value=argument), depth + 1), COMBINATIONS))
        kept = [each for each in results if not _passed_over(name, each.value)]
        yield from kept
        text = text or bool(kept)
        if len(kept) == len(results) and all(_is_known(each, depth) for each in kept):
            return
    if not text:
        yield lost(at, "none of its arguments has a value")


def _passed_over(name: str, value: Value) -> bool:
    match value:
        case Opaque(_, why):
            return name == "try" and why == _ABSENT
        case Text("null", None) | Text("", _):
            return name == "coalesce"
    return False


def _is_known(at: At, depth: int) -> bool:
    if isinstance(at.value, Object | List):
        return True
    return all(text(origin) is not None for origin in _every(at, depth + 1))


def _looked_up(at: At, table: Value, key: Value, *, default: Sequence[Value], depth: int) -> Iterator[At]:
    for result in _reduce(replace(at, value=table), depth + 1):
        for name in _keys(at, key, depth):
            child = _child(replace(result, typed=False), name, at)
            absent = isinstance(child.value, Opaque) and child.value.why == _ABSENT
            for each in [replace(at, value=value) for value in default] if absent and default else (child,):
                yield from _reduce(each, depth + 1)


def _merged(at: At, arguments: Sequence[Value], depth: int) -> At:
    """The union of objects, each entry remembering where it stands; of one that cannot be read any key may come."""
    together: list[tuple[str | None, Value]] = []
    for argument in arguments:
        results = list(islice(_reduce(replace(at, value=argument), depth + 1), 2))
        if len(results) == 1 and isinstance(results[0].value, Object):
            own = replace(results[0], chain=results[0].chain[len(at.chain) :])
            together += [(key, _current(own, value)) for key, value in results[0].value.entries]
        else:
            together.append((None, Opaque(short(argument))))
    return replace(at, value=Object(tuple(together)))


def _stepped(at: At, rest: Steps, user: At, depth: int) -> Iterator[At]:
    """Go down from what a reference begins with; computed steps are those of its user."""
    for result in _reduce(replace(at, typed=False), depth):
        reduced = replace(result, typed=result.typed or at.typed)
        if not rest:
            yield reduced
            continue
        for key in _keys(user, rest[0], depth):
            yield from _stepped(_child(reduced, key, user), rest[1:], user, depth + 1)


def _keys(at: At, step: Step, depth: int) -> list[str | None]:
    """The names that a step may have, None for one that is computed."""
    if isinstance(step, str | int):
        return [str(step)]
    return list(dict.fromkeys(text(origin) for origin in _every(replace(at, value=step), depth + 1)))


def _child(at: At, key: str | None, user: At) -> At:
    """The entry of an object or the item of a list that one step leads to."""
    absent = "there is no such key, unless the variable's type has it" if at.typed else _ABSENT
    match at.value:
        case Opaque():
            return at
        case Object() as table if key is not None and (value := table.get(key)):
            return _part(at, value)
        case List(items) if key is not None and (place := whole_number(key)) is not None and place < len(items):
            return _part(at, items[place])
        case Object() | List():
            return lost(at, absent if key is not None else "the key is computed", short(user.value))
        case Call(name):
            return lost(at, f"what {name}() makes is not followed")
    return lost(at, "it has no parts", short(user.value))
