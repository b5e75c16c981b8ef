"""`tagline compile`."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

from pipeline.beam.checks import require_reachable
from pipeline.settings import Settings, SettingsError, is_bucket

TARGETS = ("kubeflow", "kubeflow-v2", "vertex", "tfjob")


def compile_pipeline(settings: Settings, *, target: str, output: Path) -> None:
    """Write the pipeline in the form that a cluster takes."""
    if target not in TARGETS:
        raise SettingsError(f"--target: found {target!r}; expected one of {', '.join(TARGETS)}")
    if not settings.data:
        raise SettingsError(
            "data: not set; give the corpus's place on the cluster by --data DIR, or set data:"
        )
    write(settings, target=target, output=output)
    for line in remarks(settings, target=target):
        print(f"note: {line}", file=sys.stderr)
    print(f"wrote {output} for {target}")


def write(settings: Settings, *, target: str, output: Path) -> None:
    """Compile into a file, whose folder is made."""
    require_reachable(settings, target=target)
    # Of libraries that are about to be imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore")
    output.parent.mkdir(parents=True, exist_ok=True)
    if target == "tfjob":
        from pipeline.runners import tfjob

        tfjob.write(settings, output)
        return
    # Seconds: TFX and kfp, of which each target takes its own.
    if target == "kubeflow":
        from pipeline.runners import kubeflow

        kubeflow.write_argo(settings, output)
    else:
        from pipeline.runners import kubeflow_v2

        kubeflow_v2.write_spec(settings, output, vertex=target == "vertex")


def remarks(settings: Settings, *, target: str) -> list[str]:
    """What will not hold on the cluster though it compiles."""
    found = []
    if target == "kubeflow":
        found += [
            f"{key} is {path}: this target's steps read and write folders; mount the bucket as a volume"
            for key, path in settings.places.items()
            if is_bucket(path)
        ]
    if target == "kubeflow-v2":
        if not is_bucket(settings.pipeline.root):
            found.append(
                f"pipeline.root is {settings.pipeline.root}: Kubeflow's second back end keeps artifacts in gs://, "
                "s3:// or minio:// alone"
            )
        if is_bucket(settings.serving.models):
            found.append(
                f"serving.models is {settings.serving.models}: models are pushed by one rename, which needs a volume"
            )
    return found
