from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.runs.only_run import AnotherRun, only_run

HOLD = """
import sys, time
from pathlib import Path
from pipeline.only_run import only_run
with only_run(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_runs_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    with pytest.raises(AnotherRun, match=rf"in process {process.pid}; wait for it"), only_run(tmp_path):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with only_run(tmp_path):
        pass
