"""`python -m hclmod`, and the program `hclmod`: Ctrl-C while it still loads prints no traceback."""

from __future__ import annotations

import sys


def main() -> None:
    """Load the command line and run it."""
    try:
        from hclmod.cli import cli
    except KeyboardInterrupt:
        sys.exit(130)
    cli()


if __name__ == "__main__":
    main()
