"""A Dockerfile as a list of instructions, for tests that look at what it says."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One instruction: `COPY`, its options such as `--chmod=0555`, and the rest of its text."""

    name: str
    options: tuple[str, ...]
    text: str

    @property
    def words(self) -> list[str]:
        """The text's words; of the exec form (a JSON list) its members."""
        return json.loads(self.text) if self.is_exec else self.text.split()

    @property
    def is_exec(self) -> bool:
        """Whether it is written as a JSON list, so that no shell comes between."""
        return self.text.startswith("[")


def read(path: Path) -> list[Instruction]:
    """The instructions, continued lines joined and comments left out."""
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")
    ]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [_instruction(line) for line in joined.splitlines() if line.strip()]


def _instruction(line: str) -> Instruction:
    name, *words = line.split()
    options = []
    while words and words[0].startswith("--"):
        options.append(words.pop(0))
    # The text as it stands: the words of a JSON list may hold blanks.
    text = line.split(None, 1 + len(options))[-1] if words else ""
    return Instruction(name.upper(), tuple(options), text)
