"""The Argo workflow; whether Argo takes it, it says itself: tests/engines/kubernetes/test_argo.py."""

from __future__ import annotations

import json
from typing import Any

from pipeline.runners import kubeflow
from tests.pipeline.runners import compiled
from tests.pipeline.runners.compiled import (
    NODES,
    argument,
    containers,
    settings,
)


def test_the_workflows_graph_is_the_pipelines() -> None:
    workflow = compiled.argo()
    (dag,) = [template["dag"] for template in workflow["spec"]["templates"] if "dag" in template]
    after = {task["name"]: set(task.get("dependencies", [])) for task in dag["tasks"]}
    assert after.keys() == {node.lower() for node in NODES}
    for node, template in containers(workflow).items():
        (ir,) = json.loads(argument(template, "--tfx_ir"))["nodes"]
        assert after[node.lower()] == {name.lower() for name in ir["pipelineNode"].get("upstreamNodes", [])}


def test_a_workflows_cache_node_by_node() -> None:
    on = set()
    for node, template in containers(compiled.argo()).items():
        assert template["metadata"]["labels"]["pipelines.kubeflow.org/enable_caching"] == "false"
        (ir,) = json.loads(argument(template, "--tfx_ir"))["nodes"]
        options = ir["pipelineNode"]["executionOptions"]["cachingOptions"]
        on |= {node} if options.get("enableCache") else set()
    assert on == NODES - {"AtomicPusher", "Report", "Transform"}


def test_secrets_are_referenced_by_name_alone() -> None:
    for template in containers(compiled.argo()).values():
        (variable,) = [one for one in template["container"]["env"] if one["name"] == "S3_ID"]
        assert variable["valueFrom"] == {"secretKeyRef": {"name": "s3", "key": "id"}}
        names = [one["name"] for one in template["container"]["env"]]
        assert len(names) == len(set(names))


def test_metadata_by_address_or_by_the_clusters_own_map() -> None:
    def metadata_of(workflow: dict[str, Any]) -> Any:
        return json.loads(argument(containers(workflow)["Trainer"], "--kubeflow_metadata_config"))[
            "grpc_config"
        ]

    assert metadata_of(compiled.argo())["grpc_service_host"] == {
        "environment_variable": "METADATA_GRPC_SERVICE_HOST"
    }
    workflow = kubeflow.workflow(settings("kubeflow.metadata={host: mlmd.ml, port: 9090}"))
    assert metadata_of(workflow) == {
        "grpc_service_host": {"value": "mlmd.ml"},
        "grpc_service_port": {"value": "9090"},
    }
    assert "envFrom" not in containers(workflow)["Trainer"]["container"]
