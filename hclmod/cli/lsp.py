"""`lsp`: serve an editor."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

from hclmod.cli import options
from hclmod.cli.groups import Command
from hclmod.errors import HclmodError

if TYPE_CHECKING:
    from hclmod.cli.options import Source

_LIBRARIES = ("pygls", "lsprotocol")


@click.command(cls=Command)
@options.source(repository=False, rules=True, settings=True)
@options.only_rules
@click.option("--stdio", is_flag=True, hidden=True, expose_value=False)  # what many clients append
def lsp(*, rules: tuple[str, ...], source: Source) -> int:
    """Serve an editor: findings, fixes, origins of images.

    Speaks the Language Server Protocol on standard input and output, about the text of the editor. Without --rule, the
    rules of completed phases run on their workloads, as in `check`. Needs pygls: docs/guides/editors.md.
    """
    try:
        from hclmod.lsp.look import Session
        from hclmod.lsp.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _LIBRARIES:
            raise
        hint = "Install hclmod with the extra `lsp`, or pygls beside it: python3 -m pip install 'pygls>=2,<3'"
        raise HclmodError("`hclmod lsp` needs pygls 2, which is not installed", hint=hint) from error
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # nothing is written, so nothing has to be put back
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    return int(not serve(Session(source.project, rules)))
