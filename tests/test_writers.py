"""Who writes files, read from the sources: state is written through `files.atomic` or `trainer.remote_files` alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.test_arrows import SOURCES, module_of

RENAMES = {"os.replace", "os.rename", "shutil.move", "tf.io.gfile.rename", "fcntl.flock", "fcntl.lockf"}
# Each has a draft of its own: `registry.pushing` and `corpus.staging` rename a whole folder.
MAY_RENAME = {
    "files.atomic",
    "files.lock",
    "trainer.remote_files",
    "serving.registry.pushing",
    "corpus.staging",
}
# What is no state: artifacts, which count once their step has ended well; drafts that another module renames; logs;
# scratch files of one process; and files that a user asked for by their path.
MAY_WRITE = {
    "artifacts": {
        "components.crfsuite_baseline.executor",
        "components.model_gate.executor",
        "components.predictor.answer",
        "components.predictor.most_frequent_tag",
        "components.report.executor",
        "components.verdict",
        "trainer.export.saved_model",
    },
    "drafts": {
        "corpus.repair.copy",
        "corpus.staging",
        "files.atomic",
        "pipeline.cli.serving.predict",
        "serving.batch.writers",
        "serving.registry.model_config",
        "serving.registry.pushing",
        "serving.registry.signature",
        "trainer.remote_files",
    },
    "appended": {"files.lock", "serving.registry.label_history"},
    "logs": {"pipeline.execution.schedule", "serving.server.process", "trainer.distributed.local_workers"},
    "scratch": {
        "pipeline.cli.pushed_server",
        "pipeline.cli.serving.demo",
        "pipeline.execution.launch",
        "pipeline.runners.v2_step",
        "serving.server.endpoints.tls",
    },
    "asked for": {
        "deploy.k8s.server.overlay",
        "pipeline.runners.kubeflow",
        "pipeline.runners.kubeflow_v2",
        "pipeline.runners.workers.jobs",
        "sample.generate",
        "serving.client.protocol.generate",
    },
}


def calls_of(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node


def writes(call: ast.Call) -> bool:
    """Whether a call opens a file for writing, or writes one whole."""
    name = ast.unparse(call.func).rpartition(".")[2]
    modes = (value for value in map(ast.unparse, call.args) if set(value.strip("'")) <= set("rwaxbt+"))
    opens = name in ("open", "GFile") and any(set(mode) & set("wax+") for mode in modes)
    return opens or name in ("write_text", "write_bytes")


def test_nothing_else_renames_or_locks() -> None:
    found = {
        module_of(path) for path in SOURCES for call in calls_of(path) if ast.unparse(call.func) in RENAMES
    }
    assert found == MAY_RENAME


def test_nothing_else_writes() -> None:
    found = {module_of(path) for path in SOURCES if any(map(writes, calls_of(path)))}
    allowed = set().union(*MAY_WRITE.values())
    assert sorted(found - allowed) == []
    assert sorted(allowed - found) == [], "these write no longer"
