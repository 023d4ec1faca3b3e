"""A case of fixtures as one text file: its files one after another, each below a line `-- before/main.tf --`.

This is Go's txtar, held to what gives every byte back: UTF-8, lines that end in one newline, known names, no comment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIX = ".txtar"
PARTS = ("case.toml", "before", "after", "earlier", "other")
"""What a case is made of, in the order in which it is written: a file, and four folders."""

_MARKER = re.compile(rb"-- (.*\S.*) --\n")
_FOLDER_FORM = "A case of other bytes is a folder: before/, after/, earlier/, other/ and case.toml."


def read(data: bytes, path: str) -> dict[str, bytes]:
    """The files of a case by name; `path` is for messages."""
    files: dict[str, bytes] = {}
    name = ""
    is_text = _is_text(data)
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        where = f"{path}:{number}"
        if not (is_text or _is_text(line)):
            raise HclmodError(f"{where}: not UTF-8 text whose lines all end in a plain newline", hint=_FOLDER_FORM)
        if marker := _MARKER.fullmatch(line):
            name = marker[1].strip().decode()
            if why := _unusable(name, files):
                raise HclmodError(f"{where}: the section `{name}` {why}")
            files[name] = b""
        elif not name:
            raise HclmodError(
                f"{where}: text above the first section", hint="Begin with a line `-- before/main.tf --`."
            )
        else:
            files[name] += line
    if not any(name.startswith("before/") for name in files):
        raise HclmodError(f"{path}:1: no section is before/...", hint="Add a line `-- before/main.tf --` and the file.")
    return files


def write(files: Mapping[str, bytes]) -> bytes:
    """The text file with these files, which they have to fit (`fits`)."""
    names = sorted(files, key=lambda name: PARTS.index(name.partition("/")[0]))
    return b"".join(b"-- %s --\n%s" % (name.encode(errors="surrogateescape"), files[name]) for name in names)


def fits(files: Mapping[str, bytes]) -> bool:
    """Whether a text file can hold these files: it gives back the very bytes."""
    try:
        return read(write(files), "") == files
    except HclmodError:
        return False


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return line.endswith(b"\n") and not re.search(rb"[\r\0]", line)


def _unusable(name: str, files: Mapping[str, bytes]) -> str:
    """Why a section may not have this name; empty where it may."""
    part, *rest = name.split("/")
    if name in files:
        return "stands there twice"
    if part not in PARTS or (part == PARTS[0]) == bool(rest):
        return "is not case.toml, before/..., after/... or earlier/..."
    if not {"", ".", ".."}.isdisjoint(rest) or "\\" in name:
        return "is not a plain path"
    return ""
