"""SARIF 2.1.0, for code scanning and editors.

The proof is of a whole document: all its changes together, aligned, were judged by other parsers. So a fix in SARIF
holds all replacements of its document, and it stands at the document's first change alone: from each result it would
be applied many times. GitHub takes 25,000 results and 10 MB after compression (docs/facts.md, Forges 2): errors come
first, and fixes go where they would not fit.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hclmod.reports import escape
from hclmod.reports.diff import replacements
from hclmod.reports.model import Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hclmod.reports.diff import Replacement
    from hclmod.reports.model import Document, Item, Report, Section

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RESULTS = 25_000
BYTES = 10_000_000
_UNPROVEN = "hclmod-unproven"
_LEVELS = {Kind.CHANGE: "warning", Kind.PERSON: "warning"}


def render(report: Report, about: Mapping[str, str] | None = None) -> str:
    """One run for each section; `about` holds the summaries of rules by id."""
    text = _text(report, about or {}, with_fixes=True)
    if len(text) > BYTES and len(zlib.compress(text.encode())) > BYTES:
        text = _text(report, about or {}, with_fixes=False)
    return text


def _text(report: Report, about: Mapping[str, str], *, with_fixes: bool) -> str:
    runs = [_run(report, section, about, with_fixes=with_fixes) for section in report.sections]
    return escape.json(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": runs}, indent=1) + "\n")


def _run(report: Report, section: Section, about: Mapping[str, str], *, with_fixes: bool) -> dict[str, Any]:
    results = [*_unproven(section), *_results(section, with_fixes=with_fixes)][:RESULTS]
    rules = sorted({result["ruleId"] for result in results})
    index = {rule: number for number, rule in enumerate(rules)}
    for result in results:
        result["ruleIndex"] = index[result["ruleId"]]
    driver = {"name": "hclmod", "version": report.hclmod, "rules": [_rule(rule, about, report.docs) for rule in rules]}
    name = "rules" if section.number is None else f"phase-{section.number}"
    failed = bool(section.of(Outcome.FAILED))
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"hclmod/{name}/"},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "invocations": [
            {"executionSuccessful": not failed, "toolExecutionNotifications": list(_notifications(section))}
        ],
        "results": results,
    }


def _rule(rule: str, about: Mapping[str, str], docs: str) -> dict[str, Any]:
    text = about.get(rule) or ("A change that could not be proven." if rule == _UNPROVEN else rule)
    help_uri = {"helpUri": docs.replace("{rule}", quote(rule))} if docs and rule != _UNPROVEN else {}
    return {"id": rule, "shortDescription": {"text": _sound(text)}, **help_uri}


def _notifications(section: Section) -> Iterator[dict[str, Any]]:
    levels = {Outcome.SKIPPED: "note", Outcome.FAILED: "error"}
    for document in section.of(*levels):
        text = "\n".join(document.why) or document.outcome
        yield {
            "level": levels[document.outcome],
            "message": {"text": _sound(text)},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(document)}}],
        }


def _unproven(section: Section) -> Iterator[dict[str, Any]]:
    for document in section.of(Outcome.REFUSED):
        yield {
            "ruleId": _UNPROVEN,
            "level": "error",
            "message": {"text": _sound("; ".join(document.why) or "not proven")},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(document), "region": {"startLine": 1}}}],
        }


def _results(section: Section, *, with_fixes: bool) -> Iterator[dict[str, Any]]:
    for document in section.documents:
        fix = _fix(document) if with_fixes and document.hunks else None
        for item in document.items:
            if item.kind in _LEVELS:
                result = _result(document, item)
                if fix and item.kind is Kind.CHANGE:
                    result["fixes"], fix = [fix], None
                yield result


def _result(document: Document, item: Item) -> dict[str, Any]:
    location = {
        "physicalLocation": {"artifactLocation": _artifact(document), "region": {"startLine": item.line}},
        "logicalLocations": [{"fullyQualifiedName": _sound(item.address), "kind": "resource"}],
    }
    text = f"{item.message} [{item.effect}]" if item.effect else item.message
    return {
        "ruleId": _sound(item.rule) or "unnamed",
        "level": _LEVELS[item.kind],
        "message": {"text": _sound(f"{item.address}: {text}")},
        "locations": [location],
        "partialFingerprints": {"hclmod/v1": item.id},
        "properties": {
            "kind": item.kind,
            "code": _sound(item.code),
            "effect": _sound(item.effect),
            "origins": [*map(_sound, item.origins)],
        },
    }


def _artifact(document: Document) -> dict[str, str]:
    return {"uri": quote(document.path.encode(errors="surrogateescape")), "uriBaseId": "%SRCROOT%"}


def _fix(document: Document) -> dict[str, Any]:
    made = [_replacement(each) for each in replacements(document.hunks)]
    text = "All changes of this file. They are proven together."
    return {
        "description": {"text": text},
        "artifactChanges": [{"artifactLocation": _artifact(document), "replacements": made}],
    }


def _replacement(made: Replacement) -> dict[str, Any]:
    """A byte order mark does not count as the text in SARIF, so it is neither deleted nor inserted."""
    if made.unended:
        end = {"endLine": made.line + made.removed - 1, "endColumn": _units(made.unended) + 1}
    else:
        end = {"endLine": made.line + made.removed, "endColumn": 1}
    text = made.text.removeprefix("\ufeff") if made.line == 1 else made.text
    region = {"startLine": made.line, "startColumn": 1, **end}
    return {"deletedRegion": region, "insertedContent": {"text": _sound(text)}} if text else {"deletedRegion": region}


def _units(text: str) -> int:
    return len(text.removeprefix("\ufeff").encode("utf-16-le", errors="replace")) // 2


def _sound(text: str) -> str:
    """Text without lone surrogates, which JSON can write and few can read."""
    return text.encode(errors="replace").decode()
