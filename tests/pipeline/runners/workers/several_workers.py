"""Settings of trainings by several workers."""

from __future__ import annotations

from pipeline.settings import Settings, load


def settings(*assignments: str) -> Settings:
    return load(assignments=["trainer.workers=3", *assignments])


PLAIN = settings("name=My_Model")
RICH_ASSIGNMENTS = (
    "kubeflow.namespace=research",
    "kubeflow.image=registry.example/tagline:1",
    "kubeflow.env={LANG: C.UTF-8}",
    "kubeflow.secrets={AWS_KEY: {secret: bucket, key: id}}",
    'kubeflow.components.Trainer={cpu: "4", memory: 16Gi, gpus: 2, gpu_type: NVIDIA-L4}',
    "kubeflow.components.Trainer.tolerations=[{key: gpu, operator: Exists}]",
)
RICH = settings(*RICH_ASSIGNMENTS)
