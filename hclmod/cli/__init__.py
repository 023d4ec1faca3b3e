"""The command line: reads the words, calls the commands, prints, exits. Nothing else here decides anything."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from hclmod import __version__
from hclmod.cli.groups import CommandLine
from hclmod.errors import HclmodError

SECTIONS = {
    "Roll out": {
        "init": ("survey", "Write a first hclmod.toml"),
        "foundation": ("foundation", "Write phase 0: the stack that installs Keel, and the policy"),
        "apply": ("apply", "Apply one phase as one commit on a branch"),
        "pr": ("pr", "Open or update the pull request of a phase"),
        "catch-up": ("catch_up", "Roll a phase in batches, at most 5 rollouts in any 6 hours"),
        "check": ("check", "Check files against the rules of completed phases"),
        "fix": ("check", "Fix what `check` finds"),
        "conventions": ("conventions", "Keep a section on tags and markers in Markdown files"),
        "fleet": ("fleet", "Do a phase in many repositories"),
    },
    "Look": {
        "status": ("status", "Show which phases are done, and what holds back the others"),
        "survey": ("survey", "List all images, releases, workloads and namespaces"),
        "owners": ("audit", "List who controls each image, tag and pull policy"),
        "audit": ("audit", "Find images managed by two tools, or by none"),
        "doctor": ("doctor", "Find caches that may give old images"),
        "explain": ("rules", "Explain a rule or a workload"),
        "trace": ("survey", "Show where an image comes from and what else uses it"),
        "lsp": ("lsp", "Serve an editor: findings, fixes, origins of images"),
    },
    "Roll back": {
        "pin": ("pin", "Pin a workload to a known tag"),
        "unpin": ("pin", "Undo what `pin` did"),
        "opt-out": ("pin", "Exclude a workload from automatic updates"),
        "opt-in": ("pin", "Undo what `opt-out` did"),
    },
    "Tags and CI": {
        "ci": ("ci", "Check and change the pipelines of a repository"),
        "tags": ("tags", "Manage the snapshot of registry tags"),
        "report": ("report", "Show a stored report in any format"),
        "comment": ("report", "Post or update the report comment"),
    },
    "Write rules": {
        "rules": ("rules", "List the rules"),
        "new": ("rules", "Scaffold a rule"),
        "test": ("rules", "Run the fixtures of all rules, or of one"),
        "docs": ("docs", "Generate the documentation pages"),
    },
}
"""The commands by section, each with its module and its summary (a test compares it with the command's own)."""


def _change_folder(context: click.Context, _option: click.Parameter, folder: Path | None) -> None:
    if folder is None or context.resilient_parsing:
        return
    try:
        context.with_resource(contextlib.chdir(folder))
    except OSError as error:
        raise HclmodError(f"cannot change to {folder}: {error.strerror}") from error


@click.group(
    cls=CommandLine,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-C",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    expose_value=False,
    callback=_change_folder,
    help="Run as if started in FOLDER.",
)
@click.version_option(__version__, prog_name="hclmod")
def cli() -> None:
    """Codemods for Terraform repositories.

    Byte-exact edits, proven by a second parser, one branch with one commit for each phase of a rollout.

    Shell completion: eval "$(_HCLMOD_COMPLETE=bash_source hclmod)", or zsh_source, fish_source.
    """


def main() -> None:
    """Run the command line and exit."""
    cli()
