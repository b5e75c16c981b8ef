"""Answers made by hand, for tests of the gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from components.predictor import answer
from components.predictor.answer import Answer


def given(
    gold: str,
    predicted: str | None = None,
    *,
    tokens: str = "",
    confidence: tuple[float, ...] = (),
    features: Mapping[str, str] | None = None,
    seen: tuple[bool, ...] = (),
) -> Answer:
    """An answer to a sentence; right throughout by default."""
    tags = tuple(gold.split())
    return Answer(
        tokens=tuple(tokens.split()) or tuple(f"w{number}" for number in range(len(tags))),
        gold=tags,
        predicted=tags if predicted is None else tuple(predicted.split()),
        confidence=confidence,
        features=dict(features or {}),
        seen=seen,
    )


def written(folder: Path, **models: Iterable[Answer]) -> dict[str, Path]:
    """A file of answers for each model."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {model: folder / f"{model}.jsonl.gz" for model in models}
    for model, answers in models.items():
        answer.write(files[model], answers)
    return files
