from __future__ import annotations

import keras_tuner
import pytest
from keras_tuner import oracles

from components.tuner.options import FACTOR, trainings_of_a_round


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 8, 9, 12, 27, 30])
def test_a_round_is_as_long_as_keras_tuner_makes_it(
    epochs: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    space = keras_tuner.HyperParameters()
    space.Float("x", 0.0, 1.0)
    oracle = oracles.HyperbandOracle(
        keras_tuner.Objective("score", "max"), max_epochs=epochs, factor=FACTOR, seed=1, hyperparameters=space
    )
    oracle._set_project_dir(str(tmp_path_factory.mktemp("oracle")), "round")
    oracle.verbose = 0
    longest = 0
    while (trial := oracle.create_trial("tuner")).status == "RUNNING":
        longest = max(longest, trial.hyperparameters.values["tuner/epochs"])
        oracle.update_trial(trial.trial_id, {"score": trial.hyperparameters.values["x"]})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    assert len(oracle.trials) == trainings_of_a_round(epochs)
    assert longest == epochs
