"""Write the section of a page: where it stands, else below a heading, else at the end. No other byte changes."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod.hcl import edits
from hclmod.hcl.document import Document
from hclmod.hcl.edits import Declared, Edit, Effect, Fix, Span
from hclmod.hcl.indentation import UnfixableError
from hclmod.markdown import syntax
from hclmod.markdown.page import VERSION, Page, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hclmod.markdown.page import Section
    from hclmod.markdown.syntax import Heading, Node

DEEPEST = 6


class SectionText(Struct, frozen=True):
    """What a section says: its title, and the Markdown below it, with plain newlines."""

    title: str
    body: str

    def at(self, level: int) -> str:
        """The whole section with its heading at a level, from comment to comment, without an end of the last line."""
        inside = f"\n{'#' * level} {self.title}\n\n{self.body.strip(chr(10))}\n\n"
        head = f"<!-- hclmod:begin conventions v{VERSION} sha256:{digest(inside)} -->"
        return f"{head}\n{inside}<!-- hclmod:end conventions -->"


def write(page: Page, text: SectionText, *, after: str = "") -> Fix | None:
    """The section as it should be, None where it is so; a new one goes below the heading that begins with `after`.

    `UnfixableError` where the comments of the section are broken, or nothing can stand in that place.
    """
    section = page.section
    if section is not None:
        new = text.at(_level(page, section.line, section.end, section.level or _below(page, section)))
        if new == _joined(page.lines[section.line : section.end]).rstrip("\n"):
            return None
        return _fix(page, [_put(page, section.line, section.end, new)])
    place, level = _place(page, after)
    return _fix(page, [_insert(page, place, text.at(_level(page, place, place, level)))])


def adopt(page: Page, text: SectionText, heading: Heading) -> Fix:
    """The section in place of one that a person has written, from its heading to the next one of that level."""
    first, last = heading.line, _end(page, heading)
    section = page.section
    made = [_put(page, first, last, text.at(heading.level))]
    if section is not None and not first <= section.line < last:
        behind = section.end + sum(1 for _ in takewhile(_is_blank, page.lines[section.end :]))
        between = section.line > 0 and not _is_blank(page.lines[section.line - 1]) and behind < len(page.lines)
        gap = page.document.newline if between else b""  # or what stands above and below would be one paragraph
        made.append(Edit(Span(page.offset(section.line), page.offset(behind)), gap))
    return _fix(page, made, [(first, last)])


def _fix(page: Page, made: list[Edit], removed: Iterable[tuple[int, int]] = ()) -> Fix:
    """The edits as a fix, if there is one section after them, where markdown-it-py sees it."""
    after = Page(document=Document(page.document.path, edits.apply(page.document.data, made)))
    try:
        known = after.section is not None
    except UnfixableError:
        known = False
    if not known:
        raise UnfixableError("code or HTML that is not closed goes on to that place. Close it")
    declares = tuple(Declared(f"lines {first}-{last}", Effect.REMOVED) for first, last in removed)
    return Fix(tuple(made), declares, realign=False)


def _put(page: Page, first: int, last: int, text: str) -> Edit:
    """The text in place of lines, with the end that the last of them has."""
    span = Span(page.offset(first), page.document.line_end(page.offset(last - 1)))
    return Edit(span, _bytes(page, text))


def _insert(page: Page, place: int, text: str) -> Edit:
    """The text above a line, or at the end, with a blank line on each side; the last line stays without an end."""
    before, newline = page.lines[:place], page.document.newline
    head = b"" if not before or _is_blank(before[-1]) else newline
    if before and not before[-1].endswith(b"\n"):
        head, tail = newline * 2, b""
    else:
        tail = newline * 2 if place < len(page.lines) else newline
    return Edit(Span(page.offset(place), page.offset(place)), head + _bytes(page, text) + tail)


def _bytes(page: Page, text: str) -> bytes:
    return text.encode().replace(b"\n", page.document.newline)


def _is_blank(line: bytes) -> bool:
    return not line.strip()


def _joined(lines: Sequence[bytes]) -> str:
    return b"".join(lines).decode().replace("\r\n", "\n")


def _place(page: Page, after: str) -> tuple[int, int]:
    """The line above which a new section goes, and the level that it has there."""
    if after and (heading := _named(page, after)):
        following = (each.line for each in page.headings if each.line > heading.line and each.level <= heading.level)
        return next(following, len(page.lines)), heading.level
    levels = [each.level for each in page.headings]
    has_title = levels[:1] == [1] and levels.count(1) == 1
    return len(page.lines), min(levels[1:] if has_title else levels, default=2)


def _named(page: Page, text: str) -> Heading | None:
    """The heading of this text, or the only one that begins with it; None without one."""
    exact = [each for each in page.headings if each.text == text]
    result = exact or [each for each in page.headings if each.text.startswith(text)]
    if len(result) > 1:
        lines = " and ".join(str(each.line + 1) for each in result)
        raise UnfixableError(f"the headings on lines {lines} begin with `{text}`. Write more of one into `after`")
    return result[0] if result else None


def _end(page: Page, heading: Heading) -> int:
    """The line behind the last one with text below a heading and its subheadings."""
    following = (each.line for each in page.headings if each.line > heading.line and each.level <= heading.level)
    last = next(following, len(page.lines))
    return last - sum(1 for _ in takewhile(_is_blank, reversed(page.lines[:last])))


def _below(page: Page, section: Section) -> int:
    """The level for comments without a heading between them: one below the heading right above, else as that one."""
    above = [each for each in page.headings if each.end <= section.line]
    if not above:
        return 2
    right_above = all(map(_is_blank, page.lines[above[-1].end : section.line]))
    return max(2, above[-1].level + right_above)


def _level(page: Page, first: int, last: int, level: int) -> int:
    """The level nearest to this one that leaves all other headings where they are in the outline."""
    above = [each.level for each in page.headings if each.end <= first]
    below = [each.level for each in page.headings if each.line >= last]
    return min(max(level, *below[:1], 1), above[-1] + 1 if above else DEEPEST, DEEPEST)


def undeclared(before: Document, after: Document, fixes: Iterable[Fix]) -> str:
    """Why two documents differ in more than the section and what the fixes declare to remove; empty if they do not."""
    old, new = Page(document=before), Page(document=after)
    gone = [tuple(map(int, each.path.removeprefix("lines ").split("-"))) for fix in fixes for each in fix.declares]
    try:
        was, now = _rest(old, gone), _rest(new)
    except UnfixableError as error:
        return str(error)
    if [each.shown for each in was] == [each.shown for each in now]:
        return ""
    pairs = ((one, other) for one, other in zip(was, now, strict=False) if one.shown != other.shown)
    line = next((other.line + 1 for _, other in pairs), len(new.lines))
    return f"what {syntax.judge()} reads outside of the section would change at line {line}"


def _rest(page: Page, gone: Sequence[tuple[int, ...]] = ()) -> list[Node]:
    section = page.section
    gaps = [*gone, *([(section.line, section.end)] if section else [])]
    return [each for each in page.tree.nodes if not any(first <= each.line < last for first, last in gaps)]
