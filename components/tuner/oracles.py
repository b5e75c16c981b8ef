"""keras-tuner's oracles, which choose the values to try next, over the search space of the settings.

A search first tries the current settings, if the space contains them: so the search includes its own
baseline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras_tuner
from keras_tuner import oracles

from components.tuner.options import FACTOR, Tuning, trainings_of_a_round
from components.tuner.space import Range, Space, Value, contains, is_integer, tried, values_of
from trainer.hyperparameters import Hyperparameters, value_at

OBJECTIVE = "dev_score"

# keras-tuner draws the n-th value by the seed plus n, so neighbouring seeds would draw nearly the same
# values.
_SEED_STRIDE = 1_000_003


def oracle_of(tuning: Tuning, hyperparameters: Hyperparameters) -> keras_tuner.Oracle:
    """Make the oracle of the algorithm that `tuning` names.

    Args:
        tuning: the options.
        hyperparameters: the current settings, which are tried first; with the epochs of the longest training.
    """
    space, epochs = tuning.space, hyperparameters.epochs
    trials = tuning.most_trials(epochs)
    common: dict[str, Any] = {
        "objective": keras_tuner.Objective(OBJECTIVE, direction="max"),
        "hyperparameters": _keras_space(space),
        "seed": tuning.seed * _SEED_STRIDE,
        "tune_new_entries": False,
        "allow_new_entries": False,
    }
    oracle: _WithBaseline
    if tuning.algorithm == "hyperband":
        rounds = math.ceil(trials / trainings_of_a_round(epochs))
        oracle = _Hyperband(max_epochs=epochs, factor=FACTOR, hyperband_iterations=rounds, **common)
        oracle.max_trials = trials
    elif tuning.algorithm == "bayesian":
        # Enough random trials to see more than one value of each setting; keras-tuner's default is three
        # times that, more than most searches have.
        oracle = _Bayesian(max_trials=trials, num_initial_points=len(tried(space)) + 1, **common)
    else:
        oracle = _Random(max_trials=trials, **common)
    current = {name: value_at(hyperparameters, name) for name in tried(space)}
    oracle.baseline = current if contains(space, current) else None
    return oracle


class _WithBaseline(keras_tuner.Oracle):
    """An oracle that tries `baseline` first."""

    baseline: Mapping[str, Value] | None = None

    def _random_values(self) -> dict[str, Value] | None:
        """Draw values; all three algorithms draw their first ones by this method."""
        if self.baseline is not None and not self.trials:
            return dict(self.baseline)
        return super()._random_values()


class _Hyperband(_WithBaseline, oracles.HyperbandOracle):
    pass


class _Bayesian(_WithBaseline, oracles.BayesianOptimizationOracle):
    pass


class _Random(_WithBaseline, oracles.RandomSearchOracle):
    pass


def _keras_space(space: Space) -> keras_tuner.HyperParameters:
    hyperparameters = keras_tuner.HyperParameters()
    for name, entry in tried(space).items():
        values = values_of(entry)
        if values is not None and isinstance(values[0], bool):
            # keras-tuner would turn booleans among choices into numbers.
            hyperparameters.Boolean(name) if len(values) > 1 else hyperparameters.Fixed(name, values[0])
        elif values is not None:
            hyperparameters.Choice(name, list(values))
        elif isinstance(entry, Range) and is_integer(name):
            hyperparameters.Int(name, entry.min, entry.max, sampling=entry.scale)
        elif isinstance(entry, Range):
            hyperparameters.Float(name, entry.min, entry.max, sampling=entry.scale)
    return hyperparameters
