from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.runs.run_lock import AlreadyRunning, require_not_running, run_lock

HOLD = """
import sys, time
from pathlib import Path
from pipeline.runs.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_names_the_first_and_a_killed_one_releases_the_lock(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    with pytest.raises(AlreadyRunning, match=rf"in process {process.pid}; wait for it"), run_lock(tmp_path):
        pass
    with pytest.raises(AlreadyRunning):
        require_not_running(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    require_not_running(tmp_path)
    with run_lock(tmp_path):
        pass


def test_to_look_for_another_run_creates_nothing(tmp_path: Path) -> None:
    require_not_running(tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
