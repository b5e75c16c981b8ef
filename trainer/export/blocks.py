"""Runs a model over any mix of sentences in blocks of similar length, so that its work follows the tokens.

In one batch every sentence costs as much as the longest: a thousand short ones beside a long one would take as much
time and memory as a thousand long ones. Here the longest come first, and a block ends before its padding outgrows its
tokens. An ordinary batch is one block.

Shape letters: `B` sentences, `M` tokens of all sentences, `b` sentences of a block, `t` tokens of its longest, at
least 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

# A block with its padding has at most a quarter more than its tokens and this, and at most `MOST_PADDED`, unless its
# first sentence alone has more. So where a block ends for its padding, the next begins with a sentence a fifth shorter
# at least, and there are few of them.
FREE_PADDING = 512
MOST_PADDED = 16_384


class Sentences(NamedTuple):
    """B sentences without padding."""

    tokens: tf.Tensor  # string[M]
    lengths: tf.Tensor  # int32[B]


class Answers(NamedTuple):
    """What a model answers: of a block [b,t,...] and [b,...], of all sentences [M,...] and [B,...]."""

    of_tokens: dict[str, tf.Tensor]
    of_sentences: dict[str, tf.Tensor]


def in_blocks(model: Callable[[tf.Tensor, tf.Tensor], Answers], sentences: Sentences) -> Answers:
    """Run `model` over blocks of `sentences`.

    Args:
        model: answers for tokens string[b,t], "" after the end, and lengths int32[b]; b is at least 1.
        sentences: any number of them, empty ones included.

    Returns:
        The answers for the tokens of all sentences, and for all sentences, in their order.
    """
    lengths = sentences.lengths
    starts = tf.cumsum(lengths, exclusive=True)  # [B]
    order = tf.argsort(lengths, direction="DESCENDING", stable=True)  # [B]
    descending = tf.gather(lengths, order)  # [B]
    run = _traced(model)

    def body(
        first: tf.Tensor, places: tf.TensorArray, done: Answers
    ) -> tuple[tf.Tensor, tf.TensorArray, Answers]:
        rows = order[first : first + _rows_that_fit(descending[first:])]  # [b]
        of_rows = tf.gather(lengths, rows)  # [b]
        time = tf.maximum(of_rows[0], 1)
        mask = tf.sequence_mask(of_rows, time)  # [b,t]
        grid = tf.gather(starts, rows)[:, tf.newaxis] + tf.range(time)  # [b,t], places in all tokens
        padded = tf.where(mask, tf.gather(padded_end, tf.where(mask, grid, 0)), "")
        answers = run(padded, of_rows)
        block = places.size()

        def of_tokens(array: tf.TensorArray, answer: tf.Tensor) -> tf.TensorArray:
            return array.write(block, tf.boolean_mask(answer, mask))

        def of_sentences(array: tf.TensorArray, answer: tf.Tensor) -> tf.TensorArray:
            return array.write(block, answer)

        return (
            first + tf.size(rows),
            of_tokens(places, grid),
            Answers(
                tf.nest.map_structure(of_tokens, done.of_tokens, answers.of_tokens),
                tf.nest.map_structure(of_sentences, done.of_sentences, answers.of_sentences),
            ),
        )

    # A gather from no tokens at all would fail, even where nothing is taken.
    padded_end = tf.concat([sentences.tokens, [""]], 0)  # [M+1]
    empty = Answers(
        *(
            {name: _array(answer.dtype, answer.shape[rank:]) for name, answer in answers.items()}
            for rank, answers in zip((2, 1), run.structured_outputs, strict=True)
        )
    )
    _, places, done = tf.while_loop(
        lambda first, *_: first < tf.size(lengths),
        body,
        (0, _array(tf.int32, []), empty),
        parallel_iterations=1,
    )
    back = tf.math.invert_permutation(places.concat())  # [M]
    row_back = tf.math.invert_permutation(order)  # [B]
    return Answers(
        {name: tf.gather(array.concat(), back) for name, array in done.of_tokens.items()},
        {name: tf.gather(array.concat(), row_back) for name, array in done.of_sentences.items()},
    )


def _traced(model: Callable[[tf.Tensor, tf.Tensor], Answers]) -> Any:
    """Trace the model once, which also tells the types and inner shapes of its answers."""
    tokens, lengths = tf.TensorSpec([None, None], tf.string), tf.TensorSpec([None], tf.int32)
    return tf.function(model, input_signature=[tokens, lengths], autograph=False).get_concrete_function()


def _array(dtype: tf.DType, inner: tf.TensorShape | list[int]) -> tf.TensorArray:
    """Make an array of tensors [?,*inner], one per block."""
    return tf.TensorArray(dtype, size=0, dynamic_size=True, infer_shape=False, element_shape=[None, *inner])


def _rows_that_fit(descending: tf.Tensor) -> tf.Tensor:
    """Count the sentences of the next block, by the lengths int32[>0] of those that are left: int32[], at least 1."""
    rows = tf.range(1, tf.size(descending) + 1)
    padded = descending[0] * rows
    # Convex in the number of rows, so what fits comes first.
    fits = 4 * padded <= tf.minimum(5 * tf.cumsum(descending) + 4 * FREE_PADDING, 4 * MOST_PADDED)
    return tf.maximum(tf.reduce_sum(tf.cast(fits, tf.int32)), 1)
