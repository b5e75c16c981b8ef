"""Blocks of similar length, by a model whose answers tell which block it ran."""

from __future__ import annotations

import math
from itertools import accumulate

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.export.blocks import FREE_PADDING, MOST_PADDED, Answers, Sentences, in_blocks

LENGTHS = st.lists(st.integers(0, 40) | st.integers(0, 3000), max_size=60)


def _model(tokens: tf.Tensor, lengths: tf.Tensor) -> Answers:
    """Answer each token by itself in two forms, and each sentence by its length and its block's padded size."""
    size = tf.fill(tf.shape(lengths), tf.size(tokens))
    rows = tf.fill(tf.shape(lengths), tf.shape(tokens)[0])
    numbers = tf.strings.to_number(tf.where(tokens == "", "0", tokens), tf.int32)
    return Answers(
        {"number": numbers, "pair": tf.stack([numbers, -numbers], 2)},
        {"length": lengths, "block": tf.stack([size, rows], 1)},
    )


@tf.function(input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.int32)])
def _run(tokens: tf.Tensor, lengths: tf.Tensor) -> Answers:
    return in_blocks(_model, Sentences(tokens, lengths))


def _answers(lengths: list[int]) -> Answers:
    tokens = [str(number) for number in range(sum(lengths))]
    return _run(tf.constant(tokens, tf.string, [len(tokens)]), tf.constant(lengths, tf.int32, [len(lengths)]))


def _blocks(answers: Answers) -> list[tuple[int, int]]:
    """Return each block's padded size and rows, each once for all its rows."""
    rows = [tuple(row) for row in answers.of_sentences["block"].numpy().tolist()]
    return [block for block in set(rows) for _ in range(rows.count(block) // block[1])]


@settings(max_examples=200, deadline=None)
@given(lengths=LENGTHS)
def test_the_answers_are_in_the_order_of_the_sentences(lengths: list[int]) -> None:
    answers = _answers(lengths)
    assert answers.of_sentences["length"].numpy().tolist() == lengths
    numbers = list(range(sum(lengths)))
    assert answers.of_tokens["number"].numpy().tolist() == numbers
    assert answers.of_tokens["pair"].numpy().tolist() == [[number, -number] for number in numbers]


@settings(max_examples=200, deadline=None)
@given(lengths=LENGTHS)
def test_the_work_is_bounded_by_the_tokens(lengths: list[int]) -> None:
    sizes = [size for size, _ in _blocks(_answers(lengths))]
    assert sum(sizes) <= 1.25 * sum(lengths) + FREE_PADDING * len(sizes) + len(lengths)
    # Each block that was cut for its padding begins with less than four fifths of the one before.
    assert len(sizes) <= 2 * sum(lengths) / MOST_PADDED + math.log(max([1, *lengths]), 1.25) + 2
    assert max(sizes, default=0) <= max(MOST_PADDED, *lengths, 1)


@pytest.mark.parametrize("lengths", [[5] * 32, [40, 3, 17, 22] * 8, [1], [300]])
def test_an_ordinary_batch_is_one_block(lengths: list[int]) -> None:
    assert _blocks(_answers(lengths)) == [(len(lengths) * max(lengths), len(lengths))]


def test_a_long_sentence_does_not_make_short_ones_long() -> None:
    # As one batch it would be 101 times 3,000.
    assert sorted(_blocks(_answers([1] * 100 + [3000]))) == [(100, 100), (3000, 1)]


def test_sentences_of_one_length_fill_blocks() -> None:
    assert sorted(_blocks(_answers([64] * 600))) == sorted([(64 * 256, 256)] * 2 + [(64 * 88, 88)])


@pytest.mark.parametrize("lengths", [[], [0], [0, 0, 0]])
def test_no_tokens(lengths: list[int]) -> None:
    answers = _answers(lengths)
    assert answers.of_sentences["length"].numpy().tolist() == lengths
    assert answers.of_tokens["pair"].shape == (0, 2)


def test_lengths_may_come_in_any_order() -> None:
    lengths = [3, 0, 900, 1, 40, 899]
    numbers = _answers(lengths).of_tokens["number"].numpy().tolist()
    starts = [0, *accumulate(lengths)]
    assert numbers == [
        number
        for start, length in zip(starts, lengths, strict=False)
        for number in range(start, start + length)
    ]
