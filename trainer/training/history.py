"""The results of a training's epochs, stored as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Epoch:
    """The results of one epoch.

    Attributes:
        number: 1 for the first.
        loss: mean negative log-likelihood of a training sentence, in nats.
        dev_score: entity F1 (strict) on dev, or token accuracy for plain tags; 0..1.
        learning_rate: at the epoch's end.
        seconds: wall time, scoring included.
        tokens_per_second: real tokens trained on, scoring excluded.
        parts: in how many parts each batch was taken to fit into memory; 1: not split.
    """

    number: int
    loss: float
    dev_score: float
    learning_rate: float
    seconds: float
    tokens_per_second: float
    parts: int = 1


@dataclass(frozen=True)
class History:
    """The epochs of a training, and which was best (of equals the earlier)."""

    metric: str
    epochs: tuple[Epoch, ...]

    @property
    def best(self) -> Epoch:
        return max(self.epochs, key=lambda epoch: (epoch.dev_score, -epoch.number))

    def to_json(self) -> str:
        best = self.best.number if self.epochs else None
        return json.dumps({"metric": self.metric, "best": best, "epochs": [asdict(e) for e in self.epochs]})

    @classmethod
    def from_json(cls, text: str | bytes) -> History:
        data = json.loads(text)
        return cls(data["metric"], tuple(Epoch(**epoch) for epoch in data["epochs"]))
