"""Runs a graph: which step starts when, again, or not at all."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from pipeline.execution import launch
from pipeline.execution.conditions import ConditionError, holds
from pipeline.execution.graph import Graph, Step
from pipeline.execution.launch import OutputError, Place, Result
from pipeline.execution.parameters import ParameterError
from pipeline.execution.record import Record
from pipeline.settings import SettingsError

_LOOK_SECONDS = 0.05
_TAIL_LINES = 15

Happened = Literal["kept", "started", "finished", "skipped", "again", "failed"]
Tell = Callable[[Happened, str, str], None]


@dataclass(frozen=True)
class Failure:
    """A step that could not be brought to a good end.

    Attributes:
        step: its name.
        reason: what happened, with the exit code where there is one.
        log: what it wrote.
        tail: the last lines of that.
    """

    step: str
    reason: str
    log: Path
    tail: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: what each finished step made, and which steps failed, were skipped or never came to be."""

    results: Mapping[str, Result]
    failures: tuple[Failure, ...]
    skipped: tuple[str, ...]
    not_reached: tuple[str, ...]


@dataclass
class _Try:
    """A step at work, or waiting to be tried again."""

    step: Step
    given: dict[str, Any]
    place: Place
    failures: int = 0
    not_before: float = 0.0
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None
    began: float = 0.0


class Execution:
    """A run of a graph."""

    def __init__(
        self, graph: Graph, record: Record, *, work: Path, code: Path, jobs: int, tell: Tell
    ) -> None:
        """Args:
        graph: what is run.
        record: what of it is done, and where that is kept.
        work: where logs and scratch lie, and artifacts where the graph names no folder for them.
        code: the read-only copy that steps import.
        jobs: how many steps run side by side.
        tell: is told what happens, with the step and a detail.
        """
        self._graph, self._record, self._jobs, self._tell = graph, record, jobs, tell
        self._work, self._code = work, code
        # A bucket is none of this machine's folders.
        root = Path(graph.root) if graph.root.startswith("/") else work / "artifacts"
        self._artifacts = root / graph.name / record.run
        self._waiting = list(graph.steps)
        self._tries: list[_Try] = []
        self._skipped: set[str] = set()
        self._not_reached: set[str] = set()
        self._failures: dict[str, Failure] = {}

    def run(self) -> Outcome:
        """Run it to its end: all that can, and after a failure what is under way.

        However it is left, by an interrupt too, no process of it is left running.
        """
        for step in [one for one in self._waiting if one.name in self._record.finished]:
            self._waiting.remove(step)
            self._tell("kept", step.name, "")
        try:
            while True:
                self._start_what_can()
                if not self._tries and not self._give_up():
                    break
                self._look()
                time.sleep(_LOOK_SECONDS)
        finally:
            launch.end([one.process for one in self._tries if one.process is not None])
            for one in self._tries:
                if one.log is not None:
                    one.log.close()
        return Outcome(
            results=dict(self._record.finished),
            failures=tuple(self._failures.values()),
            skipped=tuple(step.name for step in self._graph.steps if step.name in self._skipped),
            not_reached=tuple(step.name for step in self._graph.steps if step.name in self._not_reached),
        )

    def _give_up(self) -> bool:
        """With nothing under way: leave what waits; whether a step can start that starts whatever happened."""
        left = [step for step in self._waiting if not step.whatever_happened]
        self._not_reached.update(step.name for step in left)
        self._waiting = [step for step in self._waiting if step.whatever_happened]
        return any(step.after <= self._record.finished.keys() | self._ended for step in self._waiting)

    @property
    def _ended(self) -> set[str]:
        """Steps that will not finish."""
        return self._skipped | self._failures.keys() | self._not_reached

    def _start_what_can(self) -> None:
        for step in list(self._waiting):
            good = self._record.finished.keys()
            if not step.after <= good | self._ended:
                continue
            if not step.after <= good and not step.whatever_happened:
                # After a failure a step is not reached; after a skipped one it is skipped too.
                if not step.after & self._failures.keys() and step.after & self._skipped:
                    self._skip(step, "what it needs was skipped")
                continue
            needed = {one.step for one in step.artifacts.values()}
            if not needed <= good:
                self._skip(step, "what it needs was not made")
                continue
            if (self._failures and not step.whatever_happened) or len(self._tries) >= self._jobs:
                continue
            self._begin(step)
        for one in self._tries:
            if one.process is None and time.monotonic() >= one.not_before:
                self._start(one)
        self._tries = [one for one in self._tries if one.step.name not in self._failures]

    def _skip(self, step: Step, why: str) -> None:
        self._waiting.remove(step)
        self._skipped.add(step.name)
        self._tell("skipped", step.name, why)

    def _begin(self, step: Step) -> None:
        place = Place(
            scratch=self._work / "steps" / step.name,
            artifacts=self._artifacts / step.name,
            log=self._work / "logs" / f"{step.name}.log",
            code=self._code,
        )
        place.log.parent.mkdir(parents=True, exist_ok=True)
        try:
            given = launch.executor_input(step, self._record.finished, place, run=self._record.run)
            runs = holds(step.condition, given["inputs"])
        except (ConditionError, ParameterError, KeyError) as error:
            place.log.write_bytes(b"")
            self._waiting.remove(step)
            self._fail(step, place, f"was not started: {error}")
            return
        if not runs:
            self._skip(step, f"not so: {step.condition}")
            return
        self._waiting.remove(step)
        place.log.write_bytes(b"")
        self._tries.append(_Try(step, given, place))

    def _start(self, one: _Try) -> None:
        one.log = one.place.log.open("ab")
        one.began = time.monotonic()
        try:
            one.process = launch.start(one.step, one.given, one.place, one.log)
        except (OSError, SettingsError) as error:
            one.log.close()
            self._fail(one.step, one.place, f"could not be started: {error}")
            return
        if not one.failures:
            self._tell("started", one.step.name, "")

    def _look(self) -> None:
        for one in list(self._tries):
            code = None if one.process is None else one.process.poll()
            if code is None:
                continue
            assert one.process is not None
            assert one.log is not None
            launch.sweep(one.process)
            one.log.close()
            one.process = None
            seconds = time.monotonic() - one.began
            problem = f"ended with {_in_words(code)}" if code else ""
            if not problem:
                try:
                    made = launch.result(one.step, one.given, one.place, seconds=seconds)
                except OutputError as error:
                    problem = f"ended with exit code 0, but {error}"
                else:
                    self._tries.remove(one)
                    self._record.add(one.step.name, made)
                    self._tell("finished", one.step.name, f"{seconds:.1f} s")
                    continue
            one.failures += 1
            if one.failures <= one.step.retry.count:
                pause = one.step.retry.pause(one.failures)
                one.not_before = time.monotonic() + pause
                again = f"{problem}; try {one.failures + 1} of {one.step.retry.count + 1} in {pause:g} s"
                self._tell("again", one.step.name, again)
                continue
            self._tries.remove(one)
            times = f", the last of {one.failures} tries" if one.failures > 1 else ""
            self._fail(one.step, one.place, f"{problem}{times}")

    def _fail(self, step: Step, place: Place, reason: str) -> None:
        text = place.log.read_text(encoding="utf-8", errors="replace") if place.log.exists() else ""
        lines = text.splitlines()
        self._failures[step.name] = Failure(step.name, reason, place.log, tuple(lines[-_TAIL_LINES:]))
        self._tell("failed", step.name, reason)


def _in_words(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
