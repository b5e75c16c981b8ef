"""The CRF's learned scores of tags and transitions, as a JSON file that is read without TensorFlow.

Shape letters: `K` tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import tensorflow as tf

FILE_NAME = "transitions.json"
# Scores are of the order of 1; more decimals make no visible difference.
_DIGITS = 5


class Transitions(msgspec.Struct, frozen=True, kw_only=True):
    """Scores in nats, which add up along a path.

    Attributes:
        tags: the K tags.
        transitions: [K][K], `transitions[i][j]` scores the step from tag i to tag j.
        start, end: [K], scores of a sentence's first and last tag.
        constrained: whether transitions that the scheme forbids were excluded, whatever their score.
    """

    tags: list[str]
    transitions: list[list[float]]
    start: list[float]
    end: list[float]
    constrained: bool

    @classmethod
    def from_json(cls, text: str | bytes) -> Transitions:
        """Decode the scores, the inverse of `to_json`."""
        return msgspec.json.decode(text, type=cls)


def to_json(
    *, tags: Sequence[str], transitions: tf.Variable, start: tf.Variable, end: tf.Variable, constrained: bool
) -> str:
    """Write the scores, float32[K,K] and float32[K], as JSON."""

    def rounded(scores: tf.Variable) -> list[float] | list[list[float]]:
        # Rounded in float64: the nearest float32 would print with digits that mean nothing.
        return scores.numpy().astype("float64").round(_DIGITS).tolist()

    return msgspec.json.encode(
        {
            "tags": list(tags),
            "transitions": rounded(transitions),
            "start": rounded(start),
            "end": rounded(end),
            "constrained": constrained,
        }
    ).decode()
