"""A real client over standard input and output: pygls's own, with the server as a process."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pygls", reason="NO `pygls`: nobody tried the language server")

from lsprotocol import types

from tests.support.demo import environment, git, hclmod, process, repository
from tests.support.editor import ENCODINGS, applied, editor

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = '# 🦀\nresource "helm_release" "x" {\n  name   = "x"\n  atomic = true # 🦀\n}\n'
BEACON = "stacks/beacon/main.tf"
RULES = ("drop-helm-atomic", "float-image-tag", "ignore-keel-drift", "pull-policy-for-floating-tag")
WORDS = tuple(word for rule in RULES for word in ("--rule", rule))
ATOMIC = ("--rule", "drop-helm-atomic")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    git(root, "init", "-q")
    (root / "main.tf").write_text(RELEASE)
    return root


def edits(action: types.CodeAction) -> list[types.TextEdit]:
    assert action.edit is not None
    if action.edit.changes is not None:
        return list(next(iter(action.edit.changes.values())))
    (document,) = action.edit.document_changes or ()
    assert isinstance(document, types.TextDocumentEdit)
    return [each for each in document.edits if isinstance(each, types.TextEdit)]


def test_remarks_fixes_and_origins_of_the_demo(tmp_path: Path) -> None:
    root = repository(tmp_path)
    before = (root / BEACON).read_text()
    fixed = hclmod(root, "fix", *WORDS, "--stdin-filename", BEACON, stdin=before).stdout
    checked = json.loads(hclmod(root, "check", *WORDS, BEACON, "--format", "json").stdout)

    async def scenario() -> None:
        async with editor(root, *WORDS, "--stdio") as made:
            made.open(BEACON)
            remarks = await made.remarks(BEACON)
            items = [
                each for each in checked["sections"][0]["stacks"][0]["documents"][0]["items"] if each["kind"] != "left"
            ]
            assert sorted((each.range.start.line + 1, each.code) for each in remarks) == sorted(
                (each["line"], each["code"]) for each in items
            )
            line = next(each.range.start.line + 1 for each in remarks if each.code == "float-image-tag/pinned-tag")
            quick, whole = await made.actions(BEACON, line)  # the pull policy waits for the floating tag
            assert quick.kind == types.CodeActionKind.QuickFix
            assert quick.title == "hclmod: float-image-tag (1 place in this file)"
            assert applied(before, edits(quick)) == before.replace("beacon:1.14.2", "beacon:latest")
            assert whole.kind == "source.fixAll.hclmod"
            assert applied(before, edits(whole)) == fixed != before
            assert await made.actions(BEACON, 1, only=["quickfix"]) == []
            assert [each.kind for each in await made.actions(BEACON, 1, only=["source"])] == ["source.fixAll.hclmod"]
            text = await made.hover(BEACON, line)
            assert text.startswith("```text\nstacks/beacon/kubernetes_deployment.beacon")
            assert f"image at {BEACON}:{line}" in text
            assert "docker.io/lanternworks/beacon:1.14.2 floats on `latest`" in text
            assert await made.hover(BEACON, 1) == ""
            assert (root / BEACON).read_text() == before, "the server writes nothing"

    asyncio.run(scenario())


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_columns_are_those_that_the_client_counts(folder: Path, encoding: str) -> None:
    async def scenario() -> None:
        async with editor(folder, *ATOMIC, encodings=[encoding], versions=False) as made:
            made.open("main.tf")
            (remark,) = await made.remarks("main.tf")
            width = {"utf-8": 4, "utf-16": 2, "utf-32": 1}[encoding]
            assert (remark.range.start.character, remark.range.end.character) == (2, 18 + width)
            (action, _) = await made.actions("main.tf", 4)
            assert applied(RELEASE, edits(action), encoding) == '# 🦀\nresource "helm_release" "x" {\n  name = "x"\n}\n'

    asyncio.run(scenario())


@pytest.mark.slow
def test_changes_saves_and_closing(folder: Path) -> None:
    async def scenario() -> None:
        async with editor(folder, *ATOMIC) as made:
            made.open("main.tf")
            assert len(await made.remarks("main.tf")) == 1
            for version in range(2, 40):
                made.change("main.tf", version, RELEASE.replace("true", "false") if version % 2 else RELEASE)
            assert await made.remarks("main.tf", 39) == []
            versions = [each.version or 0 for each in made.published[made.uri("main.tf")]]
            assert versions == sorted(versions)
            made.change("main.tf", 40, f"{RELEASE}x = [\n")
            (broken,) = await made.remarks("main.tf", 40)
            assert (broken.severity, broken.range.start.line) == (types.DiagnosticSeverity.Error, 5)
            assert await made.actions("main.tf", 4) == []
            made.change("main.tf", 41, RELEASE)
            assert len(await made.remarks("main.tf", 41)) == 1
            made.save("main.tf")
            assert len(await made.remarks("main.tf", 41, number=2)) == 1
            made.close("main.tf")
            assert await made.remarks("main.tf", None) == []

    asyncio.run(scenario())


@pytest.mark.slow
def test_what_another_file_says_counts_after_it_is_saved(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    git(root, "init", "-q")
    (root / "hclmod.toml").write_text('[images."*"]\nfloat = "latest"\n')
    (root / "main.tf").write_text(
        'resource "kubernetes_deployment" "w" {\n  spec {\n    template {\n      spec {\n        container {\n'
        '          name  = "w"\n          image = "acme/web:${var.tag}"\n        }\n      }\n    }\n  }\n}\n'
    )
    (root / "variables.tf").write_text('variable "tag" {\n  default = "1.2.3"\n}\n')

    async def scenario() -> None:
        async with editor(root, "--rule", "float-image-tag", markdown=False) as made:
            made.open("variables.tf")
            assert len(await made.remarks("variables.tf")) == 1
            assert "kubernetes_deployment.w  w\n  image at main.tf:7" in await made.hover("variables.tf", 2)
            pinned = (root / "main.tf").read_text().replace("${var.tag}", "1.2.3")
            made.open("main.tf", pinned)
            assert len(await made.remarks("main.tf")) == 1
            made.save("main.tf")
            assert await made.remarks("variables.tf", number=2) == []

    asyncio.run(scenario())


@pytest.mark.slow
def test_while_it_works_it_answers_and_forgets_what_was_cancelled(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    (tmp_path / "mine/slow_rule.py").write_text(
        '"""Wait.\n\nWhy: a test.\n\nLeft alone: nothing.\n"""\n\nfrom pathlib import Path\n\n'
        f"from hclmod.rulekit import Rule, warn\n\nGATE = Path({str(gate)!r})\n\n\n"
        "def check(release, context):\n    if GATE.exists():\n        GATE.read_bytes()\n"
        "    yield warn(release.title, 'seen', 'seen')\n\n\nrule = Rule(check, kinds=('helm_release',))\n"
    )

    async def scenario() -> None:
        async with editor(folder, "--rule", "slow-rule", "--rules-dir", str(tmp_path / "mine")) as made:
            made.open("main.tf")
            writer = await asyncio.to_thread(gate.open, "w")  # the rule has begun
            place = types.HoverParams(types.TextDocumentIdentifier(made.uri("main.tf")), types.Position(0, 0))
            hover = made.client.text_document_hover_async(place)
            waiting = asyncio.ensure_future(hover)
            await asyncio.sleep(0)
            (number,) = list(made.client.protocol._request_futures)
            made.client.cancel_request(types.CancelParams(number))
            with pytest.raises(Exception, match="cancel"):
                await asyncio.wait_for(waiting, 60)
            gate.unlink()
            made.change("main.tf", 2, f"\n{RELEASE}")
            assert await made.actions("main.tf", 4) == [], "it answers, and so has read of the change"
            writer.close()
            (remark,) = await made.remarks("main.tf", 2)
            assert remark.range.start.line == 2
            assert [each.version for each in made.published[made.uri("main.tf")]] == [2]

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_configuration_that_cannot_be_read_is_shown_once(folder: Path) -> None:
    (folder / "hclmod.toml").write_text("nonsense")

    async def scenario() -> None:
        async with editor(folder, *ATOMIC) as made:
            made.open("main.tf")
            assert await made.remarks("main.tf") == []
            made.change("main.tf", 2, f"\n{RELEASE}")
            assert await made.remarks("main.tf", 2) == []
            (shown,) = made.messages
            assert shown.type == types.MessageType.Error
            assert "hclmod.toml" in shown.message
            (folder / "hclmod.toml").unlink()
            made.save("main.tf")
            assert len(await made.remarks("main.tf", 2, number=2)) == 1

    asyncio.run(scenario())


def test_what_breaks_while_a_file_is_open_is_a_message(folder: Path) -> None:
    config = folder / "hclmod.toml"

    async def scenario() -> None:
        async with editor(folder, *ATOMIC) as made:
            made.open("main.tf")
            assert len(await made.remarks("main.tf")) == 1
            assert len(await made.actions("main.tf", 4)) == 2
            for round_, number in ((1, 2), (2, 4)):
                config.write_text('"[x](command:y)\u202e" = 1')
                assert await made.hover("main.tf", 4) == ""
                made.save("main.tf")
                assert await made.remarks("main.tf", number=number) == []
                assert await made.actions("main.tf", 4) == []
                assert len(made.messages) == round_, "once each time that it breaks"
                assert "<U+202E>" in made.messages[-1].message
                assert "](" not in made.messages[-1].message, "an editor makes a link of it"
                config.unlink()
                made.save("main.tf")
                assert len(await made.remarks("main.tf", number=number + 1)) == 1
            config.write_text("nonsense")
            assert await made.actions("main.tf", 4) == [], "no fix that an older configuration gave"
            shutil.rmtree(folder)
            made.save("main.tf")
            assert len(await made.remarks("main.tf", number=6)) == 1, "the text of the editor is still there"

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_text_that_is_no_file_is_left(folder: Path) -> None:
    async def scenario() -> None:
        async with editor(folder, *ATOMIC) as made:
            item = types.TextDocumentItem("untitled:Untitled-1", "terraform", 1, RELEASE)
            made.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
            made.open("main.tf")
            await made.remarks("main.tf")
            assert set(made.published) == {made.uri("main.tf")}

    asyncio.run(scenario())


def test_without_pygls_it_says_what_to_install(folder: Path) -> None:
    script = (
        "import sys; sys.modules['pygls'] = None; from hclmod.cli import main; sys.argv = ['hclmod', 'lsp']; main()"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "python3 -m pip install 'pygls>=2,<3'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_client_that_is_gone_ends_it(folder: Path) -> None:
    done = process(folder, "lsp", stdin="")
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(folder: Path, number: signal.Signals) -> None:
    async def scenario() -> int | None:
        async with editor(folder, *ATOMIC) as made:
            made.open("main.tf")
            await made.remarks("main.tf")
            server = made.client._server
            assert server is not None
            server.send_signal(number)
            await asyncio.wait_for(server.wait(), 60)
            raise _DoneError(server.returncode)

    with pytest.raises(_DoneError) as done:
        asyncio.run(scenario())
    assert done.value.args == (-number,)


class _DoneError(Exception):
    """The server has ended, with its code."""
