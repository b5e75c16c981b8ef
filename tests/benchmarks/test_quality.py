"""The quality benchmark on corpora of a few sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import quality

NAMES = """\
Anna B-PER
sleeps O

Oslo B-LOC
sleeps O

Anna B-PER
left O
Oslo B-LOC
"""
WORDS = """\
Anna PROPN
sleeps VERB

Oslo PROPN
sleeps VERB
"""
SMALL = [
    f"trainer.{setting}"
    for setting in (
        "word_embedding=8",
        "byte_filters=8",
        "lstm_units=8",
        "batch_size=2",
        "learning_rate=0.02",
    )
]


def _corpora(folder: Path) -> Path:
    for name, text in (("names", NAMES), ("words", WORDS)):
        (folder / name).mkdir()
        for split in ("train", "dev", "test"):
            (folder / name / f"{split}.conll").write_text(text)
    return folder


def _arguments(folder: Path, *more: str) -> list[str]:
    return ["--data", str(folder), *(word for setting in SMALL for word in ("--set", setting)), *more]


def test_what_has_been_learned_by_heart_scores_a_hundred_percent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Train, dev and test are one and the same."""
    quality.main(
        _arguments(_corpora(tmp_path), "--seeds", "2", "--set", "trainer.epochs=40", "--json"),
    )
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"names", "words"}
    assert found["names"]["test"] == found["names"]["dev"] == {"f1": 100.0, "accuracy": 100.0}
    assert found["words"]["test"] == {"accuracy": 100.0}, "plain tags have no entities"
    assert found["names"]["seconds"] > 0


def test_the_table_has_a_row_for_each_corpus_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _corpora(tmp_path)
    quality.main(_arguments(folder, "--seeds", "1", "--corpora", "words", "--set", "trainer.epochs=1"))
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.split()[:3] == ["words", "token", "accuracy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--corpora", "names,other"], "found no folder other"),
        (["--seeds", "0"], "found 0; expected 1 or more"),
    ],
)
def test_what_cannot_be_is_told(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        quality.main(_arguments(_corpora(tmp_path), *arguments))
    assert message in str(stopped.value) + capsys.readouterr().err
