from __future__ import annotations

import msgspec
import pytest

from trainer.hyperparameters import Crf, Hyperparameters, value_at, with_trial, with_values


def test_values_take_their_places_and_the_rest_stays() -> None:
    base = Hyperparameters(lstm_units=7, crf=Crf(implementation="addons"))
    changed = with_values(base, {"learning_rate": 0.5, "crf.constrained": False})
    assert changed == Hyperparameters(
        lstm_units=7, learning_rate=0.5, crf=Crf(implementation="addons", constrained=False)
    )
    assert with_values(base, {}) == base


def test_every_setting_has_a_dotted_name() -> None:
    hp = Hyperparameters()
    for field in Hyperparameters.__struct_fields__:
        if field != "crf":
            assert value_at(hp, field) == getattr(hp, field)
    for field in Crf.__struct_fields__:
        assert value_at(hp, f"crf.{field}") == getattr(hp.crf, field)


@pytest.mark.parametrize("name", ["crf", "lstm", "crf.x", "", "learning_rate.x"])
def test_an_unknown_name_is_an_error_that_lists_all_names(name: str) -> None:
    with pytest.raises(KeyError) as caught:
        value_at(Hyperparameters(), name)
    assert "lstm_units" in caught.value.args[0]


def test_a_value_out_of_range_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected `int` >= 1; found 0"):
        with_values(Hyperparameters(), {"lstm_units": 0})


def test_hyperbands_epochs_become_the_trainings() -> None:
    values = {"lstm_units": 9, "tuner/epochs": 4, "tuner/initial_epoch": 2, "tuner/trial_id": "0003"}
    expected = msgspec.structs.replace(Hyperparameters(), lstm_units=9, epochs=4)
    assert with_trial(Hyperparameters(), values) == expected
    assert with_trial(Hyperparameters(), {"lstm_units": 9}).epochs == Hyperparameters().epochs
