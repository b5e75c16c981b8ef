"""Beam's arguments of single components of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.base_node import BaseNode

from pipeline.beam.args import ON_THIS_MACHINE, component_args
from pipeline.settings.beam import Beam

# Its files are listed by their names and read where they lie, so it stays with them.
_WITH_THE_CORPUS = "CorpusGen"


def set_component_args(components: Sequence[BaseNode], beam: Beam, *, pipeline: str) -> None:
    """Add to each Beam component what it alone gets, before a pipeline puts what all get in front.

    Without a shared disk CorpusGen runs in its own step: engines then reach its output alone.
    """
    for component in components:
        if not isinstance(component, BaseBeamComponent):
            continue
        arguments = component_args(beam, pipeline=pipeline, component=component.id)
        if component.id == _WITH_THE_CORPUS and not beam.shares_disk:
            arguments += ON_THIS_MACHINE
        if arguments:
            component.with_beam_pipeline_args(arguments)
