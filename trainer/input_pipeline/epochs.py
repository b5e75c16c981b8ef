"""The training split as batches for the optimiser's steps, epoch after epoch."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tagging.schemes import Scheme
from trainer.hyperparameters import Hyperparameters
from trainer.input_pipeline import batches
from trainer.input_pipeline.mention_replacement import Mentions, movable


class Epochs:
    """Batches of a training split, shuffled anew in each epoch, with some mentions replaced.

    Args:
        sentences: as `batches.sentences` returns them.
        tags: the tags of the vocabulary, by id.
        scheme: of the tags.
        hyperparameters: batch size over all replicas, shuffle buffer, seed, share of replaced mentions.

    Attributes:
        counts: sentences and batches of an epoch.
    """

    def __init__(
        self,
        sentences: tf.data.Dataset,
        *,
        tags: Sequence[str],
        scheme: Scheme,
        hyperparameters: Hyperparameters,
    ) -> None:
        hp = hyperparameters
        self._sentences, self._hp = sentences, hp
        self.counts = batches.count(sentences, batch_size=hp.batch_size)
        self._change = None
        if hp.mention_replacement and movable(scheme):
            mentions = Mentions(sentences, tags=tags, scheme=scheme, share=hp.mention_replacement)
            self._change = mentions.replaced if mentions.count else None

    def batches(self, numbers: range, *, replicas: int = 1, own: range | None = None) -> tf.data.Dataset:
        """Make the batches of the epochs `numbers`; `replicas` and `own` as in `batches.training_batches`."""
        return batches.training_batches(
            self._sentences,
            epochs=numbers,
            batch_size=self._hp.batch_size,
            buffer_size=self._hp.shuffle_buffer,
            seed=self._hp.seed,
            change=self._change,
            replicas=replicas,
            own=own,
        )
