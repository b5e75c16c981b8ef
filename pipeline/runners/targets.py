"""The formats that clusters take, and compiling a pipeline to each."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from pipeline.beam.checks import require_reachable
from pipeline.runners import platform
from pipeline.runners.volumes import OWN_STORE
from pipeline.settings import Settings, SettingsError, is_bucket

TARGETS = ("kubeflow-v2", "kubeflow", "vertex", "tfjob", "trainjob")


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
    if target in ("tfjob", "trainjob"):
        from pipeline.runners.workers import jobs

        jobs.write(settings, output, target)
    elif target == "kubeflow":
        from pipeline.runners import kubeflow

        kubeflow.write_argo(settings, output)
    elif target == "kubeflow-v2":
        from pipeline.runners import kubeflow_v2

        kubeflow_v2.write_spec(settings, output)
    else:
        from pipeline.runners import kubeflow_v2

        kubeflow_v2.write_job(settings, output)


def require_data(settings: Settings) -> None:
    """Require that the corpus is set; whether it exists can only be seen on the cluster.

    Raises:
        SettingsError: it is not set.
    """
    if not settings.data:
        raise SettingsError(
            "data: not set; give the corpus's place on the cluster by --data DIR, or set data:"
        )


def remarks(settings: Settings, *, target: str, output: Path) -> list[str]:
    """What was compiled otherwise than one may expect, or will not work on the cluster."""
    if target == "kubeflow":
        return [
            f"{key} is {path}: this target's steps read and write folders; mount the bucket as a volume"
            for key, path in settings.places.items()
            if is_bucket(path)
        ]
    return _of_a_spec(settings, output) if target == "kubeflow-v2" else []


def _of_a_spec(settings: Settings, output: Path) -> list[str]:
    lines = []
    if (workers := settings.trainer.workers) > 1:
        lines.append(
            f"trainer.workers is {workers}: they are processes of the Trainer's step, since other pods do not have its "
            "artifacts; on --target kubeflow they are pods"
        )
    root, models = settings.pipeline.root, settings.serving.models
    if not is_bucket(root):
        lines.append(
            f"pipeline.root is {root}, on a volume: checkpoints go there, and artifacts to {OWN_STORE}, which "
            "Kubeflow Pipelines installs; for another store set pipeline.root to gs://, s3:// or minio://"
        )
    if is_bucket(models):
        lines.append(f"serving.models is {models}: models are pushed by one rename, which needs a volume")
    if output.suffix not in platform.YAML and (held := platform.held(settings.kubeflow)):
        lines.append(
            f"{output.name} has the spec alone, without {', '.join(held)}: enough for `tagline execute`; for a "
            f"cluster write {output.with_suffix('.yaml').name}, whose second document has them"
        )
    return lines
