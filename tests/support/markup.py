"""HTML read as a browser would, for the tests: its elements, its texts and what is wrong with it."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "hr", "input", "br"}
RAW = {"script", "style"}


class Page(HTMLParser):
    """What a page holds: `tags` in order, `texts` outside of and `codes` inside of code, `problems`."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.codes: list[str] = []
        self.problems: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        self.problems += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("code", "pre"):
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes something else")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if {"code", "pre"} & set(self.open):
            self.codes[-1] += data
        elif not RAW & set(self.open):
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"a comment: {data}")

    def names(self) -> list[str]:
        """The elements' names, sorted, each once."""
        return sorted({tag for tag, _ in self.tags})

    def text(self) -> str:
        """All texts outside of code."""
        return "".join(self.texts)
