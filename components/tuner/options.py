"""The options of a search: plain, checked data for JSON, YAML and a cache key. Imports no TensorFlow."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec

from components.tuner.space import Space, default_space, require_legal, tried

Positive = Annotated[int, msgspec.Meta(ge=1)]

# Default number of trainings of an algorithm without rounds.
_TRIALS = 20

# Hyperband's reduction factor: each rung trains a third of the trials of the one below, for three times the
# epochs.
FACTOR = 3


class Tuning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The options; `configs/default.yaml` explains every key.

    Attributes:
        enabled: whether a run of the pipeline searches, and trains with the best settings.
        algorithm: chooses the values to try next.
        trials: the most trainings; None: see `most_trials`.
        epochs: of the longest training; None: those of the trainer.
        seed: the same seed gives the same trials.
        max_failures: trainings that may fail one after another before the search stops.
        space: the settings and values to try.
    """

    enabled: bool = False
    algorithm: Literal["hyperband", "bayesian", "random"] = "hyperband"
    trials: Positive | None = None
    epochs: Positive | None = None
    seed: Positive = 1
    max_failures: Positive = 3
    space: Space = msgspec.field(default_factory=default_space)

    def __post_init__(self) -> None:
        require_legal(self.space)
        if not tried(self.space):
            raise ValueError("space: found nothing to try; expected a setting of trainer with its values")

    def most_trials(self, epochs: int) -> int:
        """Return the most trainings of the search: `trials`, else one round of Hyperband over `epochs`, or 20."""
        if self.trials is not None:
            return self.trials
        return trainings_of_a_round(epochs) if self.algorithm == "hyperband" else _TRIALS


def trainings_of_a_round(epochs: int) -> int:
    """Count the trainings in all brackets of a round of Hyperband whose longest training takes `epochs`.

    Hyperband is from Li et al. 2018; the bracket sizes are keras-tuner's.
    """
    brackets, left = 0, float(epochs)
    while left >= 1:
        left /= FACTOR
        brackets += 1
    end = math.ceil(1 + math.log(epochs, FACTOR))
    return sum(
        math.ceil(end / (bracket + 1) * FACTOR ** (bracket - rung))
        for bracket in range(brackets)
        for rung in range(bracket + 1)
    )
