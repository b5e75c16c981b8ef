"""The search space: what is a legal one, and which values it holds."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tuner.options import Tuning
from components.tuner.space import Range, contains, default_space, require_legal, rounded, tried, values_of
from trainer.hyperparameters import Hyperparameters, value_at, with_values

FLOATS = st.floats(-10, 10, allow_nan=False)
RATES = st.floats(0, 0.999)


def refusal(space: dict[str, Any]) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"space": space}, Tuning)
    return str(caught.value)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            {"lstm": [1]},
            "space: lstm: no such setting of trainer; expected one of affix_embedding, batch_size,",
        ),
        ({"crf": [True]}, "space: crf: no such setting of trainer"),
        ({"epochs": [3]}, "space: epochs: the search trains for tuning.epochs"),
        ({"seed": {"min": 1, "max": 9}}, "space: seed: another seed is luck"),
        ({"vectors": ["a.vec", "b.vec"]}, "space: vectors: a search reads one file of vectors"),
        ({"vectors_extra_words": [0, 10]}, "space: vectors_extra_words: a search reads one file"),
        ({"learning_rate": {"min": 0.1, "max": 0.01}}, "found min 0.1 and max 0.01; expected min below max"),
        ({"learning_rate": {"min": 0.1, "max": 0.1}}, "expected min below max"),
        (
            {"learning_rate": {"min": 0, "max": 0.1}},
            "space: learning_rate: min: expected `float` > 0.0; found 0",
        ),
        (
            {"input_dropout": {"min": 0, "max": 1}},
            "space: input_dropout: max: expected `float` < 1.0; found 1",
        ),
        (
            {"lstm_units": {"min": 1.5, "max": 3}},
            "space: lstm_units: min: found 1.5; expected a whole number",
        ),
        (
            {"lstm_units": {"min": 10, "max": 30, "step": 0.5}},
            "lstm_units: step: found 0.5; expected a whole",
        ),
        (
            {"lstm_units": {"min": 10, "max": 30, "step": 21}},
            "found step 21; expected one above 0, and 20 at most",
        ),
        ({"lstm_units": {"min": 10, "max": 30, "step": 0}}, "found step 0; expected one above 0"),
        (
            {"input_dropout": {"min": 0, "max": 0.5, "scale": "log"}},
            "found min 0 with scale log; expected a min above",
        ),
        ({"batch_size": {"min": 8, "max": 64, "step": 2, "scale": "log"}}, "found step 2 with scale log"),
        (
            {"crf.constrained": {"min": 0, "max": 1}},
            "found a range; expected a list, since crf.constrained is no",
        ),
        ({"batch_size": []}, "space: batch_size: found an empty list; expected the values to try, or null"),
        ({"batch_size": [8, 8]}, "found [8, 8]; expected each value once"),
        ({"batch_size": [8, 0]}, "space: batch_size: expected `int` >= 1; found 0"),
        ({"batch_size": [8, "many"]}, "space: batch_size: expected `int`, got `str`; found 'many'"),
        ({"crf.implementation": ["native", "other"]}, "crf.implementation: invalid enum value 'other'"),
        ({"batch_size": None}, "space: found nothing to try"),
        ({"batch_size": {"min": 8, "max": 16, "scale": "cubic"}}, "Invalid enum value 'cubic'"),
        ({"batch_size": {"min": 8}}, "missing required field `max`"),
    ],
)
def test_a_space_that_cannot_be_searched_is_an_error(space: dict[str, Any], message: str) -> None:
    assert message in refusal(space)


def test_the_settings_as_they_are_lie_within_the_default_space() -> None:
    space = default_space()
    require_legal(space)
    assert contains(space, {name: value_at(Hyperparameters(), name) for name in space})


def test_null_removes_a_setting() -> None:
    space = msgspec.convert({"space": {"batch_size": [8, 16], "lstm_units": None}}, Tuning).space
    assert list(tried(space)) == ["batch_size"]


@given(low=RATES, high=RATES, scale=st.sampled_from(["linear", "log"]))
def test_a_range_of_a_rate_is_legal_if_and_only_if_it_is_one(low: float, high: float, scale: Any) -> None:
    space = {"input_dropout": Range(min=low, max=high, scale=scale)}
    legal = low < high and (scale == "linear" or low > 0)
    if legal:
        require_legal(space)
    else:
        with pytest.raises(ValueError, match="input_dropout"):
            require_legal(space)


@given(low=st.integers(1, 500), steps=st.integers(1, 60), step=st.integers(1, 90), rest=st.integers(0, 89))
def test_whole_steps_are_those_of_range(low: int, steps: int, step: int, rest: int) -> None:
    high = low + steps * step + rest % step
    entry = Range(min=low, max=high, step=step)
    require_legal({"lstm_units": entry})
    assert values_of(entry) == tuple(range(low, high + 1, step))


@given(low=st.integers(0, 20), steps=st.integers(1, 40))
def test_steps_of_floats_end_at_the_maximum(low: int, steps: int) -> None:
    # In hundredths, which binary floats cannot hold: 0.1 + 2 * 0.1 is more than 0.3.
    entry = Range(min=low / 100, max=(low + steps) / 100, step=0.01)
    expected = np.linspace(low / 100, (low + steps) / 100, steps + 1)
    values = values_of(entry)
    assert values is not None
    np.testing.assert_allclose(np.array(values, float), expected, atol=1e-12)


@given(low=RATES, high=RATES, share=st.floats(0, 1))
def test_what_is_drawn_stays_in_its_range_and_near_what_it_was(low: float, high: float, share: float) -> None:
    low, high = min(low, high), max(low, high)
    space = {"input_dropout": Range(min=low, max=high)}
    drawn = min(max(low + share * (high - low), low), high)
    found = rounded(space, {"input_dropout": drawn, "tuner/epochs": 3})
    assert found["tuner/epochs"] == 3
    assert low <= found["input_dropout"] <= high
    assert found["input_dropout"] == pytest.approx(drawn, rel=1e-3)
    assert rounded(space, found) == found, "a second time changes nothing"
    assert contains(space, found)


@given(value=FLOATS)
def test_any_legal_list_of_one_float_is_taken_by_the_trainer(value: float) -> None:
    space = {"clip_norm": (value,)}
    if value > 0:
        require_legal(space)
        assert with_values(Hyperparameters(), {"clip_norm": value}).clip_norm == value
    else:
        with pytest.raises(ValueError, match="clip_norm: expected `float` > 0"):
            require_legal(space)


def test_a_whole_number_among_floats_is_a_float() -> None:
    require_legal({"input_dropout": (0, 0.5)})
    values = values_of((0, 0.5))
    assert values == (0.0, 0.5)
    assert all(isinstance(value, float) for value in values)
