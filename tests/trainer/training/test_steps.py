from __future__ import annotations

import numpy as np
import tensorflow as tf

from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from trainer.features.inputs import Inputs
from trainer.features.vocabulary import Vocabulary
from trainer.input_pipeline import batches
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training.optimizer import Adam
from trainer.training.steps import Steps


class _Counting(BiLstmCrf):
    """Counts tracings: Python runs the loss once in each."""

    tracings = 0

    def log_likelihood(self, inputs: Inputs, labels: tf.Tensor, *, seed: tf.Tensor) -> tf.Tensor:
        self.tracings += 1
        return super().log_likelihood(inputs, labels, seed=seed)


def test_batches_of_every_length_and_size_are_one_tracing(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary
) -> None:
    model = _Counting(SMALL, vocabulary, BIOES)
    counts = batches.count(tiny_sentences, batch_size=3)
    epochs = batches.training_batches(
        tiny_sentences, epochs=range(1, 3), batch_size=3, buffer_size=100, seed=1
    )
    shapes = {tuple(batch.tokens.shape) for batch in epochs}
    assert len({shape[0] for shape in shapes}) > 1
    assert len({shape[1] for shape in shapes}) > 1
    adam = Adam(model.trainable_variables, learning_rate=0.01, steps=2 * counts.batches, clip_norm=5.0)
    steps = Steps(model, adam, tf.distribute.get_strategy(), seed=1)
    stream = iter(epochs)
    first = [float(total) for total in steps.take(stream, counts.batches)]
    traced = model.tracings
    second = [float(total) for total in steps.take(stream, counts.batches)]
    assert model.tracings == traced
    assert int(adam.iterations) == 2 * counts.batches
    assert first[1] == second[1] == sum(int(np.sum(sentence.lengths)) for sentence in tiny_sentences)
    assert second[0] < first[0]
