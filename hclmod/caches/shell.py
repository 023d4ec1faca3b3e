"""The files that a shell script writes by `printf`, `echo` and heredocs."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_OPENED = re.compile(r"(?<!<)<<(-?)[ \t]*(?:'([A-Za-z_]\w*)'|\"([A-Za-z_]\w*)\"|\\?([A-Za-z_]\w*))")
_TARGET = re.compile(
    r">>?[ \t]*(\"[^\"\n]+\"|'[^'\n]+'|[^\s;&|<>\"']+)|\btee[ \t]+(?:-a[ \t]+)?(\"[^\"\n]+\"|[^\s;&|<>]+)"
)
_PRINTED = re.compile(
    r"^[ \t]*(?:sudo[ \t]+)?(printf|echo[ \t]+-e|echo)[ \t]+(?:'([^'\n]*)'|\"((?:[^\"\\\n]|\\.)*)\")([^\n]*)$",
    re.MULTILINE,
)
_ASSIGNED = re.compile(
    r"^[ \t]*(?:export[ \t]+|readonly[ \t]+|local[ \t]+)?([A-Za-z_]\w*)=(?:'([^'\n]*)'|\"([^\"\n]*)\"|([^\s;&|\"'$`]*))"
    r"[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_VARIABLE = re.compile(r"\\?\$(?:\{([A-Za-z_]\w*)(?::?-([^}\n]*))?\}|([A-Za-z_]\w*|[\d@*#?]))")
_ESCAPE = re.compile(r"\\(n|t|r|\\|\"|')")
_LETTERS = {"n": "\n", "t": "\t", "r": ""}


class Written(Struct, frozen=True, kw_only=True):
    """A text that a script writes to `target`, with the line of the script for each of its lines.

    Where it `expands`, the shell puts the values of variables into it. `values` are those that the script sets once.
    """

    text: str
    lines: tuple[int, ...]
    target: str
    expands: bool
    values: Mapping[str, str]


def written(script: str) -> Iterator[Written]:
    """The texts that a script writes, in their order by kind: heredocs, then lines that print."""
    if "<<" not in script and "printf" not in script and "echo" not in script:
        return
    values = _values(script)
    yield from _heredocs(script, values)
    ends = [match.start() for match in re.finditer("\n", script)]
    for match in _PRINTED.finditer(script):
        word, single, double, rest = match.groups()
        text = single if single is not None else double
        if word != "echo":
            text = _ESCAPE.sub(lambda each: _LETTERS.get(each[1], each[1]), text)
        number = bisect_left(ends, match.start(1)) + 1
        lines = (number,) * (text.count("\n") + 1)
        yield Written(text=text, lines=lines, target=_target(rest), expands=single is None, values=values)


def _heredocs(script: str, values: Mapping[str, str]) -> Iterator[Written]:
    lines = script.split("\n")
    ends: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        ends.setdefault(line.strip(), []).append(index)
    number, left = 0, _MOST * len(lines)
    while number < len(lines) and left > 0:
        number += 1
        each = _heredoc(lines, number, ends, values)
        if each is not None:
            yield each
            left -= len(each.lines)
            inner = any("<<" in line for line in lines[number : number + len(each.lines)])
            number += 0 if inner else len(each.lines)  # a script in the text may write files too


_MOST = 8
"""Texts in texts may have so many times the lines of the script."""


def _heredoc(
    lines: Sequence[str], number: int, ends: Mapping[str, Sequence[int]], values: Mapping[str, str]
) -> Written | None:
    """The heredoc that the line before `number` opens; None where it opens none, or it does not end."""
    line = lines[number - 1]
    opened = _OPENED.search(line) if "<<" in line and not line.lstrip().startswith("#") else None
    if opened is None:
        return None
    known = ends.get(opened[2] or opened[3] or opened[4], ())
    at = bisect_left(known, number)
    if at == len(known):
        return None
    return Written(
        text="\n".join(lines[number : known[at]]),
        lines=tuple(range(number + 1, known[at] + 1)),
        target=_target(line),
        expands=opened[4] is not None and "\\" not in opened[0],
        values=values,
    )


def _target(line: str) -> str:
    match = _TARGET.search(line)
    return (match[1] or match[2]).strip("\"'") if match else ""


def _values(script: str) -> dict[str, str]:
    """The variables that are set once, to a text without further variables."""
    result: dict[str, list[str]] = {}
    for name, single, double, bare in _ASSIGNED.findall(script):
        result.setdefault(name, []).append(single or double or bare)
    return {name: each[0] for name, each in result.items() if len(each) == 1 and "$" not in each[0]}


def filled(each: Written, unknown: str) -> str:
    """The text with the values of the variables that are known, and `unknown` for the others."""
    if not each.expands:
        return each.text

    def value(match: re.Match[str]) -> str:
        if match[0].startswith("\\"):
            return match[0][1:]
        name = match[1] or match[3]
        return each.values.get(name) or match[2] or unknown

    return _VARIABLE.sub(value, each.text)
