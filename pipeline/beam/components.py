"""Beam's arguments of single components of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.base_node import BaseNode

from pipeline.beam.args import ON_THIS_MACHINE, component_args
from pipeline.settings.beam import Beam

# Reads the corpus from folders that workers elsewhere do not see.
_READS_CORPUS = "CorpusGen"


def set_component_args(components: Sequence[BaseNode], beam: Beam, *, pipeline: str) -> None:
    """Give each Beam component the arguments of its own, which TFX appends to those of the pipeline.

    Without a shared disk CorpusGen runs within its step: the engine's workers could not read the corpus.
    """
    for component in components:
        if not isinstance(component, BaseBeamComponent):
            continue
        arguments = component_args(beam, pipeline=pipeline, component=component.id)
        if component.id == _READS_CORPUS and not beam.shares_disk:
            arguments += ON_THIS_MACHINE
        if arguments:
            component.with_beam_pipeline_args(arguments)
