"""Several workers on a cluster: the job of pods that the Trainer's step creates and waits for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from pipeline.runners.workers import tfjob, trainjob
from pipeline.settings import Settings
from pipeline.settings.kubeflow import Step
from trainer.distributed.pods import MANIFESTS


def manifests(settings: Settings, kind: str) -> list[dict[str, Any]]:
    """What is created, the job last.

    Raises:
        SettingsError: a single worker.
    """
    return trainjob.manifests(settings) if kind == "trainjob" else [tfjob.manifest(settings)]


def hand_over(container: dict[str, Any], settings: Settings) -> None:
    """Make the Trainer's step create the job and wait: add the manifests, and remove its own GPUs."""
    step = settings.kubeflow.components.get("Trainer", Step())
    made = manifests(settings, settings.kubeflow.training)
    container["env"].append({"name": MANIFESTS, "value": json.dumps(made, sort_keys=True)})
    for amounts in container.get("resources", {}).values():
        amounts.pop(step.gpu_resource, None)


def write(settings: Settings, output: Path, kind: str) -> None:
    """Write the manifests as YAML."""
    text = yaml.safe_dump_all(manifests(settings, kind), sort_keys=False, width=1 << 20)
    output.write_text(text, encoding="utf-8")
