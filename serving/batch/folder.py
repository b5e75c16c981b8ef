"""The output folder: parts, what is known of them, and the marks that say how far it is.

While it is being filled, `.progress/` holds the job it was begun for and a record of each part that is whole. At
the end `manifest.json` says all of it, `_SUCCESS` that it is the end, and `.progress/` goes. Every file is written
under another name, synced and renamed, so that none is ever seen half written.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from files import atomic
from files.lock import Held, held
from serving.batch.errors import BulkRefused
from serving.batch.job import Job
from serving.batch.scores import Counted, Scores

MANIFEST = "manifest.json"
SUCCESS = "_SUCCESS"
_PROGRESS = ".progress"
_JOB = "job.json"
_LOCK = ".lock"
_CHUNK = 1 << 20

_T = TypeVar("_T")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is whole: the answers to `sentences` of a file, from a line on, in their order."""

    name: str
    file: str
    line: int
    sentences: int
    tokens: int
    entities: int
    bytes: int
    sha256: str


class PartRecord(msgspec.Struct, frozen=True):
    """A part, and what of it is right."""

    part: Part
    counted: Counted


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a finished folder holds.

    Attributes:
        job: what was asked for.
        sentences, tokens, entities: of all parts.
        scores: against the tags of the input; None where it has none to go by.
        finished_at: UTC, ISO 8601.
        seconds: wall time of the last run alone.
        parts: in the order of the input.
    """

    job: Job
    sentences: int
    tokens: int
    entities: int
    scores: Scores | None
    finished_at: str
    seconds: float
    parts: tuple[Part, ...]


class OutputFolder:
    """A folder that a job fills."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._progress = path / _PROGRESS

    @contextlib.contextmanager
    def begun(self, job: Job) -> Iterator[Manifest | None]:
        """Hold the folder for a job; gives the manifest if the job is done already.

        Raises:
            BulkRefused: it holds something else, or another job, or another process fills it.
        """
        if self.path.exists() and not self.path.is_dir():
            raise BulkRefused(f"{self.path}: found a file; expected a new or empty folder")
        told = self._read(self.path / MANIFEST, Manifest)
        finished = told if (self.path / SUCCESS).exists() else None
        before = told.job if told else self._read(self._progress / _JOB, Job)
        if before is None:
            self._require_empty()
        elif differences := before.differences(job):
            raise BulkRefused(
                f"{self.path} was begun for something else ({'; '.join(differences)}); "
                "ask for the same, or give another --output"
            )
        self._progress.mkdir(parents=True, exist_ok=True)
        with self._locked():
            self._discard_drafts()
            if finished is None:
                self._write(self._progress / _JOB, _json(job))
            elif damaged := [part.name for part in finished.parts if not self._is_whole(part)]:
                raise BulkRefused(
                    f"{self.path} is finished, but {', '.join(damaged[:5])} is not what was written; "
                    f"delete {SUCCESS} to have it made again, or give another --output"
                )
            yield finished
        if (self.path / SUCCESS).exists():
            shutil.rmtree(self._progress, ignore_errors=True)

    def records(self) -> dict[str, PartRecord]:
        """The parts that are whole, by name; one that is not what its record says is none."""
        found = {}
        for path in sorted(self._progress.glob("part-*.json")):
            record = self._read(path, PartRecord)
            if record and self._is_whole(record.part):
                found[record.part.name] = record
        return found

    def count(self, seen: set[str]) -> int:
        """How many sentences the records hold that are not in `seen`, which they are added to."""
        new = {path.name for path in self._progress.glob("part-*.json")} - seen
        seen |= new
        records = (self._read(self._progress / name, PartRecord) for name in new)
        return sum(record.part.sentences for record in records if record)

    def add(self, name: str, write: Callable[[Path], None], record: Callable[[int, str], PartRecord]) -> None:
        """Put a part in place, then its record.

        Args:
            name: the part's.
            write: writes the part's file.
            record: what is known of it, given its size in bytes and its SHA-256.

        Raises:
            OSError: it cannot be written; nothing of it is left then.
        """
        with atomic.replacing(self.path / name) as draft:
            write(draft)
            size, digest = draft.stat().st_size, _sha256(draft)
        self._write(self._progress / f"{name}.json", _json(record(size, digest)))

    def finish(self, manifest: Manifest) -> None:
        """Say that all is there."""
        self._write(self.path / MANIFEST, msgspec.json.format(_json(manifest), indent=2) + b"\n")
        self._write(self.path / SUCCESS, b"")

    def _require_empty(self) -> None:
        found = sorted(path.name for path in self.path.iterdir()) if self.path.exists() else []
        if found and found != [_PROGRESS]:
            raise BulkRefused(
                f"{self.path}: found {', '.join(found[:5])}; expected a new or empty folder, or one that "
                "`tagline predict` began"
            )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with held(self._progress / _LOCK):
                yield
        except Held as error:
            raise BulkRefused(
                f"{self.path}: process {error.process} is filling it; wait for it, or give another --output"
            ) from error

    def _discard_drafts(self) -> None:
        for folder in (self.path, self._progress):
            for path in folder.glob(atomic.draft_of(Path("*")).name):
                path.unlink(missing_ok=True)

    def _is_whole(self, part: Part) -> bool:
        path = self.path / part.name
        return path.is_file() and path.stat().st_size == part.bytes and _sha256(path) == part.sha256

    def _write(self, path: Path, content: bytes) -> None:
        atomic.write(path, content)

    def _read(self, path: Path, kind: type[_T]) -> _T | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise BulkRefused(
                f"{path}: not as this version writes it ({error}); give another --output"
            ) from error


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
