"""The language server: what a client asks, and what it is answered.

The whole text comes with every change. Of a text that came in pieces pygls would count the lines by Python's line ends,
which are more than those of the protocol.
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from hclmod import __version__
from hclmod.errors import HclmodError
from hclmod.lsp import look, messages
from hclmod.lsp.look import Looked, OpenFile
from hclmod.lsp.messages import FIX_ALL, QUICK_FIX
from hclmod.lsp.text import EditorText
from hclmod.lsp.worker import Result, Worker
from hclmod.reports.model import count

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from hclmod.lsp.look import Remark, Session

PAUSE = 0.2
"""Seconds without a change after which a text is looked at."""

_OUT, _ERR = 1, 2


class Server(LanguageServer):
    """A server for one client: the remarks of each open file, and the work that is under way."""

    def __init__(self, session: Session) -> None:
        super().__init__("hclmod", __version__, types.TextDocumentSyncKind.Full)
        self.session, self.worker = session, Worker()
        self.remarks: dict[str, tuple[Remark, ...]] = {}
        self._fixes: dict[str, tuple[bytes, dict[str, bytes | None]]] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._shown: set[str] = set()
        self.errors: dict[str, str] = {}
        self.is_asked_to_leave = False

    def text(self, uri: str) -> EditorText:
        """The text of an open file."""
        return EditorText(_data(self, uri), self.workspace.position_codec.client_num_units)

    def file(self, uri: str) -> OpenFile | None:
        """An open file; None for what is not a file on this machine."""
        path = _path(uri)
        if path is None or uri not in self.workspace.text_documents:
            return None
        others = {other: _data(self, each) for each in self.workspace.text_documents if (other := _path(each))}
        return OpenFile(path=path, data=others.pop(path), top=self._top(path), others=others)

    def _top(self, path: Path) -> Path:
        """The folder of the workspace that holds a path, else the current one."""
        folders = (each for name in self.workspace.folders if (each := _path(name)))
        around = [each for each in folders if path.is_relative_to(each)]
        return max(around, key=lambda each: len(each.parts)) if around else Path.cwd()

    def look_soon(self, uri: str, pause: float = 0) -> None:
        """Look at a file after a pause in which no other change comes."""
        self.forget(uri)
        self._looking[uri] = asyncio.get_running_loop().create_task(self._look(uri, pause))

    def forget(self, uri: str) -> None:
        """Stop the work on a file."""
        if uri in self._looking:
            self._looking.pop(uri).cancel()
        self.worker.drop(("look", uri))
        self._fixes.pop(uri, None)  # another file or the configuration may have changed

    async def _look(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        file = self.file(uri)
        if file is None:
            return
        version, text = self.workspace.text_documents[uri].version, self.text(uri)
        looked = await self.tried(uri, ("look", uri), partial(look.look, self.session, file)) or Looked((), ())
        for note in looked.notes:
            self.show_once(note, types.MessageType.Info)
        self.remarks[uri] = looked.remarks
        every = [messages.diagnostic(each, text) for each in looked.remarks]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, every, version))

    async def tried(self, uri: str, kind: Hashable, work: Callable[[look.Watch], Result]) -> Result | None:
        """The result of work on a file; None with a message where it cannot be done, such as for want of a folder."""
        try:
            result = await self.worker.run(kind, work)
        except (HclmodError, OSError) as error:
            if str(error) not in self.errors.values():
                self.window_show_message(messages.shown(str(error), types.MessageType.Error))
            self.errors[uri] = str(error)
            return None
        self.errors.pop(uri, None)
        return result

    def show_once(self, text: str, kind: types.MessageType) -> None:
        """Show a message that was not shown yet."""
        if text not in self._shown:
            self._shown.add(text)
            self.window_show_message(messages.shown(text, kind))

    async def fixed(self, uri: str, rule: str) -> bytes | None:
        """The proven bytes of a file after one rule, or after all; asked once for each text."""
        file = self.file(uri)
        if file is None:
            return None
        data, known = self._fixes.get(uri, (b"", {}))
        if data != file.data:
            self._fixes[uri] = (file.data, known := {})
        if rule not in known:
            known[rule] = await self.tried(uri, ("fix", uri, rule), partial(look.fixed, self.session, file, rule))
        return known[rule]

    def shutdown(self) -> None:
        """Stop all work."""
        self.worker.close()
        super().shutdown()  # type: ignore[no-untyped-call]


def _path(uri: str) -> Path | None:
    path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None


def _data(server: Server, uri: str) -> bytes:
    source: str = server.workspace.text_documents[uri].source
    return source.encode(errors="surrogatepass")


async def opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Look at a file."""
    ls.look_soon(params.text_document.uri)


async def changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Look at a file when no other change comes."""
    ls.look_soon(params.text_document.uri, PAUSE)


async def saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    """Look at all open files, the saved one first: what it says may matter for the others."""
    for uri in sorted(ls.workspace.text_documents, key=lambda each: each != params.text_document.uri):
        ls.look_soon(uri)


async def closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Take the remarks of a file away."""
    uri = params.text_document.uri
    ls.forget(uri)
    ls.errors.pop(uri, None)
    if ls.remarks.pop(uri, ()):
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


async def hovered(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """Where the images of a line come from, and why their tags stay or float."""
    file, line = ls.file(params.text_document.uri), params.position.line + 1
    if file is None:
        return None
    lines = await ls.tried(params.text_document.uri, "hover", partial(_about_images, ls.session, file, line))
    known = ls.client_capabilities.text_document
    formats = (known.hover.content_format if known and known.hover else None) or ()
    return messages.hover(lines, markdown=types.MarkupKind.Markdown in formats) if lines else None


def _about_images(session: Session, file: OpenFile, line: int, _watch: look.Watch) -> tuple[str, ...]:
    return look.about_images(session, file, line)


async def actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """A quick fix for each rule that can change something in these lines, and one action for all changes."""
    uri, only = params.text_document.uri, params.context.only
    every = [each for each in ls.remarks.get(uri, ()) if each.can_be_fixed]
    lines = range(params.range.start.line + 1, params.range.end.line + 2)
    rules = (
        dict.fromkeys(each.rule for each in every if each.line in lines) if messages.is_asked(QUICK_FIX, only) else {}
    )
    by_rule = {rule: [each for each in every if each.rule == rule] for rule in rules}
    automatic = params.context.trigger_kind is types.CodeActionTriggerKind.Automatic
    if every and messages.is_asked(FIX_ALL, only) and (only or not automatic):
        by_rule[""] = every
    offers = [await _action(ls, uri, remarks, rule) for rule, remarks in by_rule.items()]
    return [each for each in offers if each]


async def _action(ls: Server, uri: str, remarks: Sequence[Remark], rule: str) -> types.CodeAction | None:
    """The action that makes the changes of one rule, or of all; None where they cannot be proven."""
    if uri not in ls.workspace.text_documents:  # it was closed while another action was made
        return None
    text, version = ls.text(uri), ls.workspace.text_documents[uri].version
    after = await ls.fixed(uri, rule)
    if after is None:
        return None
    places = f"{count(len(remarks), 'place')} in this file"
    edits = ls.client_capabilities.workspace and ls.client_capabilities.workspace.workspace_edit
    return types.CodeAction(
        title=f"hclmod: {rule or 'make all changes'} ({places})",
        kind=QUICK_FIX if rule else FIX_ALL,
        diagnostics=[messages.diagnostic(each, text) for each in remarks],
        edit=messages.edit(uri, version, text, after, versioned=bool(edits and edits.document_changes)),
    )


def leaving(ls: Server, _params: None) -> None:
    """Remember that the client is about to leave as the protocol has it."""
    ls.is_asked_to_leave = True


def serve(session: Session) -> bool:
    """Talk with a client on standard input and output until it leaves; whether it said so before."""
    server = Server(session)
    kinds = types.CodeActionOptions(code_action_kinds=[QUICK_FIX, FIX_ALL])
    server.feature(types.SHUTDOWN)(leaving)
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(opened)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(changed)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(saved)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(closed)
    server.feature(types.TEXT_DOCUMENT_HOVER)(hovered)
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)(actions)
    out = os.dup(_OUT)
    os.dup2(_ERR, _OUT)  # what anything else prints does not get between the messages
    server.start_io(stdout=os.fdopen(out, "wb"))
    return server.is_asked_to_leave
