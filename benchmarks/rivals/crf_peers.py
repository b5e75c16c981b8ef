"""Other libraries' CRF on the same problems, each in an environment of its own.

An environment is created once, in a folder that git ignores, with Python 3.11 and PyTorch. There the peer is measured
by benchmarks/rivals/crf_torch.py on one thread, since threads on a shared machine measure the neighbours. A peer
whose losses differ from ours is not compared.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.rivals.crf_problems import Shape, problem

PEERS = ("pytorch-crf", "torch-struct")
TORCH = "torch==2.13.0"
PYTHON = "3.11"


def measured_apart(
    folder: Path, shapes: Sequence[Shape], seconds: float
) -> dict[str, str | dict[Shape, dict[str, float]]]:
    """Measure each peer: CPU milliseconds and loss at each shape that fits into memory, or why it was not run."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for shape in shapes:
        names = ("emissions", "tags", "transitions", "lengths")
        arrays = dict(zip(names, (value.numpy() for value in problem(*shape)), strict=True))
        files.append(folder / f"{'-'.join(map(str, shape))}.npz")
        np.savez(files[-1], **arrays)
    results: dict[str, str | dict[Shape, dict[str, float]]] = {}
    for name in PEERS:
        try:
            python = environment(folder / name, name)
            cells = _measure(python, name, files, seconds)
            results[name] = {shape: cell for shape, cell in zip(shapes, cells, strict=True) if cell}
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            results[name] = f"not run: {error}"
    return results


def compared(
    results: Mapping[str, str | dict[Shape, dict[str, float]]], addons_ms: Mapping[Shape, float]
) -> dict[str, str | dict[Shape, dict[str, float]]]:
    """Add `times`, the multiple of the speed of TensorFlow Addons; a wrong loss replaces a peer's results."""
    return {
        name: cells if isinstance(cells, str) else _checked(cells, addons_ms)
        for name, cells in results.items()
    }


def _checked(
    cells: dict[Shape, dict[str, float]], addons_ms: Mapping[Shape, float]
) -> str | dict[Shape, dict[str, float]]:
    from trainer import crf

    for shape, cell in cells.items():
        emissions, tags, transitions, lengths = problem(*shape)
        chain = crf.LinearChain(emissions, transitions, lengths=lengths)
        ours = -float(np.sum(chain.log_likelihood(tags)))
        if not np.isclose(cell["loss"], ours, rtol=1e-4):
            return f"not compared: at {shape} its loss is {cell['loss']:.3f} and ours {ours:.3f}"
    return {shape: {**cell, "times": addons_ms[shape] / cell["ms"]} for shape, cell in cells.items()}


def environment(folder: Path, peer: str) -> str:
    """Return the interpreter of the peer's environment, which is created if missing."""
    python, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.exists():
        _run([_interpreter(), "-m", "venv", "--clear", str(folder)])
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*install, TORCH, "numpy", peer])
        ready.touch()
    return str(python)


def _interpreter() -> str:
    """Find a Python 3.11 that runs: a version manager may have a command of that name which does not."""
    candidates = [shutil.which(f"python{PYTHON}")]
    for root in (os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")):
        if root:
            candidates += map(str, sorted(Path(root, "versions").glob(f"{PYTHON}*/bin/python")))
    for candidate in candidates:
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return candidate
    raise RuntimeError(f"Python {PYTHON} not found, for which there are wheels of {TORCH}")


def _measure(python: str, peer: str, files: Iterable[Path], seconds: float) -> list[dict[str, float] | None]:
    script = Path(__file__).with_name("crf_torch.py")
    output = _run([python, str(script), peer, str(seconds), *map(str, files)])
    return json.loads(output.splitlines()[-1])


def _run(command: Sequence[str]) -> str:
    """Run a command and return its output.

    Raises:
        RuntimeError: it failed; with its last error line.
    """
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        errors = [line for line in done.stderr.splitlines() if "Error" in line] or ["no message"]
        raise RuntimeError(f"{Path(command[0]).name} failed: {errors[-1][:200]}")
    return done.stdout
