"""The commands and programs that the README shows, cut out of it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def blocks(language: str) -> list[str]:
    """The texts of the README's code blocks in a language."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", readme, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command line of the README's shell blocks, without its comment."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [re.sub(r"\s+# .*$", "", line) for line in lines if line.strip()]


def command(start: str) -> str:
    """The one command that begins with `start`."""
    (found,) = [line for line in commands() if line.startswith(start)]
    return found
