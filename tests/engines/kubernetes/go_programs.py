"""Go programs that the tests build into `build/engines`."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BUILT = ROOT / "build" / "engines"


@cache
def built(module: Path, package: str = ".") -> Path:
    """Build a package of the module in a folder, with the versions and the sums that its go.mod and go.sum name.

    The test is skipped where there is no Go that is new enough, or no network for modules that are not yet there.

    Raises:
        AssertionError: the program does not build; the compiler's own messages.
    """
    go = shutil.which("go")
    if go is None:
        pytest.skip(
            f"{module.name}: no go on the PATH; install the Go that {module.name}/go.mod names, or a newer one"
        )
    downloaded = _run([go, "mod", "download"], module)
    if downloaded.returncode:
        reason = downloaded.stderr.strip().splitlines()[-1]
        pytest.skip(f"{module.name}: its Go modules cannot be had: {reason}")
    program = BUILT / module.name
    BUILT.mkdir(parents=True, exist_ok=True)
    compiled = _run([go, "build", "-mod=readonly", "-o", str(program), package], module)
    assert compiled.returncode == 0, compiled.stderr
    return program


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    # No other Go is fetched in place of the one that is installed; no workspace above takes part.
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
