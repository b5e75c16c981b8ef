"""A Keras BiLSTM with the CRF of TensorFlow Addons, a common choice, with our sizes and features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from trainer.crf import LinearChain
from trainer.model import addons

Arrays = Mapping[str, tf.Tensor]


class Tagger(tf.keras.Model):
    """The same features, sizes and dropout as our model."""

    def __init__(self, sizes: Mapping[str, Any]) -> None:
        super().__init__()
        layers = tf.keras.layers
        self.tables = {
            name: layers.Embedding(rows, width) for name, (rows, width) in sizes["embeddings"].items()
        }
        self.byte_table = layers.Embedding(256, sizes["byte_embedding"])
        self.convolutions = [
            layers.Conv1D(count, width, padding="same", activation="relu")
            for width, count in sizes["byte_filters"]
        ]
        self.byte_dropout = layers.Dropout(sizes["byte_dropout"])
        self.input_dropout = layers.Dropout(sizes["input_dropout"])
        self.output_dropout = layers.Dropout(sizes["output_dropout"])
        self.lstm = layers.Bidirectional(layers.LSTM(sizes["units"], return_sequences=True))
        self.projection = layers.Dense(sizes["tags"])
        self.transitions = self.add_weight("transitions", [sizes["tags"], sizes["tags"]])

    def call(self, arrays: Arrays, training: bool = False) -> tf.Tensor:
        """Compute the emissions float32[B,T,K]."""
        shape = tf.shape(arrays["words"])
        parts = []
        for name, table in self.tables.items():
            vectors = table(arrays[name])
            width = table.output_dim * (vectors.shape[2] if vectors.shape.rank == 4 else 1)
            parts.append(tf.reshape(vectors, [shape[0], shape[1], width]))
        ids = tf.reshape(arrays["bytes"], [-1, arrays["bytes"].shape[2]])  # [B*T,C]
        present = tf.cast(ids > 0, tf.float32)[:, :, tf.newaxis]
        x = self.byte_dropout(self.byte_table(ids), training=training) * present
        for convolution in self.convolutions:
            strongest = tf.reduce_max(convolution(x) * present, axis=1)
            parts.append(tf.reshape(strongest, [shape[0], shape[1], convolution.filters]))
        x = self.input_dropout(tf.concat(parts, 2), training=training)
        # Without the mask the backward direction would read the padding first.
        x = self.lstm(x, mask=tf.sequence_mask(arrays["lengths"], shape[1]))
        return self.projection(self.output_dropout(x, training=training))


def trainer_of(sizes: Mapping[str, Any], batches: Sequence[Arrays]) -> Callable[[], float]:
    """Make a function that trains on all batches once and returns the mean loss."""
    model = Tagger(sizes)
    optimizer = tf.keras.optimizers.Adam(sizes["learning_rate"], global_clipnorm=sizes["clip_norm"])

    @tf.function(reduce_retracing=True)
    def step(arrays: Arrays) -> tf.Tensor:
        with tf.GradientTape() as tape:
            emissions = model(arrays, training=True)
            labels = tf.cast(arrays["labels"], tf.int32)
            chain = LinearChain(emissions, model.transitions, lengths=arrays["lengths"])
            loss = -tf.reduce_mean(addons.log_likelihood(chain, labels))
        optimizer.minimize(loss, model.trainable_variables, tape)
        return loss

    def run() -> float:
        losses = [step(arrays) for arrays in batches]
        return sum(float(loss) for loss in losses) / len(losses)

    return run
