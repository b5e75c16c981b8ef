"""`python -m pipeline.runners.v2_step`: the entry point of a step in a pipeline spec 2.1.

Takes the arguments of TFX's own entry point and runs it, with four things put right before and after:

- Components read and write folders. A back end names artifacts by bucket (`gs://b/x`) and has them on the step's disk
  too, at `/gcs/b/x`, `/s3/b/x` or `/minio/b/x`: both Vertex, which mounts buckets, and Kubeflow's launcher, which
  copies.
- A spec has no inputs that may be missing. What PushedModel and PushedStatistics mark as not found is taken out.
- A spec names the project's own artifact types by title alone.
- TFX's entry point knows no run. Where a step is handed its id, its executor's context has it, as elsewhere.
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
# The parameter that holds the run's id, for the steps that tell of it.
RUN_PARAMETER = "pipeline_run_id"
_OWN_TYPES = ("CorpusVerdict", "RunReport", "Predictions")


def on_disk(uri: str) -> str:
    """Where the step finds what a URI names; a path stays as it is."""
    return _BUCKET.sub(lambda found: f"{_DISK[found[1]]}/", uri, count=1) if _BUCKET.match(uri) else uri


def localized(
    invocation: dict[str, Any], *, place: Callable[[str], str] = on_disk
) -> tuple[dict[str, Any], dict[str, str]]:
    """An ExecutorInput in JSON form as components take it, and the URI for each output's path on the disk."""
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
    """An ExecutorOutput in JSON form with URIs in place of paths on the step's disk."""
    changed = json.loads(json.dumps(output))
    for listed in changed.get("artifacts", {}).values():
        for artifact in listed.get("artifacts", []):
            artifact["uri"] = uris.get(artifact.get("uri", ""), artifact.get("uri", ""))
    return changed


def with_reachable_parameters(invocation: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """The same with parameters that name buckets turned to folders, as far as the step's disk has them.

    A corpus in a bucket that is not mounted is copied to `scratch`; where models are pushed is left as it is then, so
    that AtomicPusher refuses it: a rename in a bucket is no rename.
    """
    parameters = invocation.get("inputs", {}).get("parameterValues", {})
    for name, value in parameters.items():
        if name == "custom_config" and isinstance(value, str):
            # Checkpoints of interrupted trainings: for this machine alone where no bucket is mounted.
            parameters[name] = re.sub(r'(?<=")gs://[^/"]+', _on_disk_if_mounted, value)
        elif isinstance(value, str) and _BUCKET.match(value):
            local = on_disk(value)
            if _is_mounted(local):
                parameters[name] = local
            elif name == "input_base":
                parameters[name] = str(_fetched(value, scratch / "data"))
    return invocation


def _on_disk_if_mounted(uri: re.Match[str]) -> str:
    local = on_disk(uri[0])
    return local if _is_mounted(local) else uri[0]


def _is_mounted(path: str) -> bool:
    """Whether the bucket of `/gcs/BUCKET/...` is there: newer launchers mount an empty volume at /gcs itself."""
    root, bucket = path.split("/")[1:3]
    folder = f"/{root}/{bucket}"
    return os.path.ismount(folder) or (os.path.ismount(f"/{root}") and os.path.isdir(folder))


def _fetched(uri: str, target: Path) -> Path:
    from tfx.dsl.io import fileio

    for folder, _, names in fileio.walk(uri):
        here = target / os.path.relpath(str(folder), uri)
        here.mkdir(parents=True, exist_ok=True)
        for name in names:
            fileio.copy(os.path.join(str(folder), str(name)), str(here / str(name)), overwrite=True)
    return target


@contextlib.contextmanager
def _in_run(run: str | None) -> Iterator[None]:
    """While TFX's entry point makes an executor's context, which it gives no run."""
    from tfx.dsl.components.base.base_executor import BaseExecutor

    before: Any = BaseExecutor.Context

    class Context(before):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **{"pipeline_run_id": run, **named})

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
    scratch = Path(tempfile.mkdtemp(prefix="tagline-step-"))
    try:
        arguments.json_serialized_invocation_args = json.dumps(with_reachable_parameters(invocation, scratch))
        with _in_run(invocation.get("inputs", {}).get("parameterValues", {}).get(RUN_PARAMETER)):
            kubeflow_v2_run_executor.main((arguments, beam))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    written = invocation["outputs"]["outputFile"]
    with fileio.open(written, "r") as file:
        output = restored(json.loads(file.read()), uris)
    with fileio.open(written, "w") as file:
        file.write(json.dumps(output))


if __name__ == "__main__":
    from absl import app

    app.run(_run, flags_parser=_parse)
