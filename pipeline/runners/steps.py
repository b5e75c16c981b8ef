"""The settings of each node's container, for all clusters."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.settings import SettingsError
from pipeline.settings.kubeflow import Kubeflow, Step, unknown_nodes
from pipeline.stages.deployment import UNCACHED


def steps_of(kubeflow: Kubeflow, nodes: Iterable[str]) -> dict[str, Step]:
    """The settings of every node of a pipeline, by its id.

    Raises:
        SettingsError: settings of an unknown node, or a cache for one that is never answered from it.
    """
    names = list(nodes)
    if wrong := unknown_nodes(kubeflow.components, names):
        raise SettingsError("\n".join(wrong))
    for name in UNCACHED:
        if name in kubeflow.components and kubeflow.components[name].cache:
            raise SettingsError(
                f"kubeflow.components.{name}.cache: found true; {name} depends on what is served now and is "
                "never answered from the cache: take the setting out"
            )
    return {name: kubeflow.components.get(name, Step()) for name in names}


def cached(node: str, step: Step, *, default: bool, never: Iterable[str] = UNCACHED) -> bool:
    """Whether a node may be answered from the cache."""
    return node not in never and (default if step.cache is None else step.cache)
