"""A repaired copy of a corpus, and a diff of what was changed in it.

What is mended has one answer: what the reader makes of it anyway is written down, and what nobody meant to
write is taken off. Whatever asks for a person's decision stays as it is. A file in which nothing is to be
mended is copied byte for byte.

The copy is made beside its place under a hidden name and put there by one rename: a copy that is there is whole.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from collections.abc import Set
from pathlib import Path
from typing import IO, cast

import msgspec

from corpus.codes import CODES
from corpus.errors import CorpusError
from corpus.layout import Layout, find
from corpus.options import ReadOptions
from corpus.repair.diff import UnifiedDiff
from corpus.repair.leaks import Leaks
from corpus.repair.record import Mender
from corpus.repair.segments import segments
from corpus.scheme import recognised
from files.atomic import sync_tree

DIFF = "changes.diff"


class Mended(msgspec.Struct):
    """What was done.

    Attributes:
        out: the folder of the copy.
        counts: how often something was mended, by the code it falls under.
        files: lines changed or removed, by file, without those that stayed as they were.
        left: what could have been removed and was not, with the reason.
    """

    out: str
    counts: dict[str, int]
    files: dict[str, int]
    left: list[str]


def mended_copy(
    data: str | Path, out: str | Path, options: ReadOptions, *, ignore: Set[str] = frozenset()
) -> Mended:
    """Writes a repaired copy of a corpus into a new folder, with `changes.diff`.

    Args:
        data: a folder or a single file.
        out: the folder to make; it may exist if it is empty.
        options: how the corpus is read.
        ignore: codes of what is to stay as it is.

    Raises:
        CorpusError: `out` is in the way or within the corpus, the corpus cannot be read, or the copy cannot be
            written. There is no copy then.
    """
    layout = find(data, options)
    out = Path(out)
    _require_place(Path(data), out)
    wanted = frozenset(code for code, known in CODES.items() if known.fixed) - ignore
    mender = Mender(options, recognised(layout, options), wanted)
    leaks = Leaks(layout, mender)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise _unwritable(out, error) from error
    try:
        files = _write(layout, staged, mender, leaks)
        staged.chmod(0o755)
        sync_tree(staged)
        os.rename(staged, out)  # an empty folder gives way, one that has been filled meanwhile does not
    except OSError as error:
        raise _unwritable(out, error) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    counts = {code: count for code, count in sorted(mender.done.items()) if count}
    return Mended(str(out), counts, files, leaks.left())


def _require_place(data: Path, out: Path) -> None:
    source, place = Path(os.path.realpath(data)), Path(os.path.realpath(out))
    if place == source or (source.is_dir() and place.is_relative_to(source)):
        raise CorpusError(
            "the copy would lie within the corpus",
            path=out,
            expected="a folder of its own",
            remedy="name another",
        )
    if out.is_symlink() or (out.exists() and not out.is_dir()) or (out.is_dir() and any(out.iterdir())):
        raise CorpusError(
            "there is something already",
            path=out,
            expected="no folder, or an empty one",
            remedy="name another, or remove it",
        )


def _unwritable(out: Path, error: OSError) -> CorpusError:
    return CorpusError(
        f"cannot be written ({error.strerror or error})",
        path=out,
        expected="a place for the copy",
        remedy="check the space and the permissions",
    )


def _write(layout: Layout, staged: Path, mender: Mender, leaks: Leaks) -> dict[str, int]:
    """Writes every file; the number of changed lines of those that changed."""
    changed: dict[str, int] = {}
    with (staged / DIFF).open("wb") as diff:
        for path, split in layout.files():
            name = path.relative_to(layout.root).as_posix()
            target = staged / name
            target.parent.mkdir(parents=True, exist_ok=True)
            lines = _mend_file(path, target, UnifiedDiff(diff, name), mender, leaks, split)
            if lines:
                changed[name] = lines
            else:
                shutil.copyfile(path, target)
    for path in layout.ignored:
        shutil.copyfile(path, staged / path.name)
    return changed


def _mend_file(
    path: Path, target: Path, diff: UnifiedDiff, mender: Mender, leaks: Leaks, split: str | None
) -> int:
    """Writes one file as it should be; how many of its lines were changed or removed."""
    changed = 0
    removed = False  # the block before; the blank lines after it go with it
    with _created(target) as stream:
        for segment in segments(path, mender.options):
            if segment.blank:
                new = [] if removed else mender.blank(segment)
                removed = False
            else:
                mended = mender.block(path, segment)
                new = leaks.without(path, split, mended)
                removed = not new
            changed += _tell(diff, segment.lines, new)
            stream.writelines(new)
    diff.end()
    return changed


def _tell(diff: UnifiedDiff, old: list[bytes], new: list[bytes]) -> int:
    """Line by line where there are as many as before; as a whole else. How many old lines changed."""
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


def _created(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        # No name and no date: the same contents make the same file.
        return cast(IO[bytes], gzip.GzipFile(filename=path, mode="wb", mtime=0))
    return path.open("wb")
