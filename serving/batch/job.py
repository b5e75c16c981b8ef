"""What a bulk run was asked for: plain data, to be compared with what an output folder was begun for."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal, get_args

import msgspec

from corpus.options import ReadOptions
from serving.registry.manifest import file_sums

Format = Literal["jsonl", "conll", "tfrecord"]
FORMATS: tuple[Format, ...] = get_args(Format)

# Sentences of a part: few enough that several workers hold theirs in memory and a kill loses little, and many
# enough that batches of a like length can be made of them.
SHARD_SIZE = 5_000


class InputFile(msgspec.Struct, frozen=True):
    """A file that is tagged; `name` is its path below the input."""

    name: str
    bytes: int
    sha256: str


class Reading(msgspec.Struct, frozen=True):
    """How corpus files are read: of `corpus.options.ReadOptions` what an answer depends on."""

    format: str
    token_column: int
    tag_column: int
    separator: str | None
    scheme: str

    @classmethod
    def of(cls, options: ReadOptions) -> Reading:
        """That part of the options."""
        return cls(**{name: getattr(options, name) for name in cls.__struct_fields__})


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """All that the answers and their form depend on.

    Attributes:
        model: the model's name.
        version: the pushed version.
        model_sha256: over the sums of the version's files.
        format: of the parts.
        shard_size: most sentences of a part.
        reading: how corpus files are read.
        files: what is tagged, in order.
    """

    model: str
    version: int
    model_sha256: str
    format: Format
    shard_size: int
    reading: Reading
    files: tuple[InputFile, ...]

    def differences(self, asked: Job) -> list[str]:
        """Where `asked` is another job than this one, in words; empty if it is the same."""
        found = [
            f"{said}: {_shown(getattr(self, name))} there, {_shown(getattr(asked, name))} asked"
            for name, said in _SAID.items()
            if getattr(self, name) != getattr(asked, name)
        ]
        if self.model_sha256 != asked.model_sha256 and self.version == asked.version:
            found.append(f"the files of version {asked.version} are not what they were")
        for name in Reading.__struct_fields__:
            before, now = getattr(self.reading, name), getattr(asked.reading, name)
            if before != now:
                found.append(f"corpus.{name}: {_shown(before)} there, {_shown(now)} asked")
        return found + _differing_files(self.files, asked.files)


_SAID = {"model": "model", "version": "version", "format": "--format", "shard_size": "--shard-size"}


def _shown(value: object) -> str:
    return str(value) if value is not None else "null"


def _differing_files(before: tuple[InputFile, ...], now: tuple[InputFile, ...]) -> list[str]:
    there, asked = ({file.name: file.sha256 for file in files} for files in (before, now))
    gone = [f"input {name}: there, not asked" for name in there.keys() - asked.keys()]
    new = [f"input {name}: asked, not there" for name in asked.keys() - there.keys()]
    changed = [
        f"input {name}: its content has changed"
        for name in there.keys() & asked.keys()
        if there[name] != asked[name]
    ]
    return [*sorted(changed), *sorted(gone), *sorted(new)]


def sum_of_model(version_dir: Path) -> str:
    """One sum over all files of a version."""
    digest = hashlib.sha256()
    for name, value in file_sums(version_dir).items():
        digest.update(f"{value} {name}\n".encode())
    return digest.hexdigest()
