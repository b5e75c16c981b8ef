"""A lock file is held by one process at a time, and a killed process holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from files.lock import Held, held

HOLD = """
import sys, time
from pathlib import Path
from files.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "folder" / ".lock")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_the_error_names_the_process_that_holds_the_lock_and_a_killed_one_releases_it(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    lock = tmp_path / "folder" / ".lock"
    with pytest.raises(Held) as error, held(lock):
        pass
    assert error.value.process == str(holder.pid)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with held(lock):
        assert lock.read_text() == str(os.getpid())


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"x1"])
def test_a_lock_file_that_holds_no_process_id_is_still_held(
    tmp_path: Path, holder: subprocess.Popen[str], content: bytes
) -> None:
    lock = tmp_path / "folder" / ".lock"
    lock.write_bytes(content)
    with pytest.raises(Held, match="held by process unknown"), held(lock):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with held(lock):
        assert lock.read_text() == str(os.getpid())


def test_waiting_ends_when_the_other_process_does(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    program = HOLD.replace("(sys.argv[1])", "(sys.argv[1]), wait=True").replace("60", "0")
    waiting = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "folder" / ".lock")], stdout=subprocess.PIPE, text=True
    )
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(timeout=1)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert waiting.communicate(timeout=60)[0] == "held\n"
