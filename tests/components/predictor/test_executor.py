"""Predictor on hand-made artifacts and recorded models, and its answers scored like everybody's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.artifacts import Predictions
from components.predictor import most_frequent_tag
from components.predictor.answer import Answer, read
from components.predictor.executor import Executor
from components.predictor.most_frequent_tag import FILE_NAME
from tests.components.recorded import Row, examples_in, model_in

TRAIN = [Row("Anna/S-PER lives/O in/O New/B-LOC York/E-LOC", "news")]
TEST = [
    Row("Anna/S-PER sings/O", "news", {"candidate": "S-PER O", "baseline": "B-PER O"}),
    Row("", "news", {"candidate": "", "baseline": ""}),
    Row(
        "In/O New/B-LOC York/E-LOC Bob/S-PER sleeps/O",
        "travel",
        {"candidate": "O B-LOC E-LOC O O", "baseline": "O B-LOC I-LOC B-PER O"},
    ),
    Row("New/S-LOC", "", {"candidate": "S-LOC", "baseline": "O"}),
]


def predict(folder: Path, *, baseline: bool, scheme: str = "BIOES", split: str = "test") -> Path:
    """Runs the executor; the folder that it wrote."""
    inputs: dict[str, list[Any]] = {
        "examples": [examples_in(folder / "examples", {"train": TRAIN, "test": TEST})],
        "model": [model_in(folder / "candidate", "candidate")],
    }
    if baseline:
        inputs["baseline_model"] = [model_in(folder / "baseline", "baseline")]
    predictions = Predictions()
    predictions.uri = str(folder / "predictions")
    properties = {"scheme": scheme, "split": split, "slice_by": '["domain", "year", "nobody"]', "code": ""}
    Executor().Do(inputs, {"predictions": [predictions]}, properties)
    return folder / "predictions"


def test_every_sentence_is_answered_in_the_order_of_the_examples(tmp_path: Path) -> None:
    folder = predict(tmp_path, baseline=False)
    assert [path.name for path in folder.iterdir()] == ["candidate.jsonl.gz"]
    answers = list(read(folder / "candidate.jsonl.gz"))
    assert answers == [
        Answer(
            tokens=row.tokens,
            gold=row.gold,
            predicted=tuple(row.answers["candidate"].split()),
            confidence=tuple(float(f"{1 / (t + 2):.7g}") for t in range(len(row.tokens))),
            score=float(f"{1 / (1 + len(row.tokens)):.7g}"),
            features={"domain": row.domain, "year": "1999,2000"} if row.domain else {"year": "1999,2000"},
            seen=seen,
        )
        # Anna and New York are known as such, Bob is not, New is part of a name only.
        for row, seen in zip(TEST, [(True,), (), (True, False), (False,)], strict=True)
    ]


def test_answers_of_a_baseline_of_another_scheme_are_converted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = predict(tmp_path, baseline=True)
    assert sorted(path.name for path in folder.iterdir()) == ["baseline.jsonl.gz", "candidate.jsonl.gz"]
    candidate, baseline = (list(read(folder / f"{name}.jsonl.gz")) for name in ("candidate", "baseline"))
    assert [answer.tokens for answer in baseline] == [answer.tokens for answer in candidate]
    assert [answer.seen for answer in baseline] == [answer.seen for answer in candidate]
    assert [" ".join(answer.predicted) for answer in baseline] == [
        "S-PER O",
        "",
        "O B-LOC E-LOC S-PER O",
        "O",
    ]
    assert "BIO" in caplog.text


def test_for_plain_tags_the_most_frequent_tag_is_counted(tmp_path: Path) -> None:
    plain = predict(tmp_path, baseline=False, scheme="PLAIN")
    assert sorted(path.name for path in plain.iterdir()) == ["candidate.jsonl.gz", FILE_NAME]
    # All but `Bob`, which train lacks, and the second `New`, which is B-LOC there.
    assert most_frequent_tag.read(str(plain)) == 6 / 8


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (predict(tmp_path / name, baseline=False) / "candidate.jsonl.gz" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_a_missing_split_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dev"):
        predict(tmp_path, baseline=False, split="dev")
