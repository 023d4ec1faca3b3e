"""Text of a repository made inert: for Markdown, for HTML, for a reader's eye.

Whatever stands in a stack's name, a comment or a value, it must not end a fence, open a tag, mention a team, close an
issue or turn the direction of writing. Forges look for mentions and references in the text nodes of the HTML that they
made, so escaping is not enough there: a zero-width space parts the sign from the name. Inside of code they look for
nothing, so most of what comes from the repository stands in code.
"""

from __future__ import annotations

import re

_SPAN = re.compile(r"`([^`]+)`")
_PUNCTUATION = re.compile(r"([\\`*_\[\]|~^$!#])")
_REFERENCE = re.compile(r"(?<=[@#!%~$&])(?=[\w\"-])|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=GH)(?=-\d)", re.IGNORECASE)
_APART = "\u200b"
_TICKS = re.compile("`+")


def visible(text: str, keep: str = "") -> str:
    """The text with invisible characters as numbers: `<U+202E>`; only what is in `keep` stays."""
    others = text
    for char in keep:
        others = others.replace(char, "")
    if others.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else f"<U+{ord(char):04X}>" for char in text)


def one_line(text: str) -> str:
    """The text with line ends and tabs as blanks, the rest as `visible`."""
    return visible(re.sub(r"[\r\n\t]+", " ", text))


def clip(text: str, length: int) -> str:
    """The text if it is not longer than `length` characters, else its beginning and how much is missing."""
    if len(text) <= length:
        return text
    return f"{text[:length]}... ({len(text) - length} more characters)"


def html(text: str) -> str:
    """The text for HTML, between tags or in a quoted attribute."""
    import html as entities

    return entities.escape(visible(text, keep="\n\t"), quote=True)


def code(text: str) -> str:
    """The text as a Markdown code span."""
    entry = one_line(text)
    ticks = "`" * (_longest(entry) + 1)
    pad = " " if entry[:1] in ("`", " ", "") or entry[-1:] in ("`", " ") else ""
    return f"{ticks}{pad}{entry}{pad}{ticks}"


def plain(text: str) -> str:
    """The text as Markdown that says what it says, and links, mentions and refers to nothing."""
    parted = _REFERENCE.sub(_APART, one_line(text))
    escaped = _PUNCTUATION.sub(r"\\\1", parted)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def prose(text: str) -> str:
    """A message: what stands between back-ticks as code, the rest as `plain`."""
    return "".join(code(part) if index % 2 else plain(part) for index, part in enumerate(spans(text)))


def spans(text: str) -> list[str]:
    """A message in parts: every second one stands between back-ticks."""
    return _SPAN.split(text)


def fence(text: str, language: str = "") -> str:
    """The text as a fenced block, whose fence is longer than any run of back-ticks inside; ends in a newline."""
    entry = visible(text.replace("\r\n", "\n"), keep="\n\t")
    ticks = "`" * max(3, _longest(entry) + 1)
    end = "" if entry.endswith("\n") or not entry else "\n"
    return f"{ticks}{language}\n{entry}{end}{ticks}\n"


def _longest(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
