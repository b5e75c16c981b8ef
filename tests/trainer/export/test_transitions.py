"""The exported scores of the CRF, compared with the model's variables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from tagging.schemes import BIOES
from trainer.export import saved_model
from trainer.export.transitions import FILE_NAME, Transitions, to_json
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf


def test_an_export_holds_the_scores_of_the_model(
    tmp_path: Path, tiny_model: BiLstmCrf, vocabulary: Vocabulary
) -> None:
    saved_model.export(
        tiny_model, vocabulary, BIOES, directory=str(tmp_path), n_best=1, extra={"a.json": "{}"}
    )
    found = Transitions.from_json((tmp_path / "assets.extra" / FILE_NAME).read_bytes())
    assert found.tags == list(vocabulary.tags)
    assert found.constrained == tiny_model.constrained
    for scores, variable in (
        (found.transitions, tiny_model.transitions),
        (found.start, tiny_model.start),
        (found.end, tiny_model.end),
    ):
        assert np.shape(scores) == tuple(variable.shape)
        np.testing.assert_allclose(scores, variable.numpy(), atol=1e-5)
    assert (tmp_path / "assets.extra" / "a.json").exists()


def test_no_digit_that_means_nothing() -> None:
    scores = tf.Variable(tf.fill([2, 2], 0.1))
    edges = tf.Variable([1.0, -0.3])
    text = to_json(tags=["O", "B-PER"], transitions=scores, start=edges, end=edges, constrained=True)
    found = json.loads(text)
    # In float32 they are 0.10000000149011612 and -0.30000001192092896.
    assert found["transitions"] == [[0.1, 0.1], [0.1, 0.1]]
    assert found["start"] == found["end"] == [1.0, -0.3]
