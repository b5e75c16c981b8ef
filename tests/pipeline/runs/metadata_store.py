"""Runs in a metadata store as TFX's local runner leaves them, without running anything: contexts, executions,
artifacts with their files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

State = mlmd.Execution.State


@dataclass
class Store:
    """The metadata and the artifacts of the pipeline `tagger` below `run_dir`."""

    run_dir: Path
    _nodes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.run_dir.mkdir(parents=True, exist_ok=True)
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(self.run_dir / "metadata.db")
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self._store = metadata_store.MetadataStore(config)
        self._run_type = self._store.put_context_type(mlmd.ContextType(name="pipeline_run"))
        self._node_type = self._store.put_context_type(mlmd.ContextType(name="node"))

    def run(self, run_id: str) -> int:
        """A new run; its context's id."""
        return self._store.put_contexts([mlmd.Context(type_id=self._run_type, name=run_id)])[0]

    def step(
        self,
        run: int,
        component: str,
        output: str = "",
        *,
        files: dict[str, Any] | None = None,
        properties: dict[str, str | int] | None = None,
        parameters: dict[str, str] | None = None,
        state: int = mlmd.Execution.COMPLETE,
    ) -> Path:
        """An execution in a run, with one artifact whose folder holds `files` (JSON, text or bytes by path)."""
        if component not in self._nodes:
            node = mlmd.Context(type_id=self._node_type, name=f"tagger.{component}")
            self._nodes[component] = self._store.put_contexts([node])[0]
        kind = self._store.put_execution_type(mlmd.ExecutionType(name=component))
        execution = mlmd.Execution(type_id=kind, last_known_state=state)
        for name, text in (parameters or {}).items():
            execution.custom_properties[name].string_value = text
        (execution_id,) = self._store.put_executions([execution])
        folder = self.run_dir / "artifacts" / component / output / str(execution_id)
        for path, content in (files or {}).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            else:
                target.write_text(content if isinstance(content, str) else json.dumps(content))
        if output:
            made = mlmd.Artifact(
                type_id=self._store.put_artifact_type(mlmd.ArtifactType(name=component)), uri=str(folder)
            )
            for name, value in (properties or {}).items():
                if isinstance(value, int):
                    made.custom_properties[name].int_value = value
                else:
                    made.custom_properties[name].string_value = value
            (artifact_id,) = self._store.put_artifacts([made])
            event = mlmd.Event(artifact_id=artifact_id, execution_id=execution_id, type=mlmd.Event.OUTPUT)
            event.path.steps.add().key = output
            event.path.steps.add().index = 0
            self._store.put_events([event])
        self._store.put_attributions_and_associations(
            [],
            [
                mlmd.Association(context_id=context, execution_id=execution_id)
                for context in (run, self._nodes[component])
            ],
        )
        return folder
