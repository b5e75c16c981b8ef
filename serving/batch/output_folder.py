"""The output folder: parts, their records, and the files that mark its progress.

While it is being filled, `.progress/` holds the job that it belongs to and a record of each complete part. At
the end `manifest.json` lists all parts, `_SUCCESS` marks the end, and `.progress/` is deleted. Every file is
written atomically (`files.atomic`), so that nobody sees half a part.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from files import atomic
from files.lock import Held, held
from files.sums import sha256_of
from serving.batch.errors import BatchRefused
from serving.batch.job import Job
from serving.batch.scores import PartCounts, Scores

_LOG = logging.getLogger(__name__)

MANIFEST = "manifest.json"
SUCCESS = "_SUCCESS"
_PROGRESS = ".progress"
_JOB = "job.json"
_LOCK = ".lock"

_T = TypeVar("_T")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A complete part: the answers to `sentences` of a file, from `line` on, in their order."""

    name: str
    file: str
    line: int
    sentences: int
    tokens: int
    entities: int
    bytes: int
    sha256: str


class PartRecord(msgspec.Struct, frozen=True):
    """A part, and how many of its answers are correct."""

    part: Part
    counted: PartCounts


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a finished folder.

    Attributes:
        job: everything that the answers depend on.
        sentences, tokens, entities: counts over all parts.
        scores: against the tags of the input; None if it has none to compare with.
        finished_at: UTC, ISO 8601.
        seconds: wall time of the last run only.
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
    """A folder that one job fills."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._progress = path / _PROGRESS

    @contextlib.contextmanager
    def hold(self, job: Job) -> Iterator[Manifest | None]:
        """Hold the folder for a job; yields the manifest if the job is finished already.

        Raises:
            BatchRefused: it holds something else or another job's parts, or another process is filling it.
        """
        if self.path.exists() and not self.path.is_dir():
            raise BatchRefused(f"{self.path}: found a file; expected a new or empty folder")
        is_finished = (self.path / SUCCESS).exists()
        manifest = (self._read if is_finished else self._read_if_whole)(self.path / MANIFEST, Manifest)
        finished = manifest if is_finished else None
        earlier = manifest.job if manifest else self._read(self._progress / _JOB, Job)
        if earlier is None:
            self._require_empty()
        elif differences := earlier.differences(job):
            raise BatchRefused(
                f"{self.path} belongs to another run ({'; '.join(differences)}); "
                "repeat that one, or give another --output"
            )
        self._progress.mkdir(parents=True, exist_ok=True)
        with self._locked():
            self._discard_drafts()
            if finished is None:
                atomic.write(self._progress / _JOB, msgspec.json.encode(job))
            elif damaged := [part.name for part in finished.parts if not self._is_intact(part)]:
                raise BatchRefused(
                    f"{self.path} is finished, but {', '.join(damaged[:5])} is not what was written; "
                    f"delete {SUCCESS} to have it made again, or give another --output"
                )
            yield finished
        if (self.path / SUCCESS).exists():
            shutil.rmtree(self._progress, ignore_errors=True)

    def records(self) -> dict[str, PartRecord]:
        """Read the records of the complete parts, by name, without parts that differ from their record.

        A record that cannot be read is logged and left out: its part is made again.
        """
        records = {}
        for path in sorted(self._progress.glob("part-*.json")):
            record = self._read_if_whole(path, PartRecord)
            if record and self._is_intact(record.part):
                records[record.part.name] = record
        return records

    def count(self, seen: set[str]) -> int:
        """Count the sentences of the parts whose records are not in `seen`, and add these to it."""
        new = {path.name for path in self._progress.glob("part-*.json")} - seen
        seen |= new
        records = (self._read_if_whole(self._progress / name, PartRecord) for name in new)
        return sum(record.part.sentences for record in records if record)

    def add(self, name: str, write: Callable[[Path], None], record: Callable[[int, str], PartRecord]) -> None:
        """Put a part in place, then its record.

        Args:
            name: the part's.
            write: writes the part to a path.
            record: makes the part's record of its size in bytes and its SHA-256.

        Raises:
            OSError: the part cannot be written; nothing of it is left then.
        """
        with atomic.replacing(self.path / name) as draft:
            write(draft)
            size, digest = draft.stat().st_size, sha256_of(draft)
        atomic.write(self._progress / f"{name}.json", msgspec.json.encode(record(size, digest)))

    def finish(self, manifest: Manifest) -> None:
        """Mark the folder as finished."""
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
        atomic.write(self.path / MANIFEST, text)
        atomic.write(self.path / SUCCESS, b"")

    def _require_empty(self) -> None:
        names = sorted(path.name for path in self.path.iterdir()) if self.path.exists() else []
        if names and names != [_PROGRESS]:
            raise BatchRefused(
                f"{self.path}: found {', '.join(names[:5])}; expected a new or empty folder, or one that "
                "`tagline predict` began"
            )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with held(self._progress / _LOCK):
                yield
        except Held as error:
            raise BatchRefused(
                f"{self.path}: process {error.process} is filling it; wait for it, or give another --output"
            ) from error

    def _discard_drafts(self) -> None:
        for folder in (self.path, self._progress):
            for path in folder.glob(atomic.draft_of(Path("*")).name):
                path.unlink(missing_ok=True)

    def _is_intact(self, part: Part) -> bool:
        path = self.path / part.name
        return path.is_file() and path.stat().st_size == part.bytes and sha256_of(path) == part.sha256

    def _read(self, path: Path, kind: type[_T]) -> _T | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except ValueError as error:  # bytes that are no UTF-8, too
            raise BatchRefused(
                f"{path}: not as this version writes it ({error}); delete {self.path}, or give another --output"
            ) from error

    def _read_if_whole(self, path: Path, kind: type[_T]) -> _T | None:
        try:
            return self._read(path, kind)
        except BatchRefused as refused:
            _LOG.warning("%s: cannot be read, what it records is made again (%s)", path, refused.__cause__)
            return None
