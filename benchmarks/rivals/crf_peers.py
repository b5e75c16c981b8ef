"""Other libraries' CRF at the same problems, each in an environment of its own: they do not share ours.

An environment is made once, under a folder that git ignores, with Python 3.11 and PyTorch. It is measured there by
benchmarks/rivals/crf_torch.py on one thread, since PyTorch's threads on a shared machine measure the neighbours. Each
must find our own losses; a peer that answers another question is not compared.
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

from benchmarks.crf.show import Shape
from benchmarks.crf.timing import problem

PEERS = ("pytorch-crf", "torch-struct")
TORCH = "torch==2.13.0"
PYTHON = "3.11"


def measured_apart(
    folder: Path, shapes: Sequence[Shape], seconds: float
) -> dict[str, str | dict[Shape, dict[str, float]]]:
    """Per peer: milliseconds of CPU and the loss at each shape that fits into memory, or why it was not run."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for shape in shapes:
        names = ("emissions", "tags", "transitions", "lengths")
        given = dict(zip(names, (value.numpy() for value in problem(*shape)), strict=True))
        files.append(folder / f"{'-'.join(map(str, shape))}.npz")
        np.savez(files[-1], **given)
    found: dict[str, str | dict[Shape, dict[str, float]]] = {}
    for name in PEERS:
        try:
            python = environment(folder / name, name)
            cells = _measure(python, name, files, seconds)
            found[name] = {shape: cell for shape, cell in zip(shapes, cells, strict=True) if cell}
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            found[name] = f"not run: {error}"
    return found


def compared(
    found: Mapping[str, str | dict[Shape, dict[str, float]]], addons_ms: Mapping[Shape, float]
) -> dict[str, str | dict[Shape, dict[str, float]]]:
    """The same with `times`, the multiple of the speed of TensorFlow Addons; a wrong loss is told instead."""
    return {
        name: told if isinstance(told, str) else _checked(told, addons_ms) for name, told in found.items()
    }


def _checked(
    told: dict[Shape, dict[str, float]], addons_ms: Mapping[Shape, float]
) -> str | dict[Shape, dict[str, float]]:
    from trainer import crf

    for shape, cell in told.items():
        emissions, tags, transitions, lengths = problem(*shape)
        ours = -float(np.sum(crf.log_likelihood(emissions, tags, transitions, lengths=lengths)))
        if not np.isclose(cell["loss"], ours, rtol=1e-4):
            return f"not compared: at {shape} its loss is {cell['loss']:.3f} and ours {ours:.3f}"
    return {shape: {**cell, "times": addons_ms[shape] / cell["ms"]} for shape, cell in told.items()}


def environment(folder: Path, peer: str) -> str:
    """The interpreter of the peer's environment, which is made where it is not there yet."""
    python, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.exists():
        _run([_interpreter(), "-m", "venv", "--clear", str(folder)])
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*install, TORCH, "numpy", peer])
        ready.touch()
    return str(python)


def _interpreter() -> str:
    """A Python 3.11 that runs: a version manager may have a command of that name which does not."""
    candidates = [shutil.which(f"python{PYTHON}")]
    for root in (os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")):
        if root:
            candidates += map(str, sorted(Path(root, "versions").glob(f"{PYTHON}*/bin/python")))
    for candidate in candidates:
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return candidate
    raise RuntimeError(f"found no Python {PYTHON}, for which there are wheels of {TORCH}")


def _measure(python: str, peer: str, files: Iterable[Path], seconds: float) -> list[dict[str, float] | None]:
    script = Path(__file__).with_name("crf_torch.py")
    told = _run([python, str(script), peer, str(seconds), *map(str, files)])
    return json.loads(told.splitlines()[-1])


def _run(command: Sequence[str]) -> str:
    """What it printed.

    Raises:
        RuntimeError: it failed; with the last line it wrote.
    """
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        told = [line for line in done.stderr.splitlines() if "Error" in line] or ["nothing was said"]
        raise RuntimeError(f"{Path(command[0]).name} failed: {told[-1][:200]}")
    return done.stdout
