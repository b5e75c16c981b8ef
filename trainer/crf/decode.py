"""The best path: Viterbi."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.crf.arguments import Chain, chain
from trainer.crf.blocks import block_of, join, reading, split, time_major, writing
from trainer.crf.log_space import at_last


def viterbi(
    emissions: Any,
    transitions: Any,
    *,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The best legal path. Between equal paths the one with the lower tag number, decided from the last
    token back.

    Args:
        emissions: float[B, T, K]; the padding may hold anything.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.
        allowed: bool[K, K] or None, whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may come first and last.

    Returns:
        tags int32[B, T], 0 after the end, and the path's score float[B]: 0 for an empty sentence, -inf
        (and tags that mean nothing) where no path is legal.

    Raises:
        ValueError: shapes, types or lengths are not as described.
    """
    return best_path(
        chain(
            emissions,
            transitions,
            lengths=lengths,
            start=start,
            end=end,
            allowed=allowed,
            allowed_start=allowed_start,
            allowed_end=allowed_end,
            clean=False,
        )
    )


def best_path(chain: Chain) -> tuple[tf.Tensor, tf.Tensor]:
    """Tags int32[B, T] and score [B] of a checked chain, whose padding may hold anything: it is never chosen."""
    known = chain.emissions.shape[1]
    if known is not None:
        return _of_one_token(chain) if known <= 1 else _of_more(chain)
    # Not inlined: an executor visits every node of the branch that was not taken.
    more = tf.function(lambda: _of_more(chain), autograph=False, experimental_attributes={"_noinline": True})
    return tf.cond(tf.shape(chain.emissions)[1] <= 1, lambda: _of_one_token(chain), more)


def _of_one_token(chain: Chain) -> tuple[tf.Tensor, tf.Tensor]:
    """Tags [B, T] and scores [B] where T is 0 or 1: no step, hence no loop and no transitions.

    As few operations as can be: at this size each costs as much as all the arithmetic.
    """
    final = with_edge(with_edge(chain.emissions, chain.start), chain.end)  # [B, T, K]
    real = chain.lengths[:, tf.newaxis] > 0  # [B, 1]
    tags = tf.where(real, tf.argmax(final, axis=2, output_type=tf.int32), 0)
    best = tf.where(real, tf.reduce_max(final, axis=2), tf.zeros([], final.dtype))  # [B, T]
    return tags, tf.reduce_sum(best, axis=1)


def _of_more(chain: Chain) -> tuple[tf.Tensor, tf.Tensor]:
    """Tags [B, T] and scores [B] for any T."""
    block = block_of(chain.emissions.shape[1])
    unary = time_major(chain.emissions, block)  # [T', B, K]
    alphas = best_ahead(chain, unary, block)
    final = with_edge(at_last(alphas, chain.lengths), chain.end)  # [B, K]
    tags = _trace(chain, alphas, tf.argmax(final, axis=1, output_type=tf.int32), block)
    tags = tf.transpose(tags)[:, : tf.shape(chain.emissions)[1]]
    score = tf.where(chain.lengths > 0, tf.reduce_max(final, axis=1), tf.zeros([], final.dtype))
    return tf.ensure_shape(tf.where(chain.valid, tags, 0), chain.valid.shape), score


def with_edge(scores: tf.Tensor, edge: tf.Tensor | None) -> tf.Tensor:
    return scores if edge is None else scores + edge


def best_ahead(chain: Chain, unary: tf.Tensor, block: int) -> tf.Tensor:
    """[T', B, K]: the score of the best path that ends in each tag at each token; runs through the
    padding."""
    parts = split(unary, block)
    source, kept = reading(parts), writing(parts)
    number = tf.shape(parts)[0]

    def advance(n: tf.Tensor, best: tf.Tensor, kept: tf.TensorArray) -> tuple:
        rows = []
        for emission in tf.unstack(source.read(n), num=block):
            alpha = emission + best  # [B, K]
            rows.append(alpha)
            best = tf.reduce_max(alpha[:, :, tf.newaxis] + chain.transitions, axis=1)
        return n + 1, best, kept.write(n, tf.stack(rows))

    first = with_edge(tf.zeros_like(unary[0]), chain.start)
    _, _, kept = tf.while_loop(
        lambda n, *_: n < number, advance, (0, first, kept), maximum_iterations=parts.shape[0]
    )
    return join(kept.stack(), unary)


def _trace(chain: Chain, alphas: tf.Tensor, last: tf.Tensor, block: int) -> tf.Tensor:
    """int32[T', B]: the path back from the tags int32[B] it ends in.

    Only the predecessors of the tags on the path are asked for: T x B searches among K tags instead of T
    x B x K. The sums are those of the forward pass, digit for digit, so that ties fall alike.
    """
    into = tf.transpose(chain.transitions)  # [K, K]: row j holds the scores of the steps into j
    parts = split(alphas, block)
    source = reading(parts)
    number = tf.shape(parts)[0]
    path = tf.TensorArray(tf.int32, size=number, element_shape=[block, last.shape[0]])
    # Of all steps at once: in the loop each operation is paid for T times.
    inner = tf.range(tf.shape(alphas)[0])[:, tf.newaxis] < chain.lengths - 1  # [T', B]
    inner = tf.reshape(inner, tf.shape(parts)[:3])

    def retreat(n: tf.Tensor, tag: tf.Tensor, path: tf.TensorArray) -> tuple:
        rows = []
        steps = zip(tf.unstack(source.read(n), num=block), tf.unstack(inner[n], num=block), strict=True)
        for alpha, goes_on in reversed(list(steps)):
            before = tf.argmax(alpha + tf.gather(into, tag), axis=1, output_type=tf.int32)
            tag = tf.where(goes_on, before, last)
            rows.append(tag)
        return n - 1, tag, path.write(n, tf.stack(rows[::-1]))

    _, _, path = tf.while_loop(
        lambda n, *_: n >= 0, retreat, (number - 1, last, path), maximum_iterations=parts.shape[0]
    )
    return tf.reshape(path.stack(), tf.shape(alphas)[:2])
