"""Reads a compiled pipeline by the kfp packages of the Python that runs this: `kfp_reading.py spec|job FILE`.

A program of its own: its environment has another kfp than the pipeline. Ends with an error if kfp would not read it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from kfp import components
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2


def read_spec(file: Path) -> None:
    """Read what Kubeflow's second back end takes, and again as kfp's own client does."""
    spec, *platforms = yaml.safe_load_all(file.read_text(encoding="utf-8"))
    parse(spec)
    for platform in platforms:
        json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec())
        for config in platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values():
            json_format.ParseDict(config, kubernetes_executor_config_pb2.KubernetesExecutorConfig())
    components.load_component_from_file(str(file))


def read_job(file: Path) -> None:
    """Read what Vertex AI takes."""
    job = yaml.safe_load(file.read_text(encoding="utf-8"))
    json_format.ParseDict(job, pipeline_spec_pb2.PipelineJob())
    parse(job["pipelineSpec"])


def parse(spec: dict[str, Any]) -> None:
    """Refuse a field that the format does not have, or a value of another type."""
    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    # A field of any form to the spec itself.
    json_format.ParseDict(spec["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig())


if __name__ == "__main__":
    {"spec": read_spec, "job": read_job}[sys.argv[1]](Path(sys.argv[2]))
