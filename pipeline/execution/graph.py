"""A compiled pipeline spec 2.1 as steps in the order of the graph. Starts nothing and imports no kfp."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipeline.execution.parameters import constant
from pipeline.settings import SettingsError

# The defaults of a retry policy, as back ends have them.
_FACTOR, _LONGEST_PAUSE = 2.0, 3600.0


@dataclass(frozen=True)
class Retry:
    """How often a step that failed is started again, and after how many seconds."""

    count: int = 0
    backoff: float = 0.0
    factor: float = _FACTOR
    longest: float = _LONGEST_PAUSE

    def pause(self, failures: int) -> float:
        """Seconds to wait after failure number `failures`, counted from 1."""
        return min(self.backoff * self.factor ** (failures - 1), self.longest)


@dataclass(frozen=True)
class Output:
    """An output of a step, by its key."""

    step: str
    key: str


@dataclass(frozen=True)
class Step:
    """A container of the spec.

    Attributes:
        words: command and arguments, placeholders and all.
        env: what the spec sets in the container's environment.
        parameters: values of inputs; an `Output` of another step, or an `OfRun` that is known when the step runs.
        types: of inputs that are parameters, as the spec names them.
        selectors: in CEL, for inputs that are a part of a value.
        artifacts: the source of each input artifact.
        makes: type and metadata of each output artifact.
        returns: the type of each output parameter.
        after: steps that end before this one starts.
        condition: in CEL; empty for always.
        whatever_happened: starts too if a step before it failed.
    """

    name: str
    words: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    selectors: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, Output] = field(default_factory=dict)
    makes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    returns: Mapping[str, str] = field(default_factory=dict)
    after: frozenset[str] = frozenset()
    condition: str = ""
    whatever_happened: bool = False
    retry: Retry = Retry()


@dataclass(frozen=True)
class Graph:
    """A pipeline: its steps, each after those that it needs, and the folder of its artifacts (empty if not given)."""

    name: str
    steps: tuple[Step, ...]
    root: str


def read(path: Path, *, translate: Callable[[str], str] = str) -> Graph:
    """Read the graph from a file that `tagline compile --target kubeflow-v2` wrote.

    Args:
        path: JSON of a pipeline job or a spec, or YAML whose first document is the spec.
        translate: applied to every text of parameters, arguments, environment and root.

    Raises:
        SettingsError: no such file, no spec, or one with a feature that cannot be run here.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else next(iter(yaml.safe_load_all(text)), None)
    except FileNotFoundError as error:
        raise SettingsError(
            f"--spec: found no {path}; expected a file written by `tagline compile --target kubeflow-v2`"
        ) from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"--spec: {path} is no JSON or YAML: {error}") from error
    try:
        return graph_of(document, translate=translate)
    except SettingsError as error:
        raise SettingsError(f"--spec: {path}: {error}") from error


def graph_of(document: Any, *, translate: Callable[[str], str] = str) -> Graph:
    """Make the graph of a job or a spec in JSON form.

    Raises:
        SettingsError: as `read`.
    """
    job = document if isinstance(document, dict) else {}
    spec = job.get("pipelineSpec", job)
    dag = spec.get("root", {}).get("dag", {}) if isinstance(spec, dict) else {}
    if not dag.get("tasks") or "deploymentSpec" not in spec or "components" not in spec:
        raise SettingsError(
            "found no steps; expected a pipeline spec 2.1, as `tagline compile --target kubeflow-v2` writes it"
        )
    runtime = job.get("runtimeConfig", {})
    of_pipeline = {**_defaults(spec["root"]), **runtime.get("parameterValues", {})}
    steps = {
        name: _step(name, task, spec, of_pipeline, lambda value: _deep(value, translate))
        for name, task in dag["tasks"].items()
    }
    root = runtime.get("gcsOutputDirectory") or spec.get("defaultPipelineRoot", "")
    return Graph(
        name=spec.get("pipelineInfo", {}).get("name", "pipeline"),
        steps=_ordered(steps),
        root=translate(root),
    )


def _step(
    name: str,
    task: Mapping[str, Any],
    spec: Mapping[str, Any],
    of_pipeline: Mapping[str, Any],
    translated: Callable[[Any], Any],
) -> Step:
    component, container = _component(name, task, spec)
    inputs, outputs = task.get("inputs", {}), component.get("outputDefinitions", {})
    given = inputs.get("parameters", {})
    parameters = _parameters(name, component, given, of_pipeline)
    artifacts = {key: _artifact(f"{name}.{key}", one) for key, one in inputs.get("artifacts", {}).items()}
    producers = [one for one in [*parameters.values(), *artifacts.values()] if isinstance(one, Output)]
    trigger = task.get("triggerPolicy", {})
    return Step(
        name=name,
        words=tuple(translated([*container.get("command", []), *container.get("args", [])])),
        env={one["name"]: translated(one.get("value", "")) for one in container.get("env", [])},
        parameters=translated(parameters),
        types={
            key: one["parameterType"] for key, one in _declared(component).items() if "parameterType" in one
        },
        selectors={
            key: one["parameterExpressionSelector"]
            for key, one in given.items()
            if one.get("parameterExpressionSelector")
        },
        artifacts=artifacts,
        makes={
            key: {"type": one["artifactType"], "metadata": one.get("metadata", {})}
            for key, one in outputs.get("artifacts", {}).items()
        },
        returns={
            key: one.get("parameterType", "STRING") for key, one in outputs.get("parameters", {}).items()
        },
        after=frozenset([*task.get("dependentTasks", []), *(one.step for one in producers)]),
        condition=trigger.get("condition", ""),
        whatever_happened=trigger.get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED",
        retry=_retry(task.get("retryPolicy", {})),
    )


def _component(
    name: str, task: Mapping[str, Any], spec: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The component of a task and its container."""
    for kind in ("artifactIterator", "parameterIterator"):
        if kind in task:
            raise SettingsError(
                f"{name}: found {kind}; expected a step that runs once, which alone runs here"
            )
    reference = task["componentRef"]["name"]
    if reference not in spec["components"]:
        raise SettingsError(f"{name}: found no component {reference} in the spec")
    component = spec["components"][reference]
    executor = spec["deploymentSpec"].get("executors", {}).get(component.get("executorLabel"), {})
    if "container" not in executor:
        found = "a pipeline of its own" if "dag" in component else (next(iter(executor), "no executor"))
        raise SettingsError(f"{name}: found {found}; expected a container, which alone runs here")
    return component, executor["container"]


def _declared(component: Mapping[str, Any]) -> Mapping[str, Any]:
    declared: Mapping[str, Any] = component.get("inputDefinitions", {}).get("parameters", {})
    return declared


def _defaults(component: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one["defaultValue"] for key, one in _declared(component).items() if "defaultValue" in one}


def _parameters(
    name: str, component: Mapping[str, Any], given: Mapping[str, Any], of_pipeline: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of a step's input parameters: those of its task, else the defaults of its component."""
    parameters = _defaults(component)
    for key, one in given.items():
        value = _parameter(f"{name}.{key}", one, of_pipeline)
        if value is not None:
            parameters[key] = value
    for key, one in _declared(component).items():
        if key not in parameters and not one.get("isOptional"):
            raise SettingsError(f"{name}.{key}: found no value; expected one, or a default, in the spec")
    return parameters


def _retry(policy: Mapping[str, Any]) -> Retry:
    return Retry(
        count=int(policy.get("maxRetryCount", 0)),
        backoff=_seconds(policy.get("backoffDuration", "0s")),
        factor=float(policy.get("backoffFactor") or _FACTOR),
        longest=_seconds(policy.get("backoffMaxDuration", f"{_LONGEST_PAUSE}s")),
    )


def _parameter(where: str, one: Mapping[str, Any], of_pipeline: Mapping[str, Any]) -> Any:
    if "runtimeValue" in one and "constant" in one["runtimeValue"]:
        return constant(one["runtimeValue"]["constant"])
    if "taskOutputParameter" in one:
        source = one["taskOutputParameter"]
        return Output(source["producerTask"], source["outputParameterKey"])
    key = one.get("componentInputParameter") or one.get("runtimeValue", {}).get("runtimeParameter")
    if key is None:
        raise SettingsError(f"{where}: found {', '.join(one)}; expected a constant, an input or an output")
    if key not in of_pipeline:
        raise SettingsError(
            f"{where}: found no value of the pipeline's parameter {key}; expected one in the job"
        )
    return of_pipeline[key]


def _artifact(where: str, one: Mapping[str, Any]) -> Output:
    if "taskOutputArtifact" not in one:
        raise SettingsError(f"{where}: found {', '.join(one)}; expected what another step makes")
    source = one["taskOutputArtifact"]
    return Output(source["producerTask"], source["outputArtifactKey"])


def _ordered(steps: Mapping[str, Step]) -> tuple[Step, ...]:
    """Sort the steps, each after those that it needs; of several that could be next, the first in the spec is next."""
    for step in steps.values():
        if unknown := sorted(step.after - steps.keys()):
            raise SettingsError(
                f"{step.name}: found a need of {', '.join(unknown)}, which the spec does not have"
            )
        for source in [*step.artifacts.values(), *step.parameters.values()]:
            if isinstance(source, Output):
                maker = steps[source.step]
                if source.key not in maker.makes and source.key not in maker.returns:
                    raise SettingsError(
                        f"{step.name}: found a need of {source.key} of {source.step}, which does not make it"
                    )
    ordered: dict[str, Step] = {}
    while len(ordered) < len(steps):
        following = next(
            (one for name, one in steps.items() if name not in ordered and one.after <= ordered.keys()), None
        )
        if following is None:
            raise SettingsError(
                f"found steps that wait for each other: {', '.join(steps.keys() - ordered.keys())}"
            )
        ordered[following.name] = following
    return tuple(ordered.values())


def _seconds(duration: Any) -> float:
    try:
        return float(str(duration).removesuffix("s"))
    except ValueError as error:
        raise SettingsError(f"found the duration {duration!r}; expected seconds such as 30s") from error


def _deep(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return translate(value)
    if isinstance(value, list):
        return [_deep(one, translate) for one in value]
    if isinstance(value, dict):
        return {key: _deep(one, translate) for key, one in value.items()}
    return value
