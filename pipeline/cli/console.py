"""How the commands print."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

# Of a pipe or a file, which have no width of their own: tables stay in one piece.
_WIDTH_OF_A_FILE = 120


def output() -> Console:
    """Standard output."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_A_FILE)


def errors() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False)


def print_error(error: BaseException | str) -> None:
    """Print `error: ...` on standard error."""
    errors().print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)


def short_path(path: str | Path) -> str:
    """Relative to the current folder, for a path below it."""
    return str(path).removeprefix(os.getcwd() + os.sep)
