"""Runs, their steps and artifacts, read from the metadata store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd


@dataclass(frozen=True)
class Artifact:
    """An artifact: where it is stored, and its properties."""

    type: str
    uri: str
    id: int
    properties: dict[str, str | int | float]


@dataclass(frozen=True)
class Step:
    """One component's execution.

    Attributes:
        component: its id in the pipeline.
        cached: answered from the cache.
        complete: ended well, or cached.
        outputs: output key -> artifacts.
        failed: ended by an error; one that was killed is neither failed nor complete.
        running: has not ended; also one that was killed, until the next run starts.
        parameters: its execution parameters that are text.
    """

    component: str
    cached: bool
    complete: bool
    outputs: dict[str, list[Artifact]]
    failed: bool = False
    running: bool = False
    parameters: dict[str, str] = field(default_factory=dict)

    def only(self, key: str) -> Artifact:
        """The one artifact of an output."""
        (artifact,) = self.outputs[key]
        return artifact


@dataclass(frozen=True)
class RunSteps:
    """A run.

    Attributes:
        run_id: of the pipeline run.
        began: its start, in UTC.
        steps: the latest execution of each component that has started, in the order of their starts.
    """

    run_id: str
    began: datetime
    steps: dict[str, Step]


class Lineage:
    """Reads a pipeline's SQLite metadata. Open it again to see later writes."""

    def __init__(self, database: Path) -> None:
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(database)
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READONLY
        self._store = metadata_store.MetadataStore(config)

    def run_ids(self) -> list[str]:
        """The ids of all runs, the oldest first."""
        runs = self._store.get_contexts_by_type("pipeline_run")
        return [run.name for run in sorted(runs, key=lambda context: context.id)]

    def steps(self, run_id: str, components: Iterable[str]) -> dict[str, Step]:
        """The latest executions of those components that have started, in the given order."""
        steps = {component: self.step(run_id, component) for component in components}
        return {component: step for component, step in steps.items() if step is not None}

    def step(self, run_id: str, component: str) -> Step | None:
        """The latest execution of a component in a run; None if it has not started."""
        run = self._store.get_context_by_type_and_name("pipeline_run", run_id)
        if run is None:
            raise KeyError(f"no run {run_id} in the metadata; found {', '.join(self.run_ids()) or 'no run'}")
        # A node's context is named `<pipeline>.<component>`.
        executions = [
            execution
            for execution in self._store.get_executions_by_context(run.id)
            if any(
                context.type == "node" and context.name.split(".", 1)[1] == component
                for context in self._store.get_contexts_by_execution(execution.id)
            )
        ]
        if not executions:
            return None
        execution = max(executions, key=lambda execution: execution.id)
        return _step(component, execution, self._outputs([execution.id]).get(execution.id, {}))

    def runs(self) -> list[RunSteps]:
        """All runs with their steps and artifacts, the oldest first, by few queries however many there are."""
        component_of = {
            execution.id: node.name.split(".", 1)[1]
            for node in self._store.get_contexts_by_type("node")
            for execution in self._store.get_executions_by_context(node.id)
        }
        contexts = sorted(self._store.get_contexts_by_type("pipeline_run"), key=lambda context: context.id)
        executions = {
            run.id: sorted(self._store.get_executions_by_context(run.id), key=lambda execution: execution.id)
            for run in contexts
        }
        outputs = self._outputs([execution.id for of_run in executions.values() for execution in of_run])
        return [
            RunSteps(
                run.name,
                datetime.fromtimestamp(run.create_time_since_epoch / 1000, timezone.utc),
                {
                    component_of[execution.id]: _step(
                        component_of[execution.id], execution, outputs.get(execution.id, {})
                    )
                    for execution in executions[run.id]
                    if execution.id in component_of
                },
            )
            for run in contexts
        ]

    def _outputs(self, execution_ids: Sequence[int]) -> dict[int, dict[str, list[Artifact]]]:
        """The outputs of executions: id -> output key -> artifacts."""
        if not execution_ids:
            return {}
        events = [
            event
            for event in self._store.get_events_by_execution_ids(execution_ids)
            if event.type in (mlmd.Event.OUTPUT, mlmd.Event.INTERNAL_OUTPUT)
        ]
        artifacts = {
            a.id: a for a in self._store.get_artifacts_by_id(sorted({event.artifact_id for event in events}))
        }
        outputs: dict[int, dict[str, list[Artifact]]] = {}
        for event in events:
            key = next(step.key for step in event.path.steps if step.HasField("key"))
            outputs.setdefault(event.execution_id, {}).setdefault(key, []).append(
                _artifact(artifacts[event.artifact_id])
            )
        return outputs


def _step(component: str, execution: mlmd.Execution, outputs: dict[str, list[Artifact]]) -> Step:
    state = execution.last_known_state
    return Step(
        component=component,
        cached=state == mlmd.Execution.CACHED,
        complete=state in (mlmd.Execution.CACHED, mlmd.Execution.COMPLETE),
        outputs=outputs,
        failed=state == mlmd.Execution.FAILED,
        running=state in (mlmd.Execution.NEW, mlmd.Execution.RUNNING),
        parameters={
            name: value.string_value
            for name, value in execution.custom_properties.items()
            if value.HasField("string_value")
        },
    )


def _artifact(artifact: mlmd.Artifact) -> Artifact:
    properties: dict[str, str | int | float] = {}
    for named in (artifact.properties, artifact.custom_properties):
        for name, value in named.items():
            kind = value.WhichOneof("value")
            if kind in ("string_value", "int_value", "double_value"):
                properties[name] = getattr(value, kind)
    return Artifact(type=artifact.type, uri=artifact.uri, id=artifact.id, properties=properties)
