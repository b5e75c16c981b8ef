"""A full disk is told in one line, whichever library noticed it."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from pipeline.runs import full_disk
from pipeline.runs.full_disk import what_is_full

NO_SPACE = os.strerror(errno.ENOSPC)


def written(path: str | None) -> OSError:
    return OSError(errno.ENOSPC, NO_SPACE, path)


@pytest.mark.parametrize(
    "error",
    [
        written(None),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        shutil.Error([("a", "b", f"[Errno 28] {NO_SPACE}: 'b'")]),
        RuntimeError(f"/x/part-0; {NO_SPACE} [while running 'Write']"),
        RuntimeError("INTERNAL: database or disk is full"),
    ],
    ids=["OSError", "quota", "shutil", "TensorFlow or Beam", "SQLite"],
)
def test_every_librarys_error(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        full_disk, "_free", lambda folder: 3 << 20 if folder == tmp_path / "runs" else 1 << 40
    )
    told = what_is_full(error, [tmp_path / "models", tmp_path / "runs"])
    assert told == (
        f"no space left on the disk of {tmp_path}/runs (3 MiB free); free some, or choose another disk, and run again"
    )


def test_the_file_is_named_where_it_is_known_also_behind_another_error(tmp_path: Path) -> None:
    try:
        try:
            raise written("/models/x/variables")
        except OSError:
            raise KeyError("published") from None
    except KeyError as error:
        error.__suppress_context__ = False
        told = what_is_full(error, [])
    assert told.startswith("no space left on the disk of /models/x/variables; ")
    assert what_is_full(written(None), []).startswith(
        "no space left on the disk of one of the folders it writes"
    )


def test_another_error_is_not_taken_for_it(tmp_path: Path) -> None:
    assert what_is_full(PermissionError(errno.EACCES, "Permission denied"), [tmp_path]) == ""
    assert what_is_full(ValueError("bad"), [tmp_path]) == ""


def test_a_folder_that_does_not_exist_yet_has_the_space_of_its_disk(tmp_path: Path) -> None:
    assert full_disk._free(tmp_path / "a" / "b") > 0
