"""A Beam source whose records are the blocks between blank lines, so that a big file is read in parallel.

Beam's own text source splits at a delimiter, which a blank line is not: it may have white space, there may be several,
and the file may end without one. Here a record begins at the first non-blank line after a blank one (or at the start of
the file), and belongs to the bundle in which it begins.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import apache_beam as beam
from apache_beam.io.concat_source import ConcatSource
from apache_beam.io.filebasedsource import FileBasedSource
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from corpus.errors import CorpusError
from corpus.formats.table import FileReader
from corpus.raw_records import BOM, is_break, raw_records

_LOOK_BACK = 4096


class LocatedRecord(NamedTuple):
    """A record of a file.

    Attributes:
        path: the file.
        offset: its first byte in the (unpacked) file.
        raw: its bytes.
    """

    path: str
    offset: int
    raw: bytes


class BlockSource(FileBasedSource):
    """Reads a file, or all files that a pattern matches, as `LocatedRecord`s. Gzip files are not split."""

    def __init__(self, file_pattern: str, reader: FileReader, *, min_bundle_size: int = 0) -> None:
        splittable = not file_pattern.lower().endswith(".gz")
        super().__init__(file_pattern, min_bundle_size=min_bundle_size, splittable=splittable)
        self.reader = reader

    def open_file(self, file_name: str) -> Any:
        """Open the file, unpacked."""
        return opened(file_name)

    def read_records(self, file_name: str, range_tracker: Any) -> Iterator[LocatedRecord]:
        """Yield the records that begin within the tracker's range."""
        start = range_tracker.start_position()
        unit = self.reader.unit
        with self.open_file(file_name) as stream:
            try:
                position, wait = (0, False) if start == 0 else _line_start(stream, start)
                if unit == "line":
                    wait = False
                lines = _Lines(stream, position, wait_for_blank=wait)
                for block in raw_records(lines, unit, at_start=position == 0):
                    offset = lines.origin + block.offset
                    if not range_tracker.try_claim(offset):
                        return
                    yield LocatedRecord(file_name, offset, block.raw)
            except (EOFError, zlib.error, OSError) as error:
                raise unreadable(file_name, error) from error


def opened(path: str) -> Any:
    """Open a file wherever Beam reaches it, unpacked if its name ends in `.gz`.

    Beam unpacks too, but accepts a truncated gzip file as a complete one.
    """
    stream = FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
    return gzip.GzipFile(fileobj=stream, mode="rb") if path.lower().endswith(".gz") else stream


def unreadable(path: str, error: Exception) -> CorpusError:
    """The error of a file that cannot be read."""
    return CorpusError(
        f"cannot be read ({error})",
        path=path,
        expected="a complete file" + (" in gzip form" if path.lower().endswith(".gz") else ""),
        remedy="copy it again",
    )


class _Lines:
    """The lines of a stream from a position on, and the byte at which the first of them begins."""

    def __init__(self, stream: BinaryIO, position: int, *, wait_for_blank: bool) -> None:
        self.stream = stream
        self.origin = position
        self.wait_for_blank = wait_for_blank

    def __iter__(self) -> Iterator[bytes]:
        # A record that continues from the bundle before belongs to that bundle.
        while self.wait_for_blank:
            line = self.stream.readline()
            if not line:
                return
            self.origin += len(line)
            self.wait_for_blank = not is_break(line)
        yield from self.stream


def _line_start(stream: BinaryIO, start: int) -> tuple[int, bool]:
    """The first line that begins at or after byte `start`, and whether it may be inside a record."""
    floor = len(BOM) if stream.read(len(BOM)) == BOM else 0
    begin = _line_begin(stream, max(start - 1, floor), floor)
    stream.seek(begin)
    line = stream.readline()
    return begin + len(line), not is_break(line)


def _line_begin(stream: BinaryIO, within: int, floor: int) -> int:
    """The first byte, from byte `floor` on, of the line that byte `within` belongs to."""
    while within > floor:
        begin = max(floor, within - _LOOK_BACK)
        stream.seek(begin)
        end = stream.read(within - begin).rfind(b"\n")
        if end >= 0:
            return begin + end + 1
        within = begin
    return floor


class ReadFiles(beam.PTransform):
    """Files as one collection of `LocatedRecord`s: each in pieces, or as a whole if it must be rewritten."""

    def __init__(self, paths: Iterable[str], readers: Mapping[str, FileReader]) -> None:
        super().__init__()
        self.readers = readers
        self.whole = [path for path in paths if readers[path].packed]
        self.in_pieces = [path for path in paths if not readers[path].packed]

    def expand(self, pipeline: Any) -> Any:
        """Add the steps."""
        collections = []
        if self.in_pieces:
            sources = [BlockSource(_literal(path), self.readers[path]) for path in self.in_pieces]
            collections.append(pipeline | "Pieces" >> beam.io.Read(ConcatSource(sources)))
        if self.whole:
            # No Beam source, which would skip an empty file: one of brat says that its text has no entities.
            collections.append(
                pipeline
                | "Whole" >> beam.Create(self.whole)
                | "OneByOne" >> beam.Reshuffle()
                | "Rewritten" >> beam.FlatMap(rewritten_records, self.readers)
            )
        return collections | "Together" >> beam.Flatten(pipeline=pipeline.pipeline)


def rewritten_records(path: str, readers: Mapping[str, FileReader]) -> Iterator[LocatedRecord]:
    """Yield the records of a file that is rewritten; their offsets are those of the rewritten lines."""
    reader = readers[path]
    try:
        with opened(path) as stream:
            for block in raw_records(reader.lines(path, stream, opened), reader.unit):
                yield LocatedRecord(path, block.offset, block.raw)
    except (EOFError, zlib.error, OSError) as error:
        raise unreadable(path, error) from error


def _literal(path: str) -> str:
    # Beam reads any path as a pattern.
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)


def lines_at(path: str, reader: FileReader, offsets: Iterable[int]) -> dict[int, int]:
    """Find the 1-based line of each byte offset of the (unpacked) file, in one pass.

    Only for messages: counting lines while reading would make every bundle depend on the ones before it.
    """
    numbers: dict[int, int] = {}
    wanted = sorted(set(offsets), reverse=True)
    position = 0
    with opened(path) as stream:
        for number, line in enumerate(reader.lines(path, stream, opened), start=1):
            position += len(line)
            while wanted and wanted[-1] < position:
                numbers[wanted.pop()] = number
            if not wanted:
                break
    return numbers
