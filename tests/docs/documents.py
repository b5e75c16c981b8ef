"""The commands and programs that the documents show."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What a user reads first; the other pages have tests of their own.
GUIDES = ("README.md", "docs/training.md", "docs/gates.md", "docs/formats.md", "docs/using.md")


def blocks(language: str, *pages: str) -> list[str]:
    """List the code blocks in a language, of `pages` or of the guides."""
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in pages or GUIDES]
    return re.findall(rf"^```{language}\n(.*?)^```$", "\n".join(texts), flags=re.MULTILINE | re.DOTALL)


def commands(*pages: str) -> list[str]:
    """List every command line of the shell blocks, without its comment."""
    lines = [line for block in blocks("sh", *pages) for line in block.splitlines()]
    return [re.sub(r"\s+# .*$", "", line) for line in lines if line.strip()]


def command(start: str) -> str:
    """Return the one command of the guides that begins with `start`."""
    (line,) = [line for line in commands() if line.startswith(start)]
    return line
