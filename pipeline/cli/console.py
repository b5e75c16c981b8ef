"""Where the commands print."""

from __future__ import annotations

import sys

from rich.console import Console

# Of a pipe or a file, which have no width of their own: tables stay in one piece.
_WIDTH_OF_A_FILE = 120


def output() -> Console:
    """Standard output."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_A_FILE)
