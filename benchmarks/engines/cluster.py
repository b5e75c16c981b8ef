"""An engine that runs, and the Python workers that it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_MODULE = "pipeline.beam.worker"


@dataclass(frozen=True)
class Engine:
    """A cluster whose workers do Beam's work.

    Attributes:
        name: its own.
        version: its own, and that of Beam's job server for it.
        beam: the assignment that has Beam's work done there.
        workers: the setting that says how Python workers are started, `beam.worker`.
        nodes: what starts them, by name: each the head of a group of processes, which end with it.
        master: what Beam starts a job service of its own for; empty if it cannot.
    """

    name: str
    version: str
    beam: str
    workers: str
    nodes: Mapping[str, psutil.Process] = field(default_factory=dict)
    master: str = ""

    def python_workers(self) -> list[psutil.Process]:
        """The workers that run now."""
        below = [one for node in self.nodes.values() for one in node.children(recursive=True)]
        return [one for one in below if _MODULE in one.cmdline()]


def assignment(runner: str, endpoint: str, workers: str, **more: object) -> str:
    """The settings that send Beam's work to a job service."""
    extra = "".join(f", {name}: {value}" for name, value in more.items())
    service = f"{runner}: {{endpoint: '{endpoint}'{extra}}}"
    return f"beam={{runner: {runner}, {service}, shared_disk: true, worker: {workers}}}"


def worker_program(scratch: Path) -> Path:
    """Write the program that engines start a worker with."""
    path = scratch / "worker"
    path.write_text(f'#!/bin/sh\nexec python -m {_MODULE} "$@"\n')
    path.chmod(0o755)
    return path
