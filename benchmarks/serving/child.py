"""A process that answers orders, a line of JSON each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.measuring.results import ROOT


class Child:
    """A process that answers a line of JSON with a line of JSON."""

    def __init__(self, module: str, argument: str) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, argument],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
        )

    def read(self) -> str:
        """Read the next line it prints."""
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise SystemExit(f"{self._module} ended early")
        return line

    def order(self, **order: Any) -> Any:
        """Send `order` and read the answer."""
        self.begin(**order)
        return json.loads(self.read())

    def begin(self, **order: Any) -> None:
        """Send `order`; `read` reads the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
