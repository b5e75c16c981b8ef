"""Predictions of a SavedModel in this process, in batches of sentences of similar length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import tensorflow as tf

from components.predictor.prediction import Prediction

# Sentences that are sorted by length together, and so are in memory at once.
WINDOW = 2048
# Limits of a batch, in sentences and padded tokens; a single sentence may have more tokens.
SENTENCES_PER_BATCH = 128
TOKENS_PER_BATCH = 12_000


class SavedTagger:
    """The signatures `evaluate` and `decode` of a model that `trainer.export.saved_model` wrote."""

    def __init__(self, path: str) -> None:
        """Raises:
        ValueError: the model lacks a signature.
        """
        # Kept, since the signatures do not keep the model's variables alive.
        self._model = tf.saved_model.load(path)
        missing = sorted({"evaluate", "decode"} - set(self._model.signatures))
        if missing:
            raise ValueError(
                f"{path}: found no signature {' and '.join(missing)}; expected a model that this pipeline's "
                "Trainer exported"
            )

    def predictions(self, sentences: Iterable[tuple[bytes, int]]) -> Iterator[Prediction]:
        """Yield a prediction for each sentence, in order.

        Args:
            sentences: serialized tf.Examples and how many tokens each has.
        """
        stream = iter(sentences)
        while window := list(islice(stream, WINDOW)):
            lengths = [length for _, length in window]
            predictions: dict[int, Prediction] = {}
            for batch in batches(lengths):
                records = [window[index][0] for index in batch]
                predictions.update(zip(batch, self._predict(records), strict=True))
            for index in range(len(window)):
                yield predictions[index]

    def _predict(self, records: list[bytes]) -> Iterator[Prediction]:
        examples = tf.constant(records, tf.string)
        evaluated = self._model.signatures["evaluate"](examples=examples)
        decoded = self._model.signatures["decode"](examples=examples)
        # tags string[B,T], lengths int32[B], confidence float32[B,T], score float32[B].
        for tags, length, confidence, score in zip(
            evaluated["tags"].numpy(),
            evaluated["lengths"].numpy(),
            decoded["confidence"].numpy(),
            decoded["score"].numpy(),
            strict=True,
        ):
            yield Prediction(
                tuple(tag.decode() for tag in tags[:length]),
                tuple(confidence[:length].tolist()),
                float(score),
            )


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group indices of sentences of similar length, each index once, within the limits of a batch."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: (lengths[index], index)):
        # Sorted, so this one is the longest so far.
        padded = (len(batch) + 1) * lengths[index]
        if batch and (len(batch) == SENTENCES_PER_BATCH or padded > TOKENS_PER_BATCH):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
