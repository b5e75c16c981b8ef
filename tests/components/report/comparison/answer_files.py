"""Files of answers with made-up tokens, for the tests of the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from components.predictor import answer
from components.predictor.answer import Answer


def written(path: Path, gold: Sequence[tuple[str, ...]], predicted: Sequence[tuple[str, ...]]) -> Path:
    """Write answers to sentences of odd length in the domain `news`, of even length in `chat`."""
    answer.write(
        path,
        (
            Answer(
                tokens=tuple(f"w{n}" for n in range(len(given))),
                gold=given,
                predicted=found,
                features={"domain": "news" if len(given) % 2 else "chat"},
            )
            for given, found in zip(gold, predicted, strict=True)
        ),
    )
    return path
