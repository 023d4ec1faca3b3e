"""A report as JSON, written and read back, and the schema of it (`hclmod/schemas/hclmod.report.schema.json`).

What is read may come from anyone's pull request, so it is checked value by value.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

import msgspec
from msgspec import Meta

from hclmod import files
from hclmod.errors import HclmodError
from hclmod.reports import escape
from hclmod.reports.model import Commit, Report, Section, Stack, Step, Texts, Totals, Value

if TYPE_CHECKING:
    from pathlib import Path

VERSION: Final = 2
"""Of the format; a report of another version is not read."""


class CountedSection(Value, frozen=True, kw_only=True):
    """One phase with all that it would do and all that it leaves, and what is counted in it."""

    number: Annotated[int | None, Meta(description="The phase, null for rules without a phase.")]
    title: str
    rules: Texts
    stacks: tuple[Stack, ...]
    totals: Totals
    judges: Annotated[Texts, Meta(description="The parsers that proved the changes.")]

    @classmethod
    def of(cls, section: Section) -> Self:
        """The section with its totals."""
        return cls(**msgspec.structs.asdict(section), totals=section.totals, judges=section.judges)


_ADDRESS = r"^(https?://[^\s{}]+\{rule\}[^\s{}]*)?$"


class StoredReport(Value, frozen=True, kw_only=True):
    """What `hclmod apply --dry-run`, `check` and `fix` write with `--format json`."""

    version: Annotated[Literal[2], Meta(description="Of this format.")]
    hclmod: Annotated[str, Meta(description="The version of hclmod that made the report.")]
    sections: tuple[CountedSection, ...]
    steps: Annotated[tuple[Step, ...], Meta(description="The phases of the config.")]
    docs: Annotated[
        str, Meta(description="The address of a rule's page, with {rule} in place of its id.", pattern=_ADDRESS)
    ] = ""
    commit: Annotated[
        Commit | None, Meta(description="The commit whose lines are named. Absent for those of the working tree.")
    ] = None


def write(report: Report) -> str:
    """The report as JSON text, ending in a newline."""
    sections = tuple(map(CountedSection.of, report.sections))
    written = StoredReport(
        version=VERSION,
        hclmod=report.hclmod,
        sections=sections,
        steps=report.steps,
        docs=report.docs,
        commit=report.commit,
    )
    values = msgspec.to_builtins(written)
    for name in ("docs", "commit"):
        if not values[name]:
            del values[name]
    return escape.json(json.dumps(values, indent=1, ensure_ascii=True) + "\n")


def read_file(path: Path) -> Report:
    """A report of `--format json`, which may come from anyone: checked value by value."""
    try:
        data = files.load(path)
    except OSError as error:
        raise HclmodError(
            f"{path}: cannot be read: {error.strerror}", hint="Name a report of `--format json`."
        ) from error
    return read(data, str(path))


def read(data: bytes, path: str) -> Report:
    """The report that `write` wrote; `HclmodError` with the place for anything else. Totals are counted again."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise HclmodError(f"{path}: not JSON: {error}", hint="Give a report of `--format json`.") from error
    version = raw.get("version") if isinstance(raw, dict) else None
    if version != VERSION:
        hint = f"Make it with `--format json` of this hclmod, which reads version {VERSION}."
        raise HclmodError(f"{path}: not a report of version {VERSION} (version: {version!r})", hint=hint)
    try:
        result = msgspec.convert(raw, StoredReport)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter is half of a character
        raise HclmodError(
            f"{path}: {_placed(error)}", hint="Give a report of `--format json` of this hclmod, unchanged."
        ) from error
    sections = (Section(each.number, each.title, each.rules, each.stacks) for each in result.sections)
    return Report(result.hclmod, tuple(sections), result.steps, result.docs, result.commit)


def _placed(error: Exception) -> str:
    """`sections[0].title: Expected ...`: the place first."""
    if isinstance(error, UnicodeEncodeError):
        return "a text has half of a character, such as `\\ud800`"
    what, _, where = str(error).partition(" - at `$.")
    return f"{where.removesuffix('`') or 'the report'}: {what}"


def schema() -> dict[str, Any]:
    """The JSON schema of what `write` writes."""
    (_,), parts = msgspec.json.schema_components([StoredReport], ref_template="#/$defs/{name}")
    report = parts.pop("StoredReport")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:hclmod:report:{VERSION}"}
    return {**head, **report, "title": "hclmod report", "$defs": dict(sorted(parts.items()))}
