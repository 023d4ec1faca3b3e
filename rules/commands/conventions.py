"""Keep a section on tags and markers in Markdown files, and find sentences that contradict it.

Why: A repository whose documents ask for commit SHAs and forbid `latest`, while its images float, gives two rules to
people and to agents. The section is made from the table of markers, from `hclmod.toml` and from the completed phases,
so it cannot be stale. The command `hclmod conventions` runs this rule.

Left alone: All text outside of the section. Sentences are reported and never changed. A section that a person has
edited stays, unless `--force` is given. Files with a date in their name, change logs and archives are not looked at,
because they say what was true then. Nor are sentences that say that the rule no longer holds, or that ask for the new
one.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial

from hclmod.rulekit import (
    Block,
    Context,
    Finding,
    Page,
    Rule,
    SectionText,
    Span,
    UnfixableError,
    change,
    note,
    replace,
    sections,
    warn,
)

from .._cluster import WORDS
from .._conventions import section as section_text
from .._markers import marker_names
from .._statements import HINT, Claim, claims, progress


def check(variable: Block, context: Context, /) -> Iterator[Finding]:
    """Yield a warning for each description of a variable that contradicts the section."""
    description = variable.attribute("description")
    text = description.value.string() if description else None
    if description is None or text is None:
        return
    every = [claim for _, claim in claims(text)]
    if every:
        yield _contradiction(description.span, every, context)


def on_page(page: Page, context: Context, /, *, force: bool = False, adopt: str = "") -> Iterator[Finding]:
    """Yield what is to do about the section, then the sentences that contradict it.

    `force`: whether to write over a section that a person has edited.
    `adopt`: a heading as `PATH:LINE`, whose section, written by hand, the new one replaces.
    """
    if page.follows:
        yield note(Span(0, 0), "followed", f"only refers to {page.follows}, so the section is there")
    if page.managed:
        yield from _section(page, section_text(context), context, force=force, adopt=adopt)
        yield from _by_hand(page, context)
    if HINT.search(page.document.data):
        yield from _contradictions(page, context)


SECTION = "the section"
"""What findings about the section itself are about, wherever it stands."""


def _section(page: Page, text: SectionText, context: Context, *, force: bool, adopt: str) -> Iterator[Finding]:
    path, _, line = adopt.rpartition(":")
    try:
        section = page.section
    except UnfixableError as error:
        yield warn(Span(0, 0), "broken-comments", f"cannot write the section: {error}", address=SECTION)
        return
    if section is not None and section.is_edited and not force:
        message = "the section was edited by hand. Move your words out of it, then write it again with --force"
        yield warn(page.span(section.line), "edited-by-hand", message, address=SECTION)
    elif path == page.document.path and not context.changed:
        yield _adopted(page, text, context, line)
    else:
        place = page.span(section.line) if section else Span(0, 0)
        message = "brings the section up to date" if section else "adds the section on tags and markers"
        write = partial(sections.write, page, text, after=context.config.conventions.after)
        current = note(place, "up-to-date", "the section is up to date", address=SECTION)
        yield change(place, "stale" if section else "missing", message, write, otherwise=current, address=SECTION)


def _adopted(page: Page, text: SectionText, context: Context, line: str) -> Finding:
    """The section in place of one that a person has written about a marker."""
    heading = next((each for each in page.headings if str(each.line + 1) == line), None)
    if heading is None or not _markers_in(heading.text, context):
        lines = [str(each.line + 1) for each in page.headings if _markers_in(each.text, context)]
        known = f"such sections begin on lines {', '.join(lines)}" if lines else "there is no such section"
        return warn(
            Span(0, 0), "nothing-to-adopt", f"no section about a marker begins on line {line}: {known}", address=SECTION
        )
    message = f"replaces the section `{heading.text}` that was written by hand"
    replaced = partial(sections.adopt, page, text, heading)
    return change(page.span(heading.line), "adopted", message, replaced, address=SECTION)


def _by_hand(page: Page, context: Context) -> Iterator[Finding]:
    for heading in page.headings:
        if names := _markers_in(heading.text, context):
            place = f"{page.document.path}:{heading.line + 1}"
            message = f"this section, written by hand, is about {', '.join(names)}, which hclmod manages"
            person = warn(page.span(heading.line), "hand-written-section", message)
            yield replace(person, advice=f"Replace it: hclmod conventions --adopt {shlex.quote(place)}")


def _markers_in(heading: str, context: Context) -> list[str]:
    return [name for name in marker_names(context, early=True) if name in heading]


def _contradictions(page: Page, context: Context) -> Iterator[Finding]:
    """One finding for each line, however many claims it makes."""
    by_line: dict[int, list[Claim]] = {}
    for prose in page.prose():
        for start, claim in claims(prose.text):
            by_line.setdefault(prose.line_of(start), []).append(claim)
    for line, every in sorted(by_line.items()):
        yield _contradiction(page.span(line), every, context)


def _contradiction(place: Span, every: list[Claim], context: Context) -> Finding:
    words = " and ".join(dict.fromkeys(each.words for each in every))
    message = f"{words}, but images float {progress(context).when}"
    person = warn(place, every[0].code, message)
    return replace(person, subject=message, advice="Change the sentence, or say above it why it stays.")


rule = Rule(check, kinds=("variable",), objects=WORDS, on_page=on_page)
