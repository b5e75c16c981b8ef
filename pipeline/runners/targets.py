"""The formats that clusters take, and compiling a pipeline to each."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from pipeline.beam.checks import require_reachable
from pipeline.settings import Settings, SettingsError, is_bucket

TARGETS = ("kubeflow", "kubeflow-v2", "vertex", "tfjob")


def write(settings: Settings, *, target: str, output: Path) -> None:
    """Compile the pipeline into a file, whose folder is created.

    Raises:
        SettingsError: no corpus, or a path that the target's steps cannot reach.
    """
    require_data(settings)
    require_reachable(settings, target=target)
    # Of libraries that are about to be imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore")
    output.parent.mkdir(parents=True, exist_ok=True)
    # Seconds: TFX and kfp, of which each target takes its own.
    if target == "tfjob":
        from pipeline.runners import tfjob

        tfjob.write(settings, output)
    elif target == "kubeflow":
        from pipeline.runners import kubeflow

        kubeflow.write_argo(settings, output)
    else:
        from pipeline.runners import kubeflow_v2

        kubeflow_v2.write_spec(settings, output, vertex=target == "vertex")


def require_data(settings: Settings) -> None:
    """Require that the corpus is set; whether it exists can only be seen on the cluster.

    Raises:
        SettingsError: it is not set.
    """
    if not settings.data:
        raise SettingsError(
            "data: not set; give the corpus's place on the cluster by --data DIR, or set data:"
        )


def remarks(settings: Settings, *, target: str) -> list[str]:
    """What compiles but will not work on the cluster."""
    lines = []
    if target == "kubeflow":
        lines += [
            f"{key} is {path}: this target's steps read and write folders; mount the bucket as a volume"
            for key, path in settings.places.items()
            if is_bucket(path)
        ]
    if target == "kubeflow-v2":
        if not is_bucket(settings.pipeline.root):
            lines.append(
                f"pipeline.root is {settings.pipeline.root}: Kubeflow's second back end keeps artifacts in gs://, "
                "s3:// or minio:// alone"
            )
        if is_bucket(settings.serving.models):
            lines.append(
                f"serving.models is {settings.serving.models}: models are pushed by one rename, which needs a volume"
            )
    return lines
