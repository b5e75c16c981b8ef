"""A batch job as plain data, to be compared with the job that an output folder belongs to."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal, get_args

import msgspec

from corpus.options import ReadOptions
from serving.registry.manifest import file_sums
from tagging.characters import TokenizerName

Format = Literal["jsonl", "conll", "tfrecord"]
FORMATS: tuple[Format, ...] = get_args(Format)

# Sentences of a part: few enough that several workers hold theirs in memory and a kill loses little, and many
# enough for batches of similar length.
SHARD_SIZE = 5_000


class InputFile(msgspec.Struct, frozen=True):
    """A file to tag; `name` is its path below the input."""

    name: str
    bytes: int
    sha256: str


class Reading(msgspec.Struct, frozen=True):
    """How corpus files are read: those of `corpus.options.ReadOptions` that answers depend on.

    The default is for jobs from before there was a choice.
    """

    format: str
    token_column: int
    tag_column: int
    separator: str | None
    scheme: str
    tokenizer: TokenizerName = "words"

    @classmethod
    def of(cls, options: ReadOptions) -> Reading:
        """Select the options that answers depend on."""
        names = set(cls.__struct_fields__) - {"tokenizer"}
        return cls(**{name: getattr(options, name) for name in names}, tokenizer=options.text_tokenizer)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the answers and their format depend on.

    Attributes:
        model: the model's name.
        version: the pushed version.
        model_sha256: over the sums of the version's files.
        format: of the parts.
        shard_size: most sentences of a part.
        reading: how corpus files are read.
        files: the input, in order.
    """

    model: str
    version: int
    model_sha256: str
    format: Format
    shard_size: int
    reading: Reading
    files: tuple[InputFile, ...]

    def differences(self, new: Job) -> list[str]:
        """Describe how the job `new` differs from this earlier one; empty if it is the same."""
        pairs = {label: (getattr(self, name), getattr(new, name)) for name, label in _LABELS.items()}
        for name in Reading.__struct_fields__:
            pairs[f"corpus.{name}"] = getattr(self.reading, name), getattr(new.reading, name)
        words = [
            f"{label}: {_shown(before)} then, {_shown(now)} now"
            for label, (before, now) in pairs.items()
            if before != now
        ]
        if self.model_sha256 != new.model_sha256 and self.version == new.version:
            words.append(f"the files of version {new.version} have changed")
        return words + _differing_files(self.files, new.files)


_LABELS = {"model": "model", "version": "version", "format": "--format", "shard_size": "--shard-size"}


def _shown(value: object) -> str:
    return str(value) if value is not None else "null"


def _differing_files(before: tuple[InputFile, ...], now: tuple[InputFile, ...]) -> list[str]:
    old, new = ({file.name: file.sha256 for file in files} for files in (before, now))
    changed = [
        f"input {name}: its content has changed" for name in old.keys() & new.keys() if old[name] != new[name]
    ]
    gone = [f"input {name}: missing now" for name in old.keys() - new.keys()]
    added = [f"input {name}: new" for name in new.keys() - old.keys()]
    return [*sorted(changed), *sorted(gone), *sorted(added)]


def sum_of_model(version_dir: Path) -> str:
    """Compute one SHA-256 over all files of a version."""
    digest = hashlib.sha256()
    for name, value in file_sums(version_dir).items():
        digest.update(f"{value} {name}\n".encode())
    return digest.hexdigest()
