"""A SavedModel in batches: the answers of one sentence at a time, in the order asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from components.corpus_gen.example import to_example
from components.predictor import model
from components.predictor.model import SENTENCES_PER_BATCH, TOKENS_PER_BATCH, SavedTagger, batches
from corpus.sentence import Sentence
from tagging.schemes import BIOES
from tests.components.recorded import model_in
from tests.trainer.conftest import SENTENCES, SMALL, split, tiny_model, transformed, vocabulary
from trainer.export import saved_model
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf

# Fixtures of the trainer's tests: a real, if untrained, BiLSTM-CRF.
__all__ = ["tiny_model", "transformed", "vocabulary"]

TOKENS = [[], *(split(sentence)[0] for sentence in SENTENCES), [], ["東京", "Zoë"] * 30]


@given(lengths=st.lists(st.integers(0, 300), max_size=600))
def test_every_sentence_is_in_one_batch_within_the_limits(lengths: list[int]) -> None:
    found = list(batches(lengths))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        assert 0 < len(batch) <= SENTENCES_PER_BATCH
        assert len(batch) * max(lengths[index] for index in batch) <= TOKENS_PER_BATCH


def test_a_sentence_beyond_the_limit_is_a_batch_of_its_own() -> None:
    lengths = [1, TOKENS_PER_BATCH + 1, TOKENS_PER_BATCH + 2]
    assert list(batches(lengths)) == [[0], [1], [2]]


def record(tokens: list[str]) -> bytes:
    return to_example(Sentence(tuple(tokens), ("O",) * len(tokens)), ["O"] * len(tokens)).SerializeToString()


def test_batches_do_not_change_the_predictions(
    tmp_path: Path, tiny_model: BiLstmCrf, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_model.export(tiny_model, vocabulary, BIOES, directory=str(tmp_path), n_best=SMALL.n_best, extra={})
    # Windows and batches that cut the sentences in several places.
    monkeypatch.setattr(model, "WINDOW", 5)
    monkeypatch.setattr(model, "SENTENCES_PER_BATCH", 2)
    examples = [(record(tokens), len(tokens)) for tokens in TOKENS]
    found = list(SavedTagger(str(tmp_path)).predictions(examples))
    signatures = tf.saved_model.load(str(tmp_path)).signatures
    assert len(found) == len(TOKENS)
    for (example, length), prediction in zip(examples, found, strict=True):
        own = signatures["evaluate"](examples=tf.constant([example]))
        served = signatures["decode"](examples=tf.constant([example]))
        assert prediction.tags == tuple(tag.decode() for tag in own["tags"].numpy()[0, :length])
        np.testing.assert_allclose(prediction.confidence, served["confidence"].numpy()[0, :length], atol=1e-5)
        np.testing.assert_allclose(prediction.score, served["score"].numpy()[0], atol=1e-5)


def test_no_more_than_a_window_is_read_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "WINDOW", 4)
    read = 0

    def sentences() -> Iterator[tuple[bytes, int]]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield record(["a"]), 1

    answers = SavedTagger(model_in(tmp_path, "tags").uri + "/Format-Serving").predictions(sentences())
    for expected in (4, 4, 4, 4, 8):
        next(answers)
        assert read == expected


def test_a_model_without_the_signatures_is_an_error(tmp_path: Path) -> None:
    model_in(tmp_path, "tags", ["evaluate"])
    with pytest.raises(ValueError, match="no signature decode; expected a model that"):
        SavedTagger(str(tmp_path / "Format-Serving"))
