"""An editor: pygls's own client, which talks to a real `hclmod lsp` over standard input and output."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from tests.support.demo import environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

LIMIT = 120
"""Seconds after which a test gives up waiting."""


class Editor:
    """A client with one folder open; it keeps what the server has sent, in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = LanguageClient("tests", "1")
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = defaultdict(list)
        self.messages: list[types.ShowMessageParams] = []
        self._news = asyncio.Condition()
        self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(self._taking(self._published))
        self.client.feature(types.WINDOW_SHOW_MESSAGE)(self._taking(self.messages.append))

    def _taking(self, keep: Any) -> Any:
        async def take(params: Any) -> None:
            async with self._news:
                keep(params)
                self._news.notify_all()

        return take

    def _published(self, params: types.PublishDiagnosticsParams) -> None:
        self.published[params.uri].append(params)

    async def until(self, holds: Any) -> None:
        """Wait until something holds of what came."""
        async with self._news, asyncio.timeout(LIMIT):
            await self._news.wait_for(holds)

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    async def begin(self, *, markdown: bool = True, encodings: list[str] | None = None, versions: bool = True) -> Any:
        kinds = [types.MarkupKind.Markdown] if markdown else [types.MarkupKind.PlainText]
        known = types.ClientCapabilities(
            text_document=types.TextDocumentClientCapabilities(
                hover=types.HoverClientCapabilities(content_format=kinds)
            ),
            workspace=types.WorkspaceClientCapabilities(
                workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=versions)
            ),
            general=types.GeneralClientCapabilities(position_encodings=encodings),
        )
        folders = [types.WorkspaceFolder(self.folder.as_uri(), "root")]
        params = types.InitializeParams(capabilities=known, root_uri=self.folder.as_uri(), workspace_folders=folders)
        result = await self.client.initialize_async(params)
        self.client.initialized(types.InitializedParams())
        return result

    def open(self, name: str, text: str | None = None) -> None:
        """Open a file with what is on disk, or with another text."""
        text = (self.folder / name).read_bytes().decode() if text is None else text
        item = types.TextDocumentItem(self.uri(name), "terraform", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, name: str, version: int, text: str) -> None:
        """Give a file another text."""
        document = types.VersionedTextDocumentIdentifier(version, self.uri(name))
        whole = [types.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, whole))

    def save(self, name: str) -> None:
        document = types.TextDocumentIdentifier(self.uri(name))
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(document))

    def close(self, name: str) -> None:
        document = types.TextDocumentIdentifier(self.uri(name))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    async def remarks(self, name: str, version: int | None = 1, number: int = 1) -> list[types.Diagnostic]:
        """What is said of a version of a file, when it is said for the `number`-th time."""
        uri = self.uri(name)

        def of_version() -> list[types.PublishDiagnosticsParams]:
            return [each for each in self.published[uri] if each.version == version]

        await self.until(lambda: len(of_version()) >= number)
        return list(of_version()[-1].diagnostics)

    async def hover(self, name: str, line: int) -> str:
        """The text over a line, counted from 1; empty for none."""
        params = types.HoverParams(types.TextDocumentIdentifier(self.uri(name)), types.Position(line - 1, 10))
        found = await self.client.text_document_hover_async(params)
        return found.contents.value if found and isinstance(found.contents, types.MarkupContent) else ""

    async def actions(self, name: str, line: int, only: list[str] | None = None) -> list[types.CodeAction]:
        """What is offered at a line, counted from 1."""
        place = types.Range(types.Position(line - 1, 0), types.Position(line - 1, 0))
        context = types.CodeActionContext([], only=only)
        params = types.CodeActionParams(types.TextDocumentIdentifier(self.uri(name)), place, context)
        found = await self.client.text_document_code_action_async(params)
        return [each for each in found or () if isinstance(each, types.CodeAction)]

    async def end(self) -> int | None:
        """Leave as a client does; the server's exit code."""
        server = self.client._server
        await self.client.shutdown_async(None)
        self.client.exit(None)
        assert server is not None
        async with asyncio.timeout(LIMIT):
            await server.wait()
        await self.client.stop()  # type: ignore[no-untyped-call]
        return server.returncode


@asynccontextmanager
async def editor(folder: Path, *args: str, **how: Any) -> AsyncIterator[Editor]:
    """An editor with a server of its own, begun and ended as the protocol has it."""
    made = Editor(folder)
    words = (sys.executable, "-m", "hclmod", "lsp", *args)
    await made.client.start_io(*words, cwd=folder, env=environment(folder.parent))
    try:
        await made.begin(**how)
        yield made
        assert await made.end() == 0
    finally:
        server = made.client._server
        if server is not None and server.returncode is None:
            server.kill()


ENCODINGS = {"utf-16": ("utf-16-le", 2), "utf-8": ("utf-8", 1), "utf-32": ("utf-32-le", 4)}
"""How a client may count columns: the codec, and the bytes of one unit."""


def applied(text: str, edits: Sequence[types.TextEdit], encoding: str = "utf-16") -> str:
    """The text with edits made as the protocol says, by units of the encoding."""
    codec, width = ENCODINGS[encoding]
    lines = text.split("\n")
    raw = text.encode(codec)

    def offset(place: types.Position) -> int:
        before, line = lines[: place.line], lines[place.line]
        inside = line.removesuffix("\r") if place.line + 1 < len(lines) else line
        assert place.character * width <= len(inside.encode(codec)), "a column of the line"
        return len("".join(f"{each}\n" for each in before).encode(codec)) + place.character * width

    for each in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        raw = raw[: offset(each.range.start)] + each.new_text.encode(codec) + raw[offset(each.range.end) :]
    return raw.decode(codec)
