from __future__ import annotations

import numpy as np
import tensorflow as tf

from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from trainer.features.vocabulary import Vocabulary
from trainer.input_pipeline import batches as inputs
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.model.encoder import Inputs
from trainer.training.optimizer import Adam
from trainer.training.steps import steps_of


class _Counting(BiLstmCrf):
    """Python runs its loss once a tracing."""

    tracings = 0

    def log_likelihood(self, given: Inputs, labels: tf.Tensor, *, seed: tf.Tensor) -> tf.Tensor:
        self.tracings += 1
        return super().log_likelihood(given, labels, seed=seed)


def test_batches_of_every_length_and_size_are_one_tracing(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary
) -> None:
    model = _Counting(SMALL, vocabulary, BIOES)
    counts = inputs.count(tiny_sentences, batch_size=3)
    batches = inputs.training_batches(
        tiny_sentences, epochs=range(1, 3), batch_size=3, buffer_size=100, seed=1
    )
    shapes = {tuple(batch.tokens.shape) for batch in batches}
    assert len({shape[0] for shape in shapes}) > 1
    assert len({shape[1] for shape in shapes}) > 1
    adam = Adam(model.trainable_variables, learning_rate=0.01, steps=2 * counts.batches, clip_norm=5.0)
    run = steps_of(model, adam, tf.distribute.get_strategy(), seed=1)
    stream = iter(batches)
    first = [float(total) for total in run(stream, counts.batches)]
    traced = model.tracings
    second = [float(total) for total in run(stream, counts.batches)]
    assert model.tracings == traced
    assert int(adam.iterations) == 2 * counts.batches
    assert first[1] == second[1] == sum(int(np.sum(sentence.lengths)) for sentence in tiny_sentences)
    assert second[0] < first[0]
