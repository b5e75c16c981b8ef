from collections import Counter
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.input_pipeline import batches as inputs
from trainer.input_pipeline.batches import BUCKET_BOUNDARIES, Batch


def _epoch(dataset: tf.data.Dataset, **changes: Any) -> list[Batch]:
    options = {"batch_size": 3, "buffer_size": 100, "seed": 1, "epochs": range(1, 2), **changes}
    return list(inputs.training_batches(dataset, **options))


def _texts(batches: list[Batch]) -> list[bytes]:
    return [
        b" ".join(row[:length])
        for batch in batches
        for row, length in zip(batch.tokens.numpy(), batch.lengths.numpy(), strict=True)
    ]


def test_an_epoch_holds_every_sentence_once(tiny_sentences: tf.data.Dataset) -> None:
    expected = Counter(b" ".join(sentence.tokens.numpy()) for sentence in tiny_sentences)
    assert Counter(_texts(_epoch(tiny_sentences))) == expected


def test_the_seed_gives_the_order(tiny_sentences: tf.data.Dataset) -> None:
    assert _texts(_epoch(tiny_sentences, seed=5)) == _texts(_epoch(tiny_sentences, seed=5))
    assert _texts(_epoch(tiny_sentences, seed=5)) != _texts(_epoch(tiny_sentences, seed=6))


def test_an_epoch_is_the_same_whichever_came_before(tiny_sentences: tf.data.Dataset) -> None:
    counts = inputs.count(tiny_sentences, batch_size=3)
    all_three = _epoch(tiny_sentences, epochs=range(1, 4))
    assert len(all_three) == 3 * counts.batches
    assert counts.sentences == 10
    third = _epoch(tiny_sentences, epochs=range(3, 4))
    assert _texts(all_three[2 * counts.batches :]) == _texts(third)
    assert _texts(all_three[: counts.batches]) != _texts(third)


def test_sentences_of_a_batch_share_a_length_bucket(tiny_sentences: tf.data.Dataset) -> None:
    for batch in _epoch(tiny_sentences):
        buckets = np.searchsorted(BUCKET_BOUNDARIES, batch.lengths.numpy())
        assert len(set(buckets.tolist())) == 1
        assert batch.tokens.shape[1] == max(batch.lengths.numpy())


def test_padding_is_empty_and_zero(tiny_sentences: tf.data.Dataset) -> None:
    for batch in _epoch(tiny_sentences):
        after_end = ~tf.sequence_mask(batch.lengths, batch.tokens.shape[1]).numpy()
        assert set(batch.tokens.numpy()[after_end].tolist()) <= {b""}
        assert not batch.words.numpy()[after_end].any()
        assert not batch.labels.numpy()[after_end].any()


def test_each_replica_gets_a_share_of_like_shape(tiny_sentences: tf.data.Dataset) -> None:
    whole = _epoch(tiny_sentences)
    shares = _epoch(tiny_sentences, replicas=2)
    assert len(shares) == 2 * len(whole)
    for batch, first, second in zip(whole, shares[::2], shares[1::2], strict=True):
        assert first.tokens.shape == second.tokens.shape
        together = [row for share in (first, second) for row in share.tokens.numpy().tolist()]
        empty = [[b""] * batch.tokens.shape[1]] * (len(together) - batch.tokens.shape[0])
        assert together == batch.tokens.numpy().tolist() + empty


def test_long_sentences_come_in_smaller_batches() -> None:
    def sentence(length: tf.Tensor) -> Batch:
        strings, numbers = tf.fill([length], "w"), tf.ones([length], tf.int64)
        return Batch(strings, strings, numbers, numbers, numbers, length)

    lengths = [700] * 20 + [5000] * 2 + [3] * 20
    dataset = tf.data.Dataset.from_tensor_slices(lengths).map(sentence)
    batches = _epoch(dataset, batch_size=16)
    assert len(batches) == inputs.count(dataset, batch_size=16).batches == 2 + 2 + 2
    assert max(batch.tokens.shape[0] * batch.tokens.shape[1] for batch in batches) <= inputs.TOKENS_PER_BATCH


def test_each_worker_draws_the_same_batches_and_keeps_its_own_replicas_share(
    tiny_sentences: tf.data.Dataset,
) -> None:
    everything = _epoch(tiny_sentences, replicas=4)
    kept = [_epoch(tiny_sentences, replicas=4, own=range(first, first + 2)) for first in (0, 2)]
    assert [len(batches) for batches in kept] == [len(everything) // 2] * 2
    # Two of the one worker, two of the other, and so on, are all.
    pairs = [batches[at : at + 2] for at in range(0, len(kept[0]), 2) for batches in kept]
    again = [batch for pair in pairs for batch in pair]
    for expected, found in zip(everything, again, strict=True):
        np.testing.assert_array_equal(expected.tokens, found.tokens)
        np.testing.assert_array_equal(expected.labels, found.labels)
