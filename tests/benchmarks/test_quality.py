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


def test_a_memorised_corpus_scores_100_percent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Train, dev and test are one and the same."""
    quality.main(
        _arguments(_corpora(tmp_path), "--seeds", "2", "--set", "trainer.epochs=40", "--json"),
    )
    means = json.loads(capsys.readouterr().out)
    assert set(means) == {"names", "words"}
    assert means["names"]["test"] == means["names"]["dev"] == {"f1": 100.0, "accuracy": 100.0}
    assert means["words"]["test"] == {"accuracy": 100.0}, "plain tags have no entities"
    assert means["names"]["seconds"] > 0


def test_the_table_has_a_row_for_each_requested_corpus(
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
def test_options_that_cannot_be_used_are_refused(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        quality.main(_arguments(_corpora(tmp_path), *arguments))
    assert message in str(stopped.value) + capsys.readouterr().err
