"""Programs that the tests build from Go modules into `build/engines`, and files that such modules hold."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from benchmarks.engines.parts import PARTS, ROOT


@cache
def built(module: Path, package: str = ".", *, linked: str = "") -> Path:
    """Build a package of the module in a folder, with the versions and the sums that its go.mod and go.sum name.

    The test is skipped where there is no Go that is new enough, or no network for modules that are not yet there.

    Raises:
        AssertionError: the program does not build, or a module is not the one of go.sum; Go's own messages.
    """
    downloaded = _go(["mod", "download"], module, part=module.name)
    assert "checksum mismatch" not in downloaded.stderr, downloaded.stderr
    if downloaded.returncode:
        pytest.skip(f"{module.name}: its Go modules cannot be had: {_last_line(downloaded.stderr)}")
    PARTS.mkdir(parents=True, exist_ok=True)
    program = PARTS / module.name
    # Without what a debugger reads: linking takes half as long.
    flags = [f"-ldflags=-s -w {linked}", "-o", str(program)]
    compiled = _go(["build", *flags, package], module, part=module.name)
    assert compiled.returncode == 0, compiled.stderr
    return program


@cache
def file_of(module: str, path: str) -> Path:
    """A file of a published module, NAME@VERSION; the test is skipped where that cannot be had."""
    done = _go(["mod", "download", "-json", module], ROOT, part=module)
    if done.returncode:
        pytest.skip(f"{module}: cannot be had: {json.loads(done.stdout)['Error']}")
    return Path(json.loads(done.stdout)["Dir"], path)


def _go(arguments: list[str], folder: Path, *, part: str) -> subprocess.CompletedProcess[str]:
    go = shutil.which("go")
    if go is None:
        pytest.skip(
            f"{part}: no Go on the PATH; `apt-get install golang`, say, if it is new enough, or https://go.dev/dl"
        )
    # No other Go is fetched in place of the one that is installed; no workspace above takes part.
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"}
    return subprocess.run(
        [go, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
