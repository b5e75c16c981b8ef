"""How settings are searched for: plain data, checked, fit for JSON, YAML and a cache key. Imports no TensorFlow."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from components.tuner.rounds import trainings_of_a_round
from components.tuner.space import Space, default_space, require_legal, tried

Positive = Annotated[int, msgspec.Meta(ge=1)]

# Trainings of an algorithm that knows no rounds.
_TRIALS = 20


class Tuning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The search; `configs/default.yaml` explains every key.

    Attributes:
        enabled: whether the line itself searches, and trains with what was best.
        algorithm: which values are tried next.
        trials: trainings at most; None as `most_trials` says.
        epochs: of the longest training; None: those of the trainer.
        seed: the same seed gives the same trials.
        max_failures: trainings that may fail one after another before the search stops.
        space: what is tried.
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
        """Trainings of the whole search: as `trials` says, else one round of Hyperband over `epochs`, or 20."""
        if self.trials is not None:
            return self.trials
        return trainings_of_a_round(epochs) if self.algorithm == "hyperband" else _TRIALS
