"""Passing a component's arguments on to its spec."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tfx import types
from tfx.types import standard_artifacts

from components.artifacts import CorpusVerdict
from components.corpus_gate.component import CorpusGate
from components.predictor.component import Predictor
from corpus.options import ReadOptions

EXAMPLES = types.Channel(type=standard_artifacts.Examples)


def test_options_become_json_and_paths_text() -> None:
    options = ReadOptions(scheme="BIO")
    properties = CorpusGate(examples=EXAMPLES, input_base=Path("data"), options=options).exec_properties
    assert properties["input_base"] == "data"
    assert msgspec.json.decode(properties["options"], type=ReadOptions) == options


def test_sequences_become_json() -> None:
    model = types.Channel(type=standard_artifacts.Model)
    component = Predictor(examples=EXAMPLES, model=model, scheme="BIO", slice_by=("domain", "genre"))
    assert msgspec.json.decode(component.exec_properties["slice_by"]) == ["domain", "genre"]


def test_outputs_have_the_types_of_the_spec_and_optional_inputs_may_be_missing() -> None:
    component = CorpusGate(examples=EXAMPLES, input_base="data")
    assert component.id == "CorpusGate"
    assert component.outputs["verdict"].type is CorpusVerdict
    assert set(component.inputs) == {"examples"}


def test_an_input_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="Examples"):
        CorpusGate(examples=types.Channel(type=standard_artifacts.Model), input_base="data")
