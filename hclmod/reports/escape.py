"""Text of a repository made inert: for Markdown, HTML and JSON, for terminals and logs.

Whatever stands in a stack's name, a comment or a value, it must not end a fence, open a tag, mention a team, close an
issue or turn the direction of writing. Forges look for mentions and references in the text nodes of the HTML that they
made, so escaping is not enough there: a zero-width space parts the sign from the name. Inside of code they look for
nothing, so most of what comes from the repository stands in code.

A log of CI obeys lines, whatever format they are in: GitHub's runner takes a line that begins with `::` after blanks,
and `##[` anywhere in a line, for a command. A login in an address is hidden everywhere.
"""

from __future__ import annotations

import re

from hclmod.lazy import lazily
from hclmod.markdown import text as markdown

_SPAN = lazily(r"`([^`]+)`")
_PUNCTUATION = lazily(r"([\\`*_\[\]|~^$!#])")
_REFERENCE = lazily(
    r"(?<=[@#!%~$&])(?=[\w\"-])|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=GH)(?=-\d)|(?<=\[)(?=(?:skip|ci|no)\b)", re.IGNORECASE
)  # the last one: a commit with `[skip ci]` in its message gets no CI
_APART = "\u200b"
_COMMAND = lazily(r"(?m)^([^\S\n]*):(?=:)|(##\w*)\[")
_MARK = lazily(r"#(?=#\w*\[)")
_STRANGE = lazily(r"[^\x20-\x7e\n]")
_LOGIN = lazily(r"(https?:/{1,2}|\b\w+://(?=[^\s/@]*:))[^\s/@\"'`<>${}]+@(?!sha\d+:)")
_QUERY = lazily(r"(?i)(?<=[?&])((?:\w+_)?token|sig|signature|password|secret|api_?key|x-amz-[\w-]+)=[^\s&\"'`<>]+")
HIDDEN = "(hidden)"
"""What is written for what must not be shown."""


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


def log(text: str) -> str:
    """Lines as a terminal or a log shows them: nothing moves the cursor, is a command of CI or gives a login away."""
    return no_command(without_login(visible(text, keep="\n\t")))


def message(text: str) -> str:
    """Lines as an editor shows them, some of which make links of `[words](address)`: nothing is hidden, no link."""
    return without_login(visible(text, keep="\n\t")).replace("](", f"]{_APART}(")


def no_command(text: str) -> str:
    """The text without what a CI service would take for a command; its sign is written as its number."""
    return _COMMAND.sub(lambda match: f"{match[2]}<U+005B>" if match[2] else f"{match[1]}<U+003A>", text)


def without_login(text: str) -> str:
    """The text without the logins and tokens that stand in addresses."""
    if ":/" not in text:
        return text
    return _QUERY.sub(rf"\1={HIDDEN}", _LOGIN.sub(rf"\1{HIDDEN}@", text))


def json(text: str) -> str:
    """JSON that says the same, with escapes in place of what nobody sees and of commands."""
    from json import dumps

    seen = _STRANGE.sub(lambda match: match[0] if match[0].isprintable() else dumps(match[0])[1:-1], text)
    return _MARK.sub(r"\\u0023", seen)


def blanked(text: str) -> str:
    """The text with a blank for each character that nobody sees, for columns."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def clip(text: str, length: int) -> str:
    """The text if it is not longer than `length` characters, else its beginning and how much is missing."""
    if len(text) <= length:
        return text
    return f"{text[:length]}... ({len(text) - length} more characters)"


def html(text: str) -> str:
    """The text for HTML, between tags or in a quoted attribute."""
    import html as entities

    return no_command_in_xml(entities.escape(visible(text, keep="\n\t"), quote=True))


def no_command_in_xml(text: str) -> str:
    """Text of HTML or XML that says the same, and that a CI service does not take for a command."""
    return _COMMAND.sub(lambda match: f"{match[2]}&#91;" if match[2] else f"{match[1]}&#58;", text)


def code(text: str) -> str:
    """The text as a Markdown code span."""
    return markdown.span(no_command(f"`{one_line(text)}")[1:])  # what begins a span begins no line


def plain(text: str) -> str:
    """The text as Markdown that says what it says, and links, mentions and refers to nothing."""
    escaped = _PUNCTUATION.sub(r"\\\1", _parted(one_line(text)))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unlinked(text: str) -> str:
    """One line of plain text, as for a commit: without mentions, references and `[skip ci]`, which keeps CI from it."""
    return _parted(log(one_line(text)))


def _parted(text: str) -> str:
    return _REFERENCE.sub(_APART, text)


def prose(text: str) -> str:
    """A message: what stands between back-ticks as code, the rest as `plain`."""
    return "".join(code(part) if index % 2 else plain(part) for index, part in enumerate(spans(text)))


def spans(text: str) -> list[str]:
    """A message in parts: every second one stands between back-ticks."""
    return _SPAN.split(text)


def fence(text: str, language: str = "") -> str:
    """The text as a fenced block, whose fence is longer than any run of back-ticks inside; ends in a newline."""
    return markdown.fence(no_command(visible(text.replace("\r\n", "\n"), keep="\n\t")), language)
