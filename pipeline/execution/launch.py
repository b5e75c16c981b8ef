"""One step: its ExecutorInput, its process, and its outputs."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from pipeline.execution.conditions import selected
from pipeline.execution.graph import Output, Step
from pipeline.execution.parameters import OfRun, ParameterError, as_input, from_text
from pipeline.execution.placeholders import resolved

# An interrupt first, so that a step can stop its own servers; each further signal after `_PATIENCE` seconds.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
_PATIENCE = 10.0


@dataclass(frozen=True)
class Result:
    """The outputs of a finished step.

    Attributes:
        artifacts: in the JSON form of a RuntimeArtifact (name, type, uri, metadata), by key.
        parameters: values, by key.
        seconds: its duration.
    """

    artifacts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def lost(self) -> bool:
        """Whether an artifact that it made is no longer on the disk."""
        return any(one.get("made") and not os.path.exists(one["uri"]) for one in self.artifacts.values())


@dataclass(frozen=True)
class Place:
    """The files and folders of one step of a run.

    Attributes:
        scratch: its output file, home and parameters.
        artifacts: the folder of its output artifacts.
        log: the output of its process.
    """

    scratch: Path
    artifacts: Path
    log: Path

    @property
    def output_file(self) -> Path:
        return self.scratch / "outputs" / "executor_output.json"


class Surroundings(Protocol):
    """What stands for a cluster's container: a process on a copy of the code (`image.py`), or a real one."""

    def make(self, folder: Path) -> None:
        """Make a folder, and those above it, that the step can write to."""

    def start(
        self, command: Sequence[str], env: Mapping[str, str], place: Place, log: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start a step's process, the leader of a session of its own."""

    def remove(self, stopped: Iterable[subprocess.Popen[bytes]]) -> None:
        """Take away what processes left behind that were stopped."""


class OutputError(ValueError):
    """A step ended with exit code 0, but its outputs are not those of the spec."""


def executor_input(step: Step, results: Mapping[str, Result], place: Place, *, run: str) -> dict[str, Any]:
    """Make the ExecutorInput of a step, in JSON form.

    Raises:
        ParameterError: a parameter that is not of its type.
        ConditionError: a selector that cannot be evaluated.
    """

    def artifact(source: Output) -> dict[str, Any]:
        stored = results[source.step].artifacts[source.key]
        return {key: stored[key] for key in ("name", "type", "uri", "metadata") if key in stored}

    def parameter(key: str, value: Any) -> Any:
        if isinstance(value, Output):
            value = results[value.step].parameters[value.key]
        elif isinstance(value, OfRun):
            value = value.value(run=run, step=step.name)
        if key in step.selectors:
            value = selected(step.selectors[key], value)
        try:
            return as_input(value, step.types.get(key, ""))
        except ParameterError as error:
            raise ParameterError(f"input parameter {key}: {error}") from error

    return {
        "inputs": {
            "artifacts": {key: {"artifacts": [artifact(one)]} for key, one in step.artifacts.items()},
            "parameterValues": {key: parameter(key, one) for key, one in step.parameters.items()},
        },
        "outputs": {
            "artifacts": {
                key: {
                    "artifacts": [
                        {
                            "name": f"{run}/{step.name}/{key}",
                            "type": dict(one["type"]),
                            "uri": str(place.artifacts / key),
                            "metadata": dict(one.get("metadata", {})),
                        }
                    ]
                }
                for key, one in step.makes.items()
            },
            "parameters": {
                key: {"outputFile": str(place.scratch / "parameters" / key)} for key in step.returns
            },
            "outputFile": str(place.output_file),
        },
    }


def command_of(step: Step, executor_input: Mapping[str, Any]) -> list[str]:
    """Resolve the placeholders in the step's command and arguments.

    Raises:
        SettingsError: a placeholder that cannot be resolved.
    """
    return [resolved(word, executor_input) for word in step.words]


def start(
    step: Step, executor_input: Mapping[str, Any], place: Place, log: IO[bytes], surroundings: Surroundings
) -> subprocess.Popen[bytes]:
    """Start the step's process on empty folders.

    Raises:
        OSError: the program cannot be started.
        SettingsError: as `command_of`.
    """
    command = command_of(step, executor_input)
    for folder in (place.scratch, place.artifacts):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (
        place.output_file.parent,
        place.scratch / "home",
        place.scratch / "parameters",
        place.artifacts,
    ):
        surroundings.make(folder)
    (place.scratch / "executor_input.json").write_text(json.dumps(executor_input, indent=2), encoding="utf-8")
    return surroundings.start(command, step.env, place, log)


def result(step: Step, executor_input: Mapping[str, Any], place: Place, *, seconds: float) -> Result:
    """Read the outputs of a step that ended well: those of its input, as its output file changes them.

    Raises:
        OutputError: the output file is no JSON, or a parameter of the spec is missing or of another type.
    """
    output: dict[str, Any] = {}
    if place.output_file.exists():
        try:
            output = json.loads(place.output_file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise OutputError(f"{place.output_file} is no JSON: {error}") from error
    artifacts = {}
    for key, listed in executor_input["outputs"]["artifacts"].items():
        planned = listed["artifacts"][0]
        written = (output.get("artifacts", {}).get(key, {}).get("artifacts") or [{}])[0]
        uri = written.get("uri") or planned["uri"]
        artifacts[key] = {
            **planned,
            "uri": uri,
            "metadata": {**planned["metadata"], **written.get("metadata", {})},
            "made": os.path.exists(uri),
        }
    parameters = dict(output.get("parameterValues", {}))
    for key, kind in step.returns.items():
        # The output file takes precedence, as for Kubeflow's launcher.
        if key in parameters:
            continue
        file = Path(executor_input["outputs"]["parameters"][key]["outputFile"])
        if not file.exists():
            raise OutputError(f"found no value of the output {key}; expected it in {file}")
        try:
            parameters[key] = from_text(file.read_text(encoding="utf-8"), kind)
        except ParameterError as error:
            raise OutputError(f"the output {key}: {error} in {file}") from error
    return Result(artifacts=artifacts, parameters=parameters, seconds=seconds)


def end(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """End processes and their children: first by an interrupt, then by stronger signals."""
    running = [process for process in processes if process.poll() is None]
    try:
        for number in _SIGNALS:
            for process in running:
                _send(process, number)
            deadline = time.monotonic() + _PATIENCE
            while any(process.poll() is None for process in running) and time.monotonic() < deadline:
                time.sleep(0.02)
    finally:
        # Also after a second interrupt.
        for process in running:
            _send(process, signal.SIGKILL)
            process.wait()


def sweep(process: subprocess.Popen[bytes]) -> None:
    """Kill the processes that an ended step left behind: none outlives a container's first process."""
    _send(process, signal.SIGKILL)


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the process group, which may outlive the process."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
