"""The Dockerfiles' instructions, for tests of what hadolint does not check."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "deploy/docker"


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile.

    Attributes:
        word: `COPY`, `RUN`.
        options: `--from=builder` as {"from": "builder"}.
        text: what follows the options.
    """

    word: str
    options: dict[str, str]
    text: str

    @property
    def arguments(self) -> list[str]:
        """The words of the text, or the members of the exec form (a JSON list)."""
        return list(json.loads(self.text)) if self.text.startswith("[") else self.text.split()


def stages(image: str) -> list[list[Instruction]]:
    """Read the stages of an image's Dockerfile, each with its FROM first."""
    read: list[list[Instruction]] = []
    for entry in DockerfileParser(str(DOCKER / image / "Dockerfile"), env_replace=False).structure:
        if entry["instruction"] == "FROM":
            read.append([])
        if read and entry["instruction"] != "COMMENT":
            read[-1].append(_instruction(entry["instruction"], entry["value"]))
    return read


def _instruction(word: str, value: str) -> Instruction:
    options = {}
    while value.startswith("--"):
        option, _, value = value.partition(" ")
        name, _, setting = option.removeprefix("--").partition("=")
        options[name] = setting
    return Instruction(word, options, value)


def of(stage: list[Instruction], word: str) -> list[Instruction]:
    """The instructions of one kind in a stage."""
    return [instruction for instruction in stage if instruction.word == word]


def copied_from_context(stage: list[Instruction]) -> list[Instruction]:
    """The COPY instructions of a stage that do not take from another stage."""
    return [copy for copy in of(stage, "COPY") if "from" not in copy.options]


def parent_images(image: str, **build_arguments: str) -> list[str]:
    """What each FROM names, with build arguments (or their defaults) filled in."""
    path = str(DOCKER / image / "Dockerfile")
    return list(DockerfileParser(path, build_args=build_arguments).parent_images)
