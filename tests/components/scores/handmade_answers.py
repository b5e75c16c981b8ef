"""Hand-made answers, for tests of scores and of the gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from components.predictor.answer import Answer, write


def answer(
    gold: str,
    predicted: str | None = None,
    *,
    tokens: str = "",
    confidence: tuple[float, ...] = (),
    features: Mapping[str, str] | None = None,
    seen: tuple[bool, ...] = (),
) -> Answer:
    """An answer to a sentence; every tag is right by default."""
    tags = tuple(gold.split())
    return Answer(
        tokens=tuple(tokens.split()) or tuple(f"w{number}" for number in range(len(tags))),
        gold=tags,
        predicted=tags if predicted is None else tuple(predicted.split()),
        confidence=confidence,
        features=dict(features or {}),
        seen=seen,
    )


def answer_files(folder: Path, **models: Iterable[Answer]) -> dict[str, Path]:
    """Write a file of answers for each model."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {model: folder / f"{model}.jsonl.gz" for model in models}
    for model, answers in models.items():
        write(files[model], answers)
    return files
