"""Durations and outputs of a run's components, from the metadata store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

_STATES = {
    mlmd.Execution.COMPLETE: "done",
    mlmd.Execution.CACHED: "cached",
    mlmd.Execution.FAILED: "failed",
    mlmd.Execution.RUNNING: "running",
}


@dataclass(frozen=True)
class Timing:
    """An execution of a component.

    Attributes:
        component: its id in the pipeline.
        began: in UTC.
        seconds: its duration; None while it runs, as Report itself does.
        state: done, cached, failed or running.
        outputs: by type and id, such as `Model 7`.
        original_seconds: if its outputs came from the cache, the duration of the execution that made them; None
            where not known.
    """

    component: str
    began: datetime
    seconds: float | None
    state: str
    outputs: tuple[str, ...] = ()
    original_seconds: float | None = None


def timings(database: str | Path, run_id: str) -> list[Timing]:
    """Read the executions of a run, in the order they began; of a component that ran twice, the last.

    Opens the store read-only, since a runner writes to it meanwhile.

    Raises:
        FileNotFoundError: `database` is missing.
        KeyError: it has no such run.
    """
    if not Path(database).is_file():
        raise FileNotFoundError(
            f"{database}: no metadata store there; expected the local runner's SQLite file"
        )
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(database)
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READONLY
    store = metadata_store.MetadataStore(config)
    run = store.get_context_by_type_and_name("pipeline_run", run_id)
    if run is None:
        raise KeyError(f"{database}: no run {run_id} there")
    latest = {
        _component(store, execution): execution
        for execution in sorted(store.get_executions_by_context(run.id), key=lambda each: each.id)
    }
    return sorted(
        (_timing(store, component, execution) for component, execution in latest.items()),
        key=lambda timing: timing.began,
    )


def _component(store: metadata_store.MetadataStore, execution: mlmd.Execution) -> str:
    """The component's id, from the node's context, which is named `<pipeline>.<component>`."""
    names = [
        context.name.split(".", 1)[-1]
        for context in store.get_contexts_by_execution(execution.id)
        if context.type == "node"
    ]
    return names[0] if names else str(execution.type.rpartition(".")[2])


def _timing(store: metadata_store.MetadataStore, component: str, execution: mlmd.Execution) -> Timing:
    state = _STATES.get(execution.last_known_state, "unknown")
    artifacts = _outputs(store, execution)
    return Timing(
        component=component,
        began=datetime.fromtimestamp(execution.create_time_since_epoch / 1000, timezone.utc),
        seconds=_seconds(execution) if state in ("done", "cached", "failed") else None,
        state=state,
        outputs=tuple(f"{artifact.type.rpartition('.')[2]} {artifact.id}" for artifact in artifacts),
        original_seconds=_original_seconds(store, artifacts) if state == "cached" else None,
    )


def _seconds(execution: mlmd.Execution) -> float:
    return (execution.last_update_time_since_epoch - execution.create_time_since_epoch) / 1000


def _outputs(store: metadata_store.MetadataStore, execution: mlmd.Execution) -> list[mlmd.Artifact]:
    ids = [
        event.artifact_id
        for event in store.get_events_by_execution_ids([execution.id])
        if event.type == mlmd.Event.OUTPUT
    ]
    return sorted(store.get_artifacts_by_id(ids), key=lambda artifact: artifact.id) if ids else []


def _original_seconds(store: metadata_store.MetadataStore, artifacts: list[mlmd.Artifact]) -> float | None:
    """The duration of the execution that first made these artifacts."""
    ids = [artifact.id for artifact in artifacts]
    makers = {
        event.execution_id
        for event in (store.get_events_by_artifact_ids(ids) if ids else [])
        if event.type == mlmd.Event.OUTPUT
    }
    done = [
        execution
        for execution in (store.get_executions_by_id(sorted(makers)) if makers else [])
        if execution.last_known_state == mlmd.Execution.COMPLETE
    ]
    return _seconds(min(done, key=lambda execution: execution.id)) if done else None
