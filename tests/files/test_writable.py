"""A folder that cannot be written to is told before any work, and the attempt leaves nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NoReturn

import pytest

from files.writable import obstacle


def test_a_folder_that_is_there_or_can_be_created(tmp_path: Path) -> None:
    assert obstacle(tmp_path) == ""
    assert obstacle(tmp_path / "a" / "b") == ""
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "a" / "b"):
        assert obstacle(folder) == f"{tmp_path}/file is not a folder"


def test_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "missing")
    assert obstacle(tmp_path / "link" / "a") == f"{tmp_path}/link is not a folder"


def test_what_the_system_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> NoReturn:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert obstacle(tmp_path / "a") == f"no file can be created in {tmp_path}: Read-only file system"
