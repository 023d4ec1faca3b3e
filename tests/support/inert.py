"""What of a text somebody would obey: a terminal, a log of CI, a forge, a browser, a spreadsheet."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from tests.support.markup import Page

SECRET = "s3cr3tmark"  # noqa: S105 - it opens nothing
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def live(text: str, form: str = "text") -> list[str]:
    """What of a text somebody would obey."""
    found = [each for each in text if not each.isprintable() and each not in "\n\t\u200b"]
    own = (
        re.compile(r"::(error|warning|notice) (?:file=[^:,]*,(?:line=\d+,)?)?title=[^:,]*::")
        if form == "github"
        else None
    )
    found += [line for line in text.splitlines() if line.lstrip().startswith("::") and not (own and own.match(line))]
    found += [line for line in text.splitlines() if re.search(r"##\w*\[", line) and not (own and own.match(line))]
    found += [SECRET] if SECRET in text else []
    if form == "csv":
        found += re.findall(r'(?:^|,)"?[=+@-][^,]*', text, re.MULTILINE)
    if form in ("markdown", "html"):
        page = Page(text if form == "html" else f"<main>{MARKDOWN.render(text)}</main>")
        found += [*page.problems, *({"img", "a"} & set(page.names()))]
        found += re.findall(r"@team|(?<!\d)#1", page.text()) if form == "markdown" else []
    return found
