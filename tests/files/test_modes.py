"""What is put into a folder is open to those to whom the folder is, whatever the umask."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from files.modes import create, open_as


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("of_folder", "folders", "files"),
    [
        (0o755, 0o755, 0o644),
        (0o777, 0o755, 0o644),
        (0o2750, 0o2750, 0o640),
        (0o700, 0o700, 0o600),
        (0o711, 0o711, 0o600),
    ],
)
def test_modes_are_those_of_the_folder(tmp_path: Path, of_folder: int, folders: int, files: int) -> None:
    shared = tmp_path / "shared"
    (shared / "new" / "inner").mkdir(parents=True)
    (shared / "new" / "inner" / "file").touch(mode=0o400)
    shared.chmod(of_folder)
    open_as(shared, shared / "new")
    assert mode(shared / "new") == mode(shared / "new" / "inner") == folders
    assert mode(shared / "new" / "inner" / "file") == files


def test_folders_are_created_as_open_as_the_one_above(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    umask = os.umask(0o077)
    try:
        create(tmp_path / "a" / "b")
    finally:
        os.umask(umask)
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o750
    (tmp_path / "a").chmod(0o700)
    create(tmp_path / "a" / "b")  # one that is there keeps its mode
    assert mode(tmp_path / "a" / "b") == 0o750
