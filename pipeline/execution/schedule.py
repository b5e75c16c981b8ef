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
from pipeline.execution.launch import OutputError, Place, Result, Surroundings
from pipeline.execution.parameters import ParameterError
from pipeline.execution.record import Record
from pipeline.settings import SettingsError

_POLL_SECONDS = 0.05
_TAIL_LINES = 15

Happened = Literal["kept", "started", "finished", "skipped", "again", "failed"]
# Called with an event, the step's name and a detail.
Report = Callable[[Happened, str, str], None]


@dataclass(frozen=True)
class Failure:
    """A step that failed for good.

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
    """How a run ended: the outputs of finished steps, and which steps failed, were skipped or never started."""

    results: Mapping[str, Result]
    failures: tuple[Failure, ...] = ()
    skipped: tuple[str, ...] = ()
    not_reached: tuple[str, ...] = ()


@dataclass
class _Attempt:
    """A step that runs, or waits for another try."""

    step: Step
    executor_input: dict[str, Any]
    place: Place
    failures: int = 0
    not_before: float = 0.0
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None
    began: float = 0.0


class Execution:
    """A run of a graph."""

    def __init__(
        self,
        graph: Graph,
        record: Record,
        *,
        work: Path,
        surroundings: Surroundings,
        jobs: int,
        report: Report,
    ) -> None:
        """Args:
        graph: what is run.
        record: its finished steps, and where they are kept.
        work: the folder of logs and scratch files, and of artifacts where the graph names none.
        surroundings: what starts a step's process.
        jobs: how many steps run side by side.
        report: called for each event.
        """
        self._graph, self._record, self._jobs, self._report = graph, record, jobs, report
        self._work, self._surroundings = work, surroundings
        # A bucket is no folder of this machine.
        root = Path(graph.root) if graph.root.startswith("/") else work / "artifacts"
        self._artifacts = root / graph.name / record.run
        self._waiting = list(graph.steps)
        self._attempts: list[_Attempt] = []
        self._skipped: set[str] = set()
        self._not_reached: set[str] = set()
        self._failures: dict[str, Failure] = {}

    def run(self) -> Outcome:
        """Run every step that can run; after a failure, wait for the steps that run and start no other.

        Also after an interrupt no process of a step is left running.
        """
        for step in [step for step in self._waiting if step.name in self._record.finished]:
            self._waiting.remove(step)
            self._report("kept", step.name, "")
        try:
            while True:
                self._start_ready()
                if not self._attempts and not self._give_up():
                    break
                self._poll()
                time.sleep(_POLL_SECONDS)
        finally:
            running = [attempt.process for attempt in self._attempts if attempt.process is not None]
            try:
                launch.end(running)
            finally:
                self._surroundings.remove(running)
            for attempt in self._attempts:
                if attempt.log is not None:
                    attempt.log.close()
        return Outcome(
            results=dict(self._record.finished),
            failures=tuple(self._failures.values()),
            skipped=tuple(step.name for step in self._graph.steps if step.name in self._skipped),
            not_reached=tuple(step.name for step in self._graph.steps if step.name in self._not_reached),
        )

    def _give_up(self) -> bool:
        """With nothing running, drop the steps that wait; whether one can start that runs whatever happened."""
        dropped = [step for step in self._waiting if not step.whatever_happened]
        self._not_reached.update(step.name for step in dropped)
        self._waiting = [step for step in self._waiting if step.whatever_happened]
        return any(step.after <= self._record.finished.keys() | self._ended for step in self._waiting)

    @property
    def _ended(self) -> set[str]:
        """Steps that will not finish."""
        return self._skipped | self._failures.keys() | self._not_reached

    def _start_ready(self) -> None:
        for step in list(self._waiting):
            finished = self._record.finished.keys()
            if not step.after <= finished | self._ended:
                continue
            if not step.after <= finished and not step.whatever_happened:
                # After a failure a step is not reached; after a skipped one it is skipped too.
                if not step.after & self._failures.keys() and step.after & self._skipped:
                    self._skip(step, "a step that it needs was skipped")
                continue
            producers = {source.step for source in step.artifacts.values()}
            if not producers <= finished:
                self._skip(step, "an artifact that it needs was not made")
                continue
            if (self._failures and not step.whatever_happened) or len(self._attempts) >= self._jobs:
                continue
            self._begin(step)
        for attempt in self._attempts:
            if attempt.process is None and time.monotonic() >= attempt.not_before:
                self._start(attempt)
        self._attempts = [attempt for attempt in self._attempts if attempt.step.name not in self._failures]

    def _skip(self, step: Step, reason: str) -> None:
        self._waiting.remove(step)
        self._skipped.add(step.name)
        self._report("skipped", step.name, reason)

    def _begin(self, step: Step) -> None:
        place = Place(
            scratch=self._work / "steps" / step.name,
            artifacts=self._artifacts / step.name,
            log=self._work / "logs" / f"{step.name}.log",
        )
        place.log.parent.mkdir(parents=True, exist_ok=True)
        try:
            executor_input = launch.executor_input(step, self._record.finished, place, run=self._record.run)
            runs = holds(step.condition, executor_input["inputs"])
        except (ConditionError, ParameterError, KeyError) as error:
            place.log.write_bytes(b"")
            self._waiting.remove(step)
            self._fail(step, place, f"was not started: {error}")
            return
        if not runs:
            self._skip(step, f"condition not met: {step.condition}")
            return
        self._waiting.remove(step)
        place.log.write_bytes(b"")
        self._attempts.append(_Attempt(step, executor_input, place))

    def _start(self, attempt: _Attempt) -> None:
        attempt.log = attempt.place.log.open("ab")
        attempt.began = time.monotonic()
        try:
            attempt.process = launch.start(
                attempt.step, attempt.executor_input, attempt.place, attempt.log, self._surroundings
            )
        except (OSError, SettingsError) as error:
            attempt.log.close()
            self._fail(attempt.step, attempt.place, f"could not be started: {error}")
            return
        if not attempt.failures:
            self._report("started", attempt.step.name, "")

    def _poll(self) -> None:
        for attempt in list(self._attempts):
            code = None if attempt.process is None else attempt.process.poll()
            if code is None:
                continue
            assert attempt.process is not None
            assert attempt.log is not None
            launch.sweep(attempt.process)
            attempt.log.close()
            attempt.process = None
            seconds = time.monotonic() - attempt.began
            problem = f"ended with {_exit_text(code)}" if code else ""
            if not problem:
                try:
                    result = launch.result(
                        attempt.step, attempt.executor_input, attempt.place, seconds=seconds
                    )
                except OutputError as error:
                    problem = f"ended with exit code 0, but {error}"
                else:
                    self._attempts.remove(attempt)
                    self._record.add(attempt.step.name, result)
                    self._report("finished", attempt.step.name, f"{seconds:.1f} s")
                    continue
            attempt.failures += 1
            if attempt.failures <= attempt.step.retry.count:
                pause = attempt.step.retry.pause(attempt.failures)
                attempt.not_before = time.monotonic() + pause
                again = (
                    f"{problem}; try {attempt.failures + 1} of {attempt.step.retry.count + 1} in {pause:g} s"
                )
                self._report("again", attempt.step.name, again)
                continue
            self._attempts.remove(attempt)
            times = f", the last of {attempt.failures} tries" if attempt.failures > 1 else ""
            self._fail(attempt.step, attempt.place, f"{problem}{times}")

    def _fail(self, step: Step, place: Place, reason: str) -> None:
        text = place.log.read_text(encoding="utf-8", errors="replace") if place.log.exists() else ""
        lines = text.splitlines()
        self._failures[step.name] = Failure(step.name, reason, place.log, tuple(lines[-_TAIL_LINES:]))
        self._report("failed", step.name, reason)


def _exit_text(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
