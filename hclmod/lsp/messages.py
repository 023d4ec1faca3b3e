"""Remarks, edits and texts as the values of the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from hclmod.lsp.look import Weight
from hclmod.reports.escape import fence, message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hclmod.lsp.look import Remark
    from hclmod.lsp.text import EditorText, Position

QUICK_FIX: str = types.CodeActionKind.QuickFix.value
FIX_ALL = "source.fixAll.hclmod"
"""The kind of the one action that makes every change of a file."""

_WEIGHTS = {
    Weight.ERROR: types.DiagnosticSeverity.Error,
    Weight.WARNING: types.DiagnosticSeverity.Warning,
    Weight.INFORMATION: types.DiagnosticSeverity.Information,
}


def diagnostic(remark: Remark, text: EditorText) -> types.Diagnostic:
    """A remark at the text of its line."""
    start, end = text.line(remark.line)
    return types.Diagnostic(
        range=types.Range(_position(start), _position(end)),
        message=message(remark.message),
        severity=_WEIGHTS[remark.weight],
        code=remark.code or None,
        code_description=types.CodeDescription(remark.page) if remark.page else None,
        source="hclmod",
    )


def shown(text: str, kind: types.MessageType) -> types.ShowMessageParams:
    """A message to the person."""
    return types.ShowMessageParams(kind, message(text))


def edit(uri: str, version: int | None, text: EditorText, after: bytes, *, versioned: bool) -> types.WorkspaceEdit:
    """What leads from a text to another one; the client refuses it for another version, if it knows of versions."""
    every = [
        types.TextEdit(types.Range(_position(each.start), _position(each.end)), each.text)
        for each in text.changes(after)
    ]
    if not versioned:
        return types.WorkspaceEdit(changes={uri: every})
    named = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(named, every)])


def hover(lines: Sequence[str], *, markdown: bool) -> types.Hover:
    """Lines as they are, in a font that keeps their columns where the client knows Markdown."""
    text = "\n".join(lines)
    if markdown:
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, fence(text, "text")))
    return types.Hover(types.MarkupContent(types.MarkupKind.PlainText, text))


def is_asked(kind: str, only: Iterable[str] | None) -> bool:
    """Whether a client that asks for some kinds of actions, or for all, asks for this one."""
    return only is None or any(kind == each or kind.startswith(f"{each}.") for each in only)


def _position(place: Position) -> types.Position:
    return types.Position(place.line, place.column)
