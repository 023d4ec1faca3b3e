"""The command line: parses words, calls `api`, prints, exits. Nothing else here decides anything."""

from __future__ import annotations

import sys

import click

from hclmod import __version__
from hclmod.cli import apply, docs, owners, report, rules, survey, tags
from hclmod.errors import HclmodError

INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hclmod")
def cli() -> None:
    """Codemods for Terraform repositories.

    Byte-exact edits, proven by a second parser, one branch with one commit for each phase of a rollout.

    Shell completion: eval "$(_HCLMOD_COMPLETE=bash_source hclmod)", or zsh_source, fish_source.
    """


for command in (
    *apply.COMMANDS, *owners.COMMANDS, *tags.COMMANDS, *report.COMMANDS, *survey.COMMANDS, *rules.COMMANDS,
    *docs.COMMANDS,
):  # fmt: skip
    cli.add_command(command)


def main() -> None:
    """Run the command line and exit: 0 fine, 1 findings, 2 usage or configuration, 3 refused, 130 interrupted."""
    try:
        code = cli.main(standalone_mode=False)
    except HclmodError as error:
        click.echo(f"{click.style('error:', fg='red', bold=True)} {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; nothing was written halfway", err=True)
        code = INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    sys.exit(code)
