"""A trained CRFsuite model against an enumeration of all paths with the weights that it dumps."""

from __future__ import annotations

import itertools
import logging
import math
from pathlib import Path

import pycrfsuite
import pytest

from components.crfsuite_baseline.crf import CrfsuiteTagger, train
from components.crfsuite_baseline.features import token_features
from components.crfsuite_baseline.options import CrfsuiteOptions

SENTENCES = [
    tuple(zip(*(pair.split("/") for pair in line.split()), strict=True))
    for line in """
Anna/S-PER lives/O in/O Paris/S-LOC ./O
Berlin/S-LOC is/O cold/O
Paris/B-PER Hilton/E-PER sings/O
Rome/S-LOC
Yes/O ./O
In/O Rome/S-LOC John/S-PER met/O Anna/S-PER ./O
""".strip().splitlines()
]
OPTIONS = CrfsuiteOptions(c1=0.05, c2=0.05, max_iterations=25)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("crfsuite") / "model")
    assert train(((tokens, tags) for tokens, tags in [((), ()), *SENTENCES]), path, OPTIONS) == len(SENTENCES)
    return path


@pytest.mark.parametrize("text", ["Anna sings", "In Paris John", "Berlin", "nobody was there ."])
def test_answers_are_those_of_an_enumeration(path: str, text: str) -> None:
    tokens = text.split()
    tagger = pycrfsuite.Tagger()
    tagger.open(path)
    info = tagger.info()
    features = token_features(tokens)
    weights: dict[tuple[str, ...], float] = {}
    for tags in itertools.product(tagger.labels(), repeat=len(tokens)):
        score = sum(
            info.state_features.get((feature, tag), 0.0)
            for found, tag in zip(features, tags, strict=True)
            for feature in found
        )
        score += sum(info.transitions.get(step, 0.0) for step in itertools.pairwise(tags))
        weights[tags] = math.exp(score)
    total = math.fsum(weights.values())
    best = max(weights, key=weights.__getitem__)

    prediction = CrfsuiteTagger(path).predict(tokens)
    assert prediction.tags == best
    # The dump has six digits of each weight.
    assert prediction.score == pytest.approx(weights[best] / total, rel=1e-3)
    for index, (tag, confidence) in enumerate(zip(prediction.tags, prediction.confidence, strict=True)):
        share = math.fsum(weight for tags, weight in weights.items() if tags[index] == tag) / total
        assert confidence == pytest.approx(share, rel=1e-3)


def test_the_training_sentences_are_learned(path: str) -> None:
    tagger = CrfsuiteTagger(path)
    assert all(tagger.predict(tokens).tags == tags for tokens, tags in SENTENCES)


def test_an_empty_sentence_is_answered(path: str) -> None:
    assert CrfsuiteTagger(path).predict([]) == ((), (), 1.0)


def test_strange_tokens_are_answered(path: str) -> None:
    for token in ("", "\x00", "=", "a:b", "\\", "東京", "x" * 5000):
        assert len(CrfsuiteTagger(path).predict([token, "Paris"]).tags) == 2


def test_the_same_sentences_give_the_same_model(path: str, tmp_path: Path) -> None:
    again = tmp_path / "again"
    train(SENTENCES, str(again), OPTIONS)
    assert again.read_bytes() == Path(path).read_bytes()


def test_progress_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO, "tagline.crfsuite"):
        train(SENTENCES, str(tmp_path / "model"), OPTIONS)
    assert "training on 6 sentences" in caplog.text
    assert "iteration 20  loss" in caplog.text
    assert "stopped after iteration" in caplog.text
    assert capfd.readouterr().out == ""


def test_a_split_without_tokens_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found no sentence to train on"):
        train([((), ())], str(tmp_path / "model"), OPTIONS)
