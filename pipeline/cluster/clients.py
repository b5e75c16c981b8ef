"""The targets that can be submitted, each by a version of Kubeflow Pipelines' API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.settings import SettingsError

if TYPE_CHECKING:
    from pipeline.cluster import kfp_client, kfp_v2

    Pipelines = kfp_client.Pipelines | kfp_v2.Pipelines

TARGETS = ("kubeflow-v2", "kubeflow")
DEFAULT = TARGETS[0]


def client_of(target: str) -> type[Pipelines]:
    """The client that takes what a target compiles to.

    Raises:
        SettingsError: a target that is not submitted.
    """
    if target == "kubeflow-v2":
        from pipeline.cluster import kfp_v2

        return kfp_v2.Pipelines
    if target == "kubeflow":
        # Seconds: kfp.
        from pipeline.cluster import kfp_client

        return kfp_client.Pipelines
    raise SettingsError(f"--target: found {target!r}; expected {' or '.join(TARGETS)}")
