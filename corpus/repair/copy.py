"""Write a repaired copy of a corpus, and a diff of its changes.

A fault is repaired if there is one way to do so: what the reader makes of it anyway is written, and
characters that nobody meant to write are removed. Whatever a person must decide stays as it is. A file
without repairs is copied byte for byte. The copy is either complete or absent.
"""

from __future__ import annotations

import shutil
from collections.abc import Set
from pathlib import Path

import msgspec

from corpus.codes import CODES
from corpus.options import ReadOptions
from corpus.raw_records import DOCUMENT
from corpus.reading.files import reader_for
from corpus.recognition.reading import reading_of
from corpus.repair.diff import UnifiedDiff
from corpus.repair.leaks import Leaks
from corpus.repair.records import repair_blank_lines, repair_record
from corpus.repair.repairs import Repairs
from corpus.repair.segments import segments
from corpus.splits.layout import Layout, find
from corpus.staging import create, require_place, staged

DIFF = "changes.diff"


class RepairedCopy(msgspec.Struct):
    """A summary of the repairs.

    Attributes:
        out: the folder of the copy.
        counts: number of repairs by code.
        files: number of lines changed or removed, by file; without unchanged files.
        left: what could have been repaired and was not, with the reason.
    """

    out: str
    counts: dict[str, int]
    files: dict[str, int]
    left: list[str]


def write_repaired_copy(
    data: str | Path, out: str | Path, options: ReadOptions, *, ignore: Set[str] = frozenset()
) -> RepairedCopy:
    """Write a repaired copy of a corpus, with `changes.diff`, into a new folder.

    Args:
        data: a folder or a single file.
        out: the folder to create; it may exist if it is empty.
        options: how the corpus is read.
        ignore: codes of faults to leave unrepaired.

    Raises:
        CorpusError: `out` is not empty or lies within the corpus, the corpus cannot be read, or the copy
            cannot be written. No copy is left then.
    """
    layout = find(data, options)
    require_place(data, out, "folder")
    codes = frozenset(code for code, kind in CODES.items() if kind.fixed) - ignore
    notation, options, _ = reading_of(layout, options)
    repairs = Repairs(options, notation, codes)
    leaks = Leaks(layout, repairs)
    with staged(out) as draft:
        draft.mkdir()
        files = _write(layout, draft, repairs, leaks)
    counts = {code: count for code, count in sorted(repairs.counts.items()) if count}
    packed = [
        f"{path.name} was copied as it is: `tagline convert` writes it in a form that can be repaired"
        for path, _ in layout.files()
        if reader_for(path, options).packed
    ]
    doubles = [
        f"{ignored.path.name} was not copied: {ignored.same_as.name} holds the same sentences"
        for ignored in layout.ignored
        if ignored.same_as is not None
    ]
    return RepairedCopy(str(out), counts, files, [*leaks.left(), *packed, *doubles])


def _write(layout: Layout, folder: Path, repairs: Repairs, leaks: Leaks) -> dict[str, int]:
    """Write every file; return the number of changed lines of those that changed."""
    changed: dict[str, int] = {}
    with (folder / DIFF).open("wb") as diff:
        for path, split in layout.files():
            name = path.relative_to(layout.root).as_posix()
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            lines = _repair_file(path, target, UnifiedDiff(diff, name), repairs, leaks, split)
            if lines:
                changed[name] = lines
            else:
                shutil.copyfile(path, target)
    # Of two files with the same sentences one is repaired; the other would differ from it.
    others = [ignored.path for ignored in layout.ignored if ignored.same_as is None]
    for path in (*layout.companions(), *others):
        target = folder / path.relative_to(layout.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return changed


def _repair_file(
    path: Path, target: Path, diff: UnifiedDiff, repairs: Repairs, leaks: Leaks, split: str | None
) -> int:
    """Write one file repaired; return the number of its lines that were changed or removed."""
    reader = reader_for(path, repairs.options)
    if reader.packed:
        return 0
    changed = 0
    removed = False  # the record before: then the blank lines after it are removed too
    with create(target) as stream:
        for segment in segments(path, reader):
            if segment.blank:
                lines = [line for line in segment.lines if not removed or line.startswith(DOCUMENT)]
                new = repair_blank_lines(segment._replace(lines=lines), repairs) if lines else []
                removed = False
            else:
                new = leaks.without_leak(reader, split, repair_record(reader, segment, repairs))
                removed = not new
            changed += _add_to_diff(diff, segment.lines, new)
            stream.writelines(new)
    diff.end()
    return changed


def _add_to_diff(diff: UnifiedDiff, old: list[bytes], new: list[bytes]) -> int:
    """Add lines to the diff, one by one if their number is the same; return how many old lines changed."""
    if len(old) != len(new):
        diff.change(old, new)
        return len(old)
    changed = 0
    for before, after in zip(old, new, strict=True):
        if before == after:
            diff.keep(before)
        else:
            diff.change([before], [after])
            changed += 1
    return changed
