"""Pipeline specs whose containers are small shell commands."""

from __future__ import annotations

from typing import Any


def task(
    command: str,
    *arguments: str,
    after: tuple[str, ...] = (),
    takes: dict[str, tuple[str, str]] | None = None,
    parameters: dict[str, Any] | None = None,
    makes: tuple[str, ...] = (),
    returns: tuple[str, ...] = (),
    **fields: Any,
) -> dict[str, Any]:
    """A step: `sh -c command`, its arguments as $0, $1, ...

    Args:
        takes: input artifacts, by key: the step and the key that make them.
        parameters: constants, or a tuple of the step and the key that return them.
        fields: further fields of the task.
    """
    return {
        "command": ["sh", "-euc", command],
        "arguments": list(arguments),
        "after": after,
        "takes": takes or {},
        "parameters": parameters or {},
        "makes": makes,
        "returns": returns,
        "fields": fields,
    }


def spec(env: dict[str, str] | None = None, root: str = "", **tasks: dict[str, Any]) -> dict[str, Any]:
    """A pipeline job of these steps, in JSON form."""
    dag, components, executors = {}, {}, {}
    for name, one in tasks.items():
        parameters = {
            key: {"taskOutputParameter": {"producerTask": value[0], "outputParameterKey": value[1]}}
            if isinstance(value, tuple)
            else {"runtimeValue": {"constant": value}}
            for key, value in one["parameters"].items()
        }
        artifacts = {
            key: {"taskOutputArtifact": {"producerTask": maker, "outputArtifactKey": made}}
            for key, (maker, made) in one["takes"].items()
        }
        dag[name] = {
            "componentRef": {"name": f"comp-{name}"},
            "dependentTasks": list(one["after"]),
            "inputs": {"parameters": parameters, "artifacts": artifacts},
            **one["fields"],
        }
        components[f"comp-{name}"] = {
            "executorLabel": f"exec-{name}",
            "outputDefinitions": {
                "artifacts": {
                    key: {"artifactType": {"schemaTitle": "system.Artifact"}} for key in one["makes"]
                },
                "parameters": {key: {"parameterType": "STRING"} for key in one["returns"]},
            },
        }
        container: dict[str, Any] = {"image": "busybox", "command": one["command"], "args": one["arguments"]}
        if env:
            container["env"] = [{"name": name, "value": value} for name, value in env.items()]
        executors[f"exec-{name}"] = {"container": container}
    return {
        "pipelineSpec": {
            "pipelineInfo": {"name": "shells"},
            "schemaVersion": "2.1.0",
            "root": {"dag": {"tasks": dag}},
            "components": components,
            "deploymentSpec": {"executors": executors},
        },
        "runtimeConfig": {"gcsOutputDirectory": root},
    }
