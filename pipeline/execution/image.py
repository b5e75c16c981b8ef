"""The surroundings of a step in place of its image: a read-only copy of the code, and a nearly empty environment."""

from __future__ import annotations

import compileall
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline.execution.launch import Place

# The packages that the image has.
PACKAGES = ("components", "corpus", "files", "pipeline", "serving", "tagging", "trainer", "configs")
_SYSTEM = "/usr/local/bin:/usr/bin:/bin"


def copy_code(target: Path) -> None:
    """Copy the packages of this very installation to `target`, and take away the right to write there."""
    source = Path(__file__).resolve().parents[2]
    for name in PACKAGES:
        if (source / name).is_dir():
            shutil.copytree(
                source / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
            )
    # As an image has it: no step can write bytecode later.
    compileall.compile_dir(target, quiet=2)
    for path in [target, *target.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


def remove_code(target: Path) -> None:
    """Remove a copy that `copy_code` made."""
    for path in [target, *target.rglob("*")]:
        if path.is_dir():
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    shutil.rmtree(target, ignore_errors=True)


def environment(code: Path, home: Path, of_spec: Mapping[str, str]) -> dict[str, str]:
    """Make the environment of a step's process: the spec's variables, and what any process needs to start.

    `python` is this interpreter, whose libraries the image would have; the project itself comes from the copy.
    """
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{_SYSTEM}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(code),
        "PYTHONUNBUFFERED": "1",
        **of_spec,
    }


@dataclass(frozen=True)
class Processes:
    """Steps as processes of this machine; `code` is the copy of the code, and their working directory."""

    code: Path

    def make(self, folder: Path) -> None:
        """Make a folder, and those above it."""
        folder.mkdir(parents=True, exist_ok=True)

    def start(
        self, command: Sequence[str], env: Mapping[str, str], place: Place, log: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start a step's process, the leader of a session of its own."""
        return subprocess.Popen(
            command,
            cwd=self.code,
            env=environment(self.code, place.scratch / "home", env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def remove(self, stopped: Iterable[subprocess.Popen[bytes]]) -> None:
        """Nothing to do: their process groups were killed."""
