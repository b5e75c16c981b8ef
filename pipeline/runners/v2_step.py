"""`python -m pipeline.runners.v2_step`: the entry point of a step in a pipeline spec 2.1.

Runs TFX's own entry point with its arguments, and adapts five points before and after:

- Components read and write folders. A back end names artifacts by bucket (`gs://b/x`) and mounts or copies them to
  the step's disk, at `/gcs/b/x`, `/s3/b/x` or `/minio/b/x`.
- A spec has no optional artifacts. Those that PushedModel and PushedStatistics mark as not found are removed.
- A spec names the project's own artifact types by title alone.
- TFX's entry point knows no run id. Where a step has it as a parameter, it is put into the executor's context.
- Artifacts that a step reads are held against their digests, and those of what it makes are recorded.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from components.resolvers.pushed.executor import FOUND
from pipeline.beam.args import works_elsewhere

_DISK = {"gs": "/gcs", "s3": "/s3", "minio": "/minio"}
_BUCKET = re.compile(r"(gs|s3|minio)://")
# The parameter that holds the run's id, for the steps that record it.
RUN_PARAMETER = "pipeline_run_id"
_OWN_TYPES = ("CorpusVerdict", "RunReport", "Predictions")


def on_disk(uri: str) -> str:
    """Convert a URI to the path on the step's disk; a path stays as it is."""
    return _BUCKET.sub(lambda match: f"{_DISK[match[1]]}/", uri, count=1) if _BUCKET.match(uri) else uri


def localized(
    invocation: dict[str, Any], *, place: Callable[[str], str] = on_disk
) -> tuple[dict[str, Any], dict[str, str]]:
    """Convert an ExecutorInput in JSON form for components; also returns the URI of each path on the disk."""
    changed = json.loads(json.dumps(invocation))
    uris: dict[str, str] = {}
    for side in ("inputs", "outputs"):
        for listed in changed.get(side, {}).get("artifacts", {}).values():
            artifacts = [
                one for one in listed.get("artifacts", []) if one.get("metadata", {}).get(FOUND) != 0
            ]
            for artifact in artifacts:
                if "uri" in artifact:
                    uris[place(artifact["uri"])] = artifact["uri"]
                    artifact["uri"] = place(artifact["uri"])
            listed["artifacts"] = artifacts
    return changed, uris


def restored(output: dict[str, Any], uris: dict[str, str]) -> dict[str, Any]:
    """Put URIs back in place of the paths on the step's disk in an ExecutorOutput in JSON form."""
    changed = json.loads(json.dumps(output))
    for listed in changed.get("artifacts", {}).values():
        for artifact in listed.get("artifacts", []):
            artifact["uri"] = uris.get(artifact.get("uri", ""), artifact.get("uri", ""))
    return changed


def require_intact(invocation: dict[str, Any]) -> None:
    """Hold the inputs of a localized ExecutorInput against the digests that the steps before recorded.

    Raises:
        digests.Changed: an artifact is not what its step made.
    """
    from components import digests

    for artifact in _artifacts(invocation.get("inputs", {})):
        digests.require_intact(artifact["uri"], artifact.get("metadata", {}).get(digests.PROPERTY, ""))


def with_digests(output: dict[str, Any]) -> dict[str, Any]:
    """Add the digest of each artifact on the step's disk to an ExecutorOutput in JSON form."""
    from components import digests

    changed = json.loads(json.dumps(output))
    for artifact in _artifacts(changed):
        if digest := digests.digest_on_disk(artifact.get("uri", "")):
            artifact.setdefault("metadata", {})[digests.PROPERTY] = digest
    return changed


def _artifacts(side: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for listed in side.get("artifacts", {}).values():
        yield from listed.get("artifacts", [])


def with_reachable_parameters(invocation: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Convert parameters that name buckets to folders, for buckets on the step's disk.

    A corpus in a bucket that is not mounted is copied to `scratch`. The destination of models in such a bucket is left
    as it is, and AtomicPusher refuses it: buckets have no atomic rename.
    """
    parameters = invocation.get("inputs", {}).get("parameterValues", {})
    for name, value in parameters.items():
        if name == "custom_config" and isinstance(value, str):
            # Checkpoints of interrupted trainings, kept on this machine alone if no bucket is mounted.
            parameters[name] = re.sub(r'(?<=")(gs|s3|minio)://[^/"]+', _on_disk_if_mounted, value)
        elif isinstance(value, str) and _BUCKET.match(value):
            local = on_disk(value)
            if _is_mounted(local):
                parameters[name] = local
            elif name == "input_base":
                parameters[name] = str(_fetch(value, scratch / "data"))
    return invocation


def _on_disk_if_mounted(uri: re.Match[str]) -> str:
    local = on_disk(uri[0])
    return local if _is_mounted(local) else uri[0]


def _is_mounted(path: str) -> bool:
    """Whether the bucket of `/gcs/BUCKET/...` is mounted: newer launchers mount an empty volume at /gcs itself."""
    root, bucket = path.split("/")[1:3]
    folder = f"/{root}/{bucket}"
    return os.path.ismount(folder) or (os.path.ismount(f"/{root}") and os.path.isdir(folder))


def _fetch(uri: str, target: Path) -> Path:
    from tfx.dsl.io import fileio

    for folder, _, names in fileio.walk(uri):
        here = target / os.path.relpath(str(folder), uri)
        here.mkdir(parents=True, exist_ok=True)
        for name in names:
            fileio.copy(os.path.join(str(folder), str(name)), str(here / str(name)), overwrite=True)
    return target


@contextlib.contextmanager
def _in_run(run: str | None) -> Iterator[None]:
    """Add the run's id to the executor contexts that TFX's entry point makes."""
    from tfx.dsl.components.base.base_executor import BaseExecutor

    before: Any = BaseExecutor.Context

    class Context(before):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{"pipeline_run_id": run, **kwargs})

    BaseExecutor.Context = Context
    try:
        yield
    finally:
        BaseExecutor.Context = before


def _parse(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    from absl.flags import argparse_flags

    parser = argparse_flags.ArgumentParser(prog="python -m pipeline.runners.v2_step")
    parser.add_argument("--executor_class_path", required=True)
    parser.add_argument("--json_serialized_invocation_args", required=True)
    parser.add_argument("--json_serialized_inputs_spec_args")
    known: tuple[argparse.Namespace, list[str]] = parser.parse_known_args(argv[1:])
    return known


def _run(parsed: tuple[argparse.Namespace, list[str]]) -> None:
    from tfx.dsl.io import fileio
    from tfx.orchestration.kubeflow.v2 import compiler_utils
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

    arguments, beam = parsed
    for name in _OWN_TYPES:
        compiler_utils.TITLE_TO_CLASS_PATH[f"tagline.{name}"] = f"components.artifacts.{name}"
    # Workers on other machines have no disk of the step's: TFX and Beam take gs:// as it is.
    place = str if works_elsewhere(beam) else on_disk
    invocation, uris = localized(json.loads(arguments.json_serialized_invocation_args), place=place)
    require_intact(invocation)
    scratch = Path(tempfile.mkdtemp(prefix="tagline-step-"))
    try:
        arguments.json_serialized_invocation_args = json.dumps(with_reachable_parameters(invocation, scratch))
        with _in_run(invocation.get("inputs", {}).get("parameterValues", {}).get(RUN_PARAMETER)):
            kubeflow_v2_run_executor.main((arguments, beam))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    written = invocation["outputs"]["outputFile"]
    with fileio.open(written, "r") as file:
        output = restored(with_digests(json.loads(file.read())), uris)
    with fileio.open(written, "w") as file:
        file.write(json.dumps(output))


if __name__ == "__main__":
    from absl import app

    app.run(_run, flags_parser=_parse)
