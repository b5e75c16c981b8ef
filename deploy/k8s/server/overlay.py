"""A kustomize overlay for one model: a namespace, the model's configuration, and patches of the base."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

MANIFESTS = Path(__file__).resolve().parent
KUSTOMIZATION, NAMESPACE, MODELS = "kustomization.yaml", "namespace.yaml", "models.config"
VOLUME = "/models"
_BUCKET = re.compile(r"gs://[a-z0-9][a-z0-9._-]*[a-z0-9](/[^\s\"\\]+)?")
# The names that the setting `name` of configs/default.yaml may have.
_MODEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_NAMESPACE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class OverlayError(ValueError):
    """An overlay that cannot be written; the message has what was expected and found."""


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """The choices of an overlay.

    Attributes:
        model: the name that clients request, and the folder of its versions.
        namespace: the namespace of the objects; the overlay creates it.
        models: where the folders of models lie: `/models`, the volume, or `gs://BUCKET/PATH`.
        monitoring: with a ServiceMonitor for the Prometheus operator.
        tls: with TLS on the gRPC port.

    Raises:
        OverlayError: a name or place that Kubernetes or TensorFlow Serving would refuse.
    """

    model: str
    namespace: str
    models: str = VOLUME
    monitoring: bool = False
    tls: bool = False

    def __post_init__(self) -> None:
        if not _MODEL_NAME.fullmatch(self.model):
            raise OverlayError(
                f"model: found {self.model!r}; expected a name of up to 63 letters, digits, - and _, a letter first"
            )
        if not _NAMESPACE_NAME.fullmatch(self.namespace):
            raise OverlayError(
                f"namespace: found {self.namespace!r}; expected up to 63 lower-case letters, digits and -, "
                "as Kubernetes requires"
            )
        if self.models != VOLUME and not _BUCKET.fullmatch(self.models):
            raise OverlayError(
                f"models: found {self.models!r}; expected {VOLUME}, the volume, or gs://BUCKET/PATH. TensorFlow "
                "Serving 2.15 reads no other store: mount an S3 bucket as the volume"
            )


def default_namespace(model: str) -> str:
    """Derive a namespace from a model's name."""
    return f"tagline-{model.lower().replace('_', '-')}"[:63].rstrip("-")


def files(overlay: Overlay, folder: Path) -> dict[str, str]:
    """Generate the overlay's files as text, by name; the paths in them are relative to `folder`."""
    return {
        KUSTOMIZATION: _kustomization(overlay, folder),
        NAMESPACE: _namespace(overlay.namespace),
        MODELS: models_config(overlay.model, overlay.models),
    }


def write(overlay: Overlay, folder: Path) -> list[Path]:
    """Write the overlay to a folder and return the files written.

    An existing `models.config` is kept: versions and labels are set in it by hand.

    Raises:
        OverlayError: the existing `models.config` has another model or another place; nothing is written.
    """
    texts = files(overlay, folder)
    existing = folder / MODELS
    if existing.exists():
        _check_models_config(overlay, existing)
        del texts[MODELS]
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _check_models_config(overlay: Overlay, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for expected in (f'name: "{overlay.model}"', f'base_path: "{_base_path(overlay.model, overlay.models)}"'):
        if expected not in text:
            raise OverlayError(
                f"{file}: expected {expected}, which is not in it; correct the file, or remove it to get a new one"
            )


def models_config(model: str, models: str = VOLUME) -> str:
    """Generate a ModelServerConfig, as text, that serves the newest version of `<models>/<model>`."""
    return f"""\
model_config_list {{
  config {{
    name: "{model}"
    base_path: "{_base_path(model, models)}"
    model_platform: "tensorflow"
    model_version_policy {{ latest {{ num_versions: 1 }} }}
  }}
}}
"""


def _base_path(model: str, models: str) -> str:
    return f"{models.rstrip('/')}/{model}"


def _kustomization(overlay: Overlay, folder: Path) -> str:
    # Both ends with links resolved: kustomize resolves a relative path from the folder's real place.
    manifests = Path(os.path.relpath(MANIFESTS, folder.resolve())).as_posix()
    names = ["pvc" if overlay.models == VOLUME else "gcs"]
    names += ["monitoring"] * overlay.monitoring + ["tls"] * overlay.tls
    components = "\n".join(f"  - {manifests}/components/{name}" for name in names)
    return f"""\
# Written by `python -m deploy.k8s.server`; models.config beside it is yours to change.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization

namespace: {overlay.namespace}

resources:
  - namespace.yaml
  - {manifests}/base

components:
{components}

configMapGenerator:
  - name: tagline-models-config
    behavior: replace
    files:
      - models.config
    options:
      disableNameSuffixHash: true

patches:
  - target:
      kind: Deployment
      name: tagline
    patch: |-
      - op: replace
        path: /spec/template/spec/containers/0/startupProbe/httpGet/path
        value: /v1/models/{overlay.model}/metadata
      - op: replace
        path: /spec/template/spec/containers/0/readinessProbe/httpGet/path
        value: /v1/models/{overlay.model}/metadata
"""


def _namespace(name: str) -> str:
    return f"""\
apiVersion: v1
kind: Namespace
metadata:
  name: {name}
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""
