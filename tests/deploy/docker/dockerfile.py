"""A reader of Dockerfiles, as much as ours has: instructions, continued lines, build arguments, stages."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

# Those of the format; MAINTAINER is left out, which has been given up.
WORDS = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "ONBUILD", "RUN",
    "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip


@dataclass(frozen=True)
class Instruction:
    """One of them, with its line."""

    line: int
    word: str
    text: str

    @property
    def flags(self) -> dict[str, str]:
        """`--from=x` and the like, which stand in front."""
        return dict(re.findall(r"--([a-z]+)=(\S+)", " ".join(self._split()[0])))

    @property
    def arguments(self) -> list[str]:
        """All but the flags."""
        rest = " ".join(self._split()[1])
        return list(json.loads(rest)) if rest.startswith("[") else rest.split()

    def _split(self) -> tuple[list[str], list[str]]:
        words = self.text.split()
        at = next((index for index, word in enumerate(words) if not word.startswith("--")), len(words))
        return words[:at], words[at:]


@dataclass
class Stage:
    """What stands under a FROM."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def of(self, word: str) -> list[Instruction]:
        return [one for one in self.instructions if one.word == word]


@dataclass
class Dockerfile:
    """Arguments before the first stage, and the stages."""

    arguments: dict[str, str]
    stages: list[Stage]

    def stage(self, name: str) -> Stage:
        (found,) = [stage for stage in self.stages if stage.name == name]
        return found

    def base(self, stage: Stage, **given: str) -> str:
        """What a FROM names, its build arguments filled in."""
        values = {**self.arguments, **given}
        return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], stage.base)


def instructions(text: str) -> list[Instruction]:
    """Raises ValueError for a line that begins with no instruction's word, or that goes on into nothing."""
    found: list[Instruction] = []
    begun: tuple[int, list[str]] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not line.strip():
            continue
        start, parts = begun or (number, [])
        parts.append(line.rstrip().removesuffix("\\").strip())
        if line.rstrip().endswith("\\"):
            begun = (start, parts)
            continue
        begun = None
        word, _, rest = " ".join(parts).partition(" ")
        if word not in WORDS or not rest.strip():
            raise ValueError(f"line {start}: found {word!r}; expected an instruction and what it is given")
        found.append(Instruction(start, word, rest.strip()))
    if begun:
        raise ValueError(f"line {begun[0]}: goes on after the end")
    return found


def read(path: Path) -> Dockerfile:
    """A whole file."""
    file = Dockerfile({}, [])
    for one in instructions(path.read_text(encoding="utf-8")):
        if one.word == "FROM":
            base, *named = one.text.split()
            assert not named or (len(named) == 2 and named[0] == "AS"), one
            file.stages.append(Stage(base, named[1] if named else ""))
        elif file.stages:
            file.stages[-1].instructions.append(one)
        else:
            assert one.word == "ARG", one
            name, _, value = one.text.partition("=")
            file.arguments[name] = value
    return file
