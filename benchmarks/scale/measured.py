"""The measurements of one size of corpus: time and memory of each part of the pipeline."""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Time and memory of a component of a run, or of a command.

    Attributes:
        name: its name.
        wall: seconds of wall time.
        unhindered: seconds of wall time without waits for a core.
        cpu: seconds of CPU time.
        memory: MB of all its processes at the peak.
    """

    name: str
    wall: float
    unhindered: float
    cpu: float
    memory: float


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The parts measured with a number of sentences and of workers."""

    sentences: int
    workers: int
    parts: list[Part]
    machine: str

    @property
    def size(self) -> tuple[int, int]:
        """Sentences and workers."""
        return self.sentences, self.workers

    def part(self, name: str) -> Part | None:
        """The part of this name, or None if it was not measured."""
        return next((part for part in self.parts if part.name == name), None)
