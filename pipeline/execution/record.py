"""The finished steps of a run, in a file from which an interrupted run resumes."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from files import atomic
from pipeline.execution.graph import Graph
from pipeline.execution.launch import Result
from pipeline.settings import SettingsError

_FILE = "run.json"


class Record:
    """The finished steps of a run, and its name, kept in `work`."""

    def __init__(self, work: Path, graph: Graph, *, image: str = "", fresh: bool = False) -> None:
        """Read the record of an earlier run in `work`, or begin one.

        Args:
            work: the folder, created if it is missing.
            graph: what is run.
            image: what it is run in; empty for processes of this machine.
            fresh: begin a new run, even if there is a record.

        Raises:
            SettingsError: the folder holds a run of another spec, or one that cannot be read.
        """
        self._file = work / _FILE
        self._graph = digest(graph, image)
        self.run = uuid.uuid4().hex[:12]
        self.finished: dict[str, Result] = {}
        if fresh or not self._file.exists():
            self._write()
            return
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            self.run, of_graph = kept["run"], kept["graph"]
            self.finished = {name: Result(**one) for name, one in kept["finished"].items()}
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"--work: {self._file} is not the record of a run ({error}); --fresh begins a new one"
            ) from error
        if of_graph != self._graph:
            raise SettingsError(
                f"--work: {work} holds a run of another spec, with other mounts or in another image; --fresh begins a "
                "new one, and another --work keeps both"
            )
        self._drop_lost(graph)

    def add(self, step: str, result: Result) -> None:
        """Record a finished step."""
        self.finished[step] = result
        self._write()

    def _drop_lost(self, graph: Graph) -> None:
        for step in graph.steps:
            result = self.finished.get(step.name)
            if result and (result.lost or not step.after <= self.finished.keys()):
                del self.finished[step.name]

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        kept: Mapping[str, object] = {
            "graph": self._graph,
            "run": self.run,
            "finished": {name: asdict(one) for name, one in self.finished.items()},
        }
        atomic.write(self._file, json.dumps(kept, indent=1))


def digest(graph: Graph, image: str) -> str:
    """Hash a graph and what it is run in; another graph, or other mounts, has another hash."""
    parts = [[step.name, repr({**asdict(step), "after": sorted(step.after)})] for step in graph.steps]
    return hashlib.sha256(json.dumps([graph.name, graph.root, image, parts]).encode()).hexdigest()
