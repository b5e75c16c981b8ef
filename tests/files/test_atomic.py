from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from files.atomic import draft_of, replacing, write


def test_what_is_written_is_there_and_nothing_beside_it(tmp_path: Path) -> None:
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


def test_the_mode_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write(path, "old")
    path.chmod(0o640)
    write(path, "new")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_killed_writer_leaves_the_old_file_and_its_draft_is_no_hindrance(tmp_path: Path) -> None:
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
