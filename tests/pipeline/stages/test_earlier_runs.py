"""Where the model that a warm start begins with comes in, for every runner."""

from __future__ import annotations

from typing import Any

from tfx.dsl.compiler.compiler import Compiler

from pipeline import settings
from pipeline.factory import create_pipeline
from pipeline.runners.kubeflow import workflow


def nodes(*changes: str) -> dict[str, Any]:
    chosen = settings.load(assignments=changes).with_absolute_paths()
    return {node.id: node for node in create_pipeline(chosen).components}


def test_a_warm_start_looks_its_model_up_before_the_training() -> None:
    found = nodes("trainer.warm_start=true")
    order = list(found)
    assert order.index("Transform") < order.index("BaseModel") < order.index("Trainer")
    assert found["Trainer"].inputs["base_model"].producer_component_id == "BaseModel"


def test_without_a_warm_start_there_is_no_base_model() -> None:
    found = nodes()
    assert "BaseModel" not in found
    assert "base_model" not in found["Trainer"].inputs


def test_only_model_gates_blessings_count() -> None:
    # TFX's Evaluator blesses by the floor alone: a model that ModelGate refused would come back as the baseline.
    chosen = settings.load(assignments=["trainer.warm_start=true"]).with_absolute_paths()
    inputs = {
        node.pipeline_node.node_info.id: node.pipeline_node.inputs.inputs
        for node in Compiler().compile(create_pipeline(chosen)).nodes
    }
    for name in ("Baseline", "BaseModel", "BlessedStatistics"):
        (blessings,) = (
            channel
            for given in inputs[name].values()
            for channel in given.channels
            if channel.artifact_query.type.name == "ModelBlessing"
        )
        makers = [context.name.field_value.string_value for context in blessings.context_queries]
        assert makers == ["tagger", "tagger.ModelGate"]


def test_kubeflow_looks_it_up_too() -> None:
    chosen = settings.load(assignments=["trainer.warm_start=true"])
    compiled = workflow(chosen)
    (dag,) = (template["dag"] for template in compiled["spec"]["templates"] if "dag" in template)
    tasks = {task["name"]: task for task in dag["tasks"]}
    assert "basemodel" in tasks["trainer"]["dependencies"]
    assert "transform" in tasks["basemodel"]["dependencies"]
