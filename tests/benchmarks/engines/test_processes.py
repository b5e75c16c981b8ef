"""The programs of engines end with us, and what they have started too."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.engines.processes import ROOT, free_port, program, wait_for_answer

# A program that starts another, as a pool starts workers, and writes its process id.
MODULE = "timeit"
PROGRAM = (
    "import subprocess; p = subprocess.Popen(['sleep', '600']); "
    "open({pid_file!r}, 'w').write(f'{{p.pid}}.'); p.wait()"
)
OWNER = """
import pathlib, signal
from benchmarks.engines.processes import program
with program(*{arguments!r}, log=pathlib.Path({log!r})):
    signal.pause()
"""


def arguments(pid_file: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", MODULE, "--number=1", "--repeat=1", PROGRAM.format(pid_file=str(pid_file)))


def started(pid_file: Path) -> list[psutil.Process]:
    """The program's child, the program, and the shell around it."""
    deadline = time.monotonic() + 60
    while not pid_file.exists() or not pid_file.read_text().endswith("."):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child = psutil.Process(int(pid_file.read_text().rstrip(".")))
    found = [child, *child.parents()[:2]]
    assert child.name() == "sleep"
    assert MODULE in found[1].cmdline()
    return found


def gone(processes: list[psutil.Process]) -> bool:
    # Who reaps what has no parent any more is not for us to say.
    _, left = psutil.wait_procs(processes, timeout=30)
    return all(one.status() == psutil.STATUS_ZOMBIE for one in left if one.is_running())


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_test_leaves_no_process_behind(end: signal.Signals, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid_file"
    owner = OWNER.format(arguments=arguments(pid_file), log=str(tmp_path / "log"))
    with subprocess.Popen([sys.executable, "-c", owner], cwd=ROOT) as process:
        try:
            there = started(pid_file)
        finally:
            process.send_signal(end)
    assert process.returncode == -end
    assert gone(there)


def test_nothing_is_left_when_the_test_ends(tmp_path: Path) -> None:
    with program(*arguments(tmp_path / "pid_file"), log=tmp_path / "log"):
        there = started(tmp_path / "pid_file")
    assert gone(there)


def test_a_program_that_ends_by_itself_is_seen_to(tmp_path: Path) -> None:
    with program(sys.executable, "-m", MODULE, "--no-such-option", log=tmp_path / "log") as process:
        process.wait(60)
    assert "no-such-option" in (tmp_path / "log").read_text()


def test_a_program_that_ends_before_it_answers_is_shown_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        program(sys.executable, "-c", "exit('no such luck')", log=log) as process,
        pytest.raises(RuntimeError, match=r"(?s)ended.*no such luck"),
    ):
        wait_for_answer(free_port(), process, log)


def test_a_program_that_answers(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    with program(sys.executable, "-m", "http.server", str(port), log=log) as process:
        wait_for_answer(port, process, log)
