"""The command line of a benchmark."""

from __future__ import annotations

import argparse


def parser_of(name: str, description: str | None) -> argparse.ArgumentParser:
    """Make the parser of `python -m benchmarks.<name>`; the description is shown as it is written."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
