"""Which values are tried next: keras-tuner's oracles over the search space of the settings.

The first values of a search are those of the settings as they are, where the space holds them: what a search is to
beat is part of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras_tuner
from keras_tuner import oracles

from components.tuner.options import Tuning
from components.tuner.rounds import FACTOR, trainings_of_a_round
from components.tuner.space import Range, Space, Value, holds, is_whole, tried, values_of
from trainer.hyperparameters import Hyperparameters
from trainer.overrides import value_at

OBJECTIVE = "dev_score"

# keras-tuner draws the n-th value by the seed plus n: neighbouring seeds would draw nearly the same values.
_SEED_STRIDE = 1_000_003


def oracle_of(tuning: Tuning, hyperparameters: Hyperparameters) -> keras_tuner.Oracle:
    """The algorithm that `tuning` names.

    Args:
        tuning: the search.
        hyperparameters: the settings as they are, which are tried first; with the epochs of the longest training.
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
    oracle: _BeginsHere
    if tuning.algorithm == "hyperband":
        rounds = math.ceil(trials / trainings_of_a_round(epochs))
        oracle = _Hyperband(max_epochs=epochs, factor=FACTOR, hyperband_iterations=rounds, **common)
        oracle.max_trials = trials
    elif tuning.algorithm == "bayesian":
        # As many random ones as it takes to see more than one value of each setting; keras-tuner's own
        # number is three times that, more than most searches have.
        oracle = _Bayesian(max_trials=trials, num_initial_points=len(tried(space)) + 1, **common)
    else:
        oracle = _Random(max_trials=trials, **common)
    here = {name: value_at(hyperparameters, name) for name in tried(space)}
    oracle.first = here if holds(space, here) else None
    return oracle


class _BeginsHere(keras_tuner.Oracle):
    """An oracle whose first values are given."""

    first: Mapping[str, Value] | None = None

    def _random_values(self) -> dict[str, Value] | None:
        """What all three algorithms draw their first values by."""
        if self.first is not None and not self.trials:
            return dict(self.first)
        return super()._random_values()


class _Hyperband(_BeginsHere, oracles.HyperbandOracle):
    pass


class _Bayesian(_BeginsHere, oracles.BayesianOptimizationOracle):
    pass


class _Random(_BeginsHere, oracles.RandomSearchOracle):
    pass


def _keras_space(space: Space) -> keras_tuner.HyperParameters:
    found = keras_tuner.HyperParameters()
    for name, entry in tried(space).items():
        values = values_of(entry)
        if values is not None and isinstance(values[0], bool):
            # Among choices, keras-tuner would make numbers of them.
            found.Boolean(name) if len(values) > 1 else found.Fixed(name, values[0])
        elif values is not None:
            found.Choice(name, list(values))
        elif isinstance(entry, Range) and is_whole(name):
            found.Int(name, entry.min, entry.max, sampling=entry.scale)
        elif isinstance(entry, Range):
            found.Float(name, entry.min, entry.max, sampling=entry.scale)
    return found
