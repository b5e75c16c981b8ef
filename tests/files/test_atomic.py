"""A file is written completely or not at all, whatever happens to its writer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from files.atomic import draft_of, replacing, write


def test_a_write_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "state.json", "naïve")
    write(tmp_path / "state.json", b"\xffbytes")
    assert (tmp_path / "state.json").read_bytes() == b"\xffbytes"
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write(path, "old")

    def half() -> None:
        with replacing(path) as draft:
            draft.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert path.read_text() == "old"
    assert not draft_of(path).exists()


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    write(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["state.json"]


def test_others_may_read_a_new_file_and_the_mode_of_an_old_one_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write(path, "old")
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o640)
    write(path, "new")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_killed_writer_leaves_the_old_file_and_a_draft_that_the_next_replaces(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write(path, "old")
    program = (
        "import sys, time, pathlib, files.atomic as a\n"
        "with a.replacing(pathlib.Path(sys.argv[1])) as draft:\n"
        "    draft.write_text('half'); print('half', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "half\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert path.read_text() == "old"
    write(path, "new")
    assert path.read_text() == "new"
    assert not draft_of(path).exists()


def test_a_reader_sees_complete_files_only(tmp_path: Path) -> None:
    path, texts = tmp_path / "state.json", ("short", "long" * 100_000)
    write(path, texts[0])
    seen: set[str] = set()
    done = threading.Event()

    def poll() -> None:
        while not done.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=poll)
    reader.start()
    for turn in range(60):
        write(path, texts[turn % 2])
    done.set()
    reader.join()
    assert seen <= set(texts)
