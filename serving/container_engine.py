"""docker or podman: the first that answers on this machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

ENGINES = ("docker", "podman")
# While podman builds, a lock keeps others waiting.
_ANSWERS_WITHIN = 60.0


class NoEngine(RuntimeError):
    """No container engine can be used; the text says why, engine by engine."""


def answering(engines: Sequence[str] = ENGINES) -> str:
    """Find the first engine that answers: a client may be installed without a running daemon.

    Returns:
        The path of its program.

    Raises:
        NoEngine: none of them is installed and answers.
    """
    problems = []
    for engine in engines:
        path = shutil.which(engine)
        if path is None:
            problems.append(f"no {engine}")
        elif problem := _problem_of(path):
            problems.append(f"{engine} does not answer ({problem})")
        else:
            return path
    raise NoEngine(", ".join(problems))


def _problem_of(engine: str) -> str:
    """Say why an installed engine cannot be used; empty if it can."""
    try:
        done = subprocess.run(
            [engine, "info"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWERS_WITHIN,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else lines[-1] if lines else f"status {done.returncode}"
