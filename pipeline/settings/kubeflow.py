"""The settings below `kubeflow`, as plain, checked data. Imports no TensorFlow, TFX or kfp."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from typing import Annotated, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
# Names of Kubernetes objects (RFC 1123), and its quantities.
ObjectName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
        description="a name as Kubernetes has them: lower-case letters, digits, - and .",
    ),
]
Quantity = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$",
        description="a quantity of Kubernetes, such as 500m, 4 or 16Gi",
    ),
]
EnvName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
MountPath = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^/[A-Za-z0-9._/-]*[A-Za-z0-9._-]$",
        description="an absolute path without a slash at its end, such as /tagline",
    ),
]

# The only nodes that train: a GPU anywhere else would stand idle.
GPU_NODES = ("Trainer", "Tuner")
# The resource of NVIDIA's device plugin, and the label for the kind of a node's GPUs.
GPU_RESOURCE = "nvidia.com/gpu"
GPU_PRODUCT = "nvidia.com/gpu.product"

_SECRET_NAME = re.compile(
    r"(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_KEY|PRIVATE_KEY)(_|$)"
)
_SECRET_VALUE = re.compile(
    r"-----BEGIN|^AKIA[0-9A-Z]{12,}|^gh[pousr]_\w{20,}|^eyJ[\w-]{10,}\.|^AIza[\w-]{30,}|^sk-\w{16,}"
    r"|://[^/\s:@]*:[^/\s@]+@|\"private_key\""
)
# Long, and of letters and digits without spaces: nobody writes such a value by hand.
_RANDOM = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+/=_-]{32,}")


class Volume(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A PersistentVolumeClaim and where every step sees it."""

    claim: ObjectName
    mount: MountPath
    sub_path: str = ""

    def __post_init__(self) -> None:
        if self.sub_path.startswith("/") or ".." in self.sub_path.split("/"):
            raise ValueError(
                f"sub_path: found {self.sub_path!r}; expected a path within the volume, such as runs"
            )


class Toleration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """As in a pod's specification."""

    key: str = ""
    operator: Literal["Exists", "Equal"] = "Equal"
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""

    def __post_init__(self) -> None:
        # Kubernetes would refuse the pod, long after the pipeline was submitted.
        if not self.key and self.operator != "Exists":
            raise ValueError("found no key; expected a key, or operator Exists, which then stands for all")
        if self.value and self.operator == "Exists":
            raise ValueError(f"found value {self.value}; expected no value beside Exists, or operator Equal")


class SecretKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of a Secret, by name alone."""

    secret: ObjectName
    key: str


class Metadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The MLMD service, gRPC."""

    host: str
    port: Port = 8080


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Resources, node and retries of one component's container. None and empty: the cluster's defaults."""

    cpu: Quantity | None = None
    memory: Quantity | None = None
    gpus: Count = 0
    gpu_type: str | None = None
    node_selector: dict[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()
    retries: Count = 0
    timeout: Count = 0
    cache: bool | None = None
    image: str | None = None

    @property
    def gpu_resource(self) -> str:
        """The name of the resource that the step requests GPUs by."""
        return self.gpu_type if self.gpu_type and "/" in self.gpu_type else GPU_RESOURCE

    @property
    def node_labels(self) -> dict[str, str]:
        """Labels that the step's node must have: the kind of GPU, and those of `node_selector`."""
        kind = {GPU_PRODUCT: self.gpu_type} if self.gpu_type and "/" not in self.gpu_type else {}
        return {**kind, **self.node_selector}


class Kubeflow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of clusters; the local runner ignores them."""

    image: str = "tagline:latest"
    host: str = "http://localhost:8888"
    namespace: ObjectName = "kubeflow"
    experiment: str = "tagline"
    service_account: ObjectName = "tagline-pipeline"
    pvc: tuple[Volume, ...] = (
        Volume(claim="tagline-work", mount="/tagline"),
        Volume(claim="tagline-models", mount="/tagline/serving_models"),
    )
    metadata: Metadata | None = None
    training: Literal["tfjob", "trainjob"] = "tfjob"
    env: dict[EnvName, str] = {}
    secrets: dict[EnvName, SecretKey] = {}
    components: dict[str, Step] = {}

    def __post_init__(self) -> None:
        for node, step in self.components.items():
            if step.gpus and node not in GPU_NODES:
                raise ValueError(
                    f"components.{node}.gpus: found {step.gpus}; only {' and '.join(GPU_NODES)} use a GPU: set "
                    f"components.Trainer.gpus, and take this one out"
                )
            if step.gpu_type and not step.gpus:
                raise ValueError(
                    f"components.{node}.gpu_type: found {step.gpu_type}, but no GPU; set components.{node}.gpus too"
                )
        for name, value in self.env.items():
            if _SECRET_NAME.search(name.upper()) or _SECRET_VALUE.search(value) or _RANDOM.fullmatch(value):
                # No part of a credential is printed.
                raise ValueError(
                    f"env.{name}: this looks like a credential, and what is compiled is read by many; put it "
                    f"into a Secret and write secrets: {{{name}: {{secret: NAME, key: KEY}}}}"
                )
        if both := sorted(self.env.keys() & self.secrets.keys()):
            raise ValueError(
                f"env and secrets: found {', '.join(both)} in both; expected each name in one of them"
            )
        mounts = [volume.mount for volume in self.pvc]
        if len(set(mounts)) < len(mounts):
            raise ValueError(f"pvc: found {', '.join(mounts)}; expected each volume at a place of its own")


def unknown_nodes(named: Collection[str], nodes: Collection[str]) -> list[str]:
    """Explain which names in `kubeflow.components` are no node of the pipeline, a line for each."""
    lines = []
    for name in sorted(set(named) - set(nodes)):
        lower = {node.lower(): node for node in nodes}
        close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
        hint = f"did you mean {lower[close[0]]}? " if close else ""
        lines.append(
            f"kubeflow.components.{name}: no such component; {hint}expected one of {', '.join(nodes)}"
        )
    return lines
