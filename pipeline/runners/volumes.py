"""The paths of the settings on a cluster: on a mounted volume, or in a bucket."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

import msgspec

from pipeline.settings import Settings, SettingsError, is_bucket
from pipeline.settings.kubeflow import Volume

# The pipeline root that Kubeflow Pipelines has by default: a bucket in the object store that it installs.
OWN_STORE = "minio://mlpipeline/v2/artifacts"
# The one object store that TensorFlow reads and writes.
_TENSORFLOWS = "gs://"
_CHECKPOINTS = "runs"


def on_volumes(settings: Settings) -> Settings:
    """Convert every path to that in a step: a relative one lies below the first volume.

    Raises:
        SettingsError: an absolute path outside of every volume, such as one of this machine.
    """
    volumes = settings.kubeflow.pvc
    schema, vectors = settings.schema, settings.trainer.vectors
    return msgspec.structs.replace(
        settings,
        data=placed("data", settings.data, volumes),
        schema=placed("schema", schema, volumes) if schema else None,
        serving=msgspec.structs.replace(
            settings.serving, models=placed("serving.models", settings.serving.models, volumes)
        ),
        pipeline=msgspec.structs.replace(
            settings.pipeline, root=placed("pipeline.root", settings.pipeline.root, volumes)
        ),
        trainer=msgspec.structs.replace(
            settings.trainer, vectors=placed("trainer.vectors", vectors, volumes) if vectors else None
        ),
    )


def artifacts_root(settings: Settings) -> str:
    """Where Kubeflow's second back end keeps artifacts, which takes buckets alone: its own for a folder of a volume."""
    if not is_bucket(settings.pipeline.root):
        return OWN_STORE
    return posixpath.join(settings.run_place, "artifacts")


def with_local_checkpoints(settings: Settings) -> Settings:
    """Keep checkpoints and trials on the first volume if `pipeline.root` is a bucket that TensorFlow cannot write to.

    Raises:
        SettingsError: there is no volume.
    """
    root, volumes = settings.pipeline.root, settings.kubeflow.pvc
    if not is_bucket(root) or root.startswith(_TENSORFLOWS):
        return settings
    if not volumes:
        raise SettingsError(
            f"pipeline.root: found {root}, where TensorFlow cannot write checkpoints; expected {_TENSORFLOWS}, or a "
            "volume for them in kubeflow.pvc"
        )
    local = posixpath.join(volumes[0].mount, _CHECKPOINTS)
    return msgspec.structs.replace(settings, pipeline=msgspec.structs.replace(settings.pipeline, root=local))


def require_readable(settings: Settings) -> None:
    """Require that TensorFlow reads what is not an artifact, which Kubeflow's launcher does not copy to a step's disk.

    Raises:
        SettingsError: a path in a bucket that TensorFlow cannot read, and that no volume has where steps look for it.
    """
    for key in ("data", "schema", "trainer.vectors"):
        path = settings.places.get(key, "")
        scheme, _, rest = path.partition("://")
        if not is_bucket(path) or path.startswith(_TENSORFLOWS):
            continue
        mount = f"/{scheme}/{rest.partition('/')[0]}"
        if mount not in {volume.mount for volume in settings.kubeflow.pvc}:
            raise SettingsError(
                f"{key}: found {path}, which TensorFlow cannot read; expected a path on a volume, {_TENSORFLOWS}, or "
                f"the bucket as a volume of kubeflow.pvc mounted at {mount}"
            )


def placed(key: str, path: str, volumes: Sequence[Volume]) -> str:
    """Convert one path to that in a step; `key` is the setting's name.

    Raises:
        SettingsError: as `on_volumes`.
    """
    if is_bucket(path):
        return path
    mounts = [volume.mount for volume in volumes]
    absolute = posixpath.normpath(
        path if path.startswith("/") else posixpath.join((mounts or ["/"])[0], path)
    )
    if any(absolute == mount or absolute.startswith(f"{mount}/") for mount in mounts):
        return absolute
    raise SettingsError(
        f"{key}: found {path}; expected a relative path (below the first volume of kubeflow.pvc), one below "
        f"{' or '.join(mounts) or 'a volume, of which kubeflow.pvc names none'}, or a bucket such as gs://NAME/path"
    )


def volume_name(claim: str) -> str:
    """The name of a claim's volume within a pod, which may have no dots."""
    return claim.replace(".", "-")


def volume_of(path: str, volumes: Sequence[Volume]) -> tuple[Volume, str] | None:
    """Find the volume that holds a path, and the path within its claim; None outside of every volume.

    The volume mounted nearest to the path counts, as for a kernel.
    """
    holding = [volume for volume in volumes if path == volume.mount or path.startswith(f"{volume.mount}/")]
    if not holding:
        return None
    nearest = max(holding, key=lambda volume: len(volume.mount))
    return nearest, posixpath.normpath(
        posixpath.join(nearest.sub_path, posixpath.relpath(path, nearest.mount))
    )
