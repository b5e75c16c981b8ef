"""The k best paths and their true probabilities.

Viterbi's forward pass tells, for every tag at every token, the best way to arrive there. So a second pass, from the
last token back, knows of every ending of a sentence how good the best path with that ending is, and needs to keep
k endings alone. None of the k best paths is lost: were its ending not among the k best, then k other endings, which
no two paths share, would each have a path at least as good.

A token's tag costs what its best path loses against the best path with the same ending: nothing for the best
predecessor. Paths are kept by what they lost in all, so that the first, which loses nothing, is Viterbi's to the
last digit, and sums of losses keep the digits that sums of scores would not.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.crf.arguments import Chain, chain
from trainer.crf.blocks import block_of, reading, split, time_major
from trainer.crf.decode import best_ahead, with_edge
from trainer.crf.guarded import log_norm
from trainer.crf.likelihood import centred
from trainer.crf.log_space import at_last


def k_best(
    emissions: Any,
    transitions: Any,
    *,
    k: int,
    lengths: Any,
    start: Any = None,
    end: Any = None,
    allowed: Any = None,
    allowed_start: Any = None,
    allowed_end: Any = None,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The k best legal paths, best first; the first is Viterbi's.

    Args:
        emissions: float[B, T, K]; the padding may hold anything.
        transitions: float[K, K], `transitions[i, j]` scores the step from tag i to tag j.
        k: how many paths, at least 1.
        lengths: int32[B], 0..T.
        start, end: float[K] or None.
        allowed: bool[K, K] or None, whether tag j may follow tag i.
        allowed_start, allowed_end: bool[K] or None, which tags may come first and last.

    Returns:
        tags int32[B, k, T] (0 after the end), scores float[B, k] and log-probabilities float[B, k]. A
        sentence with fewer than k legal paths has -inf in both, and tags 0, for the missing ones; an
        empty sentence has one path.

    Raises:
        ValueError: k is not a positive whole number, or shapes, types or lengths are not as described.
    """
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise ValueError(f"k: expected a whole number of paths, at least 1, got {k!r}")
    checked = chain(
        emissions,
        transitions,
        lengths=lengths,
        start=start,
        end=end,
        allowed=allowed,
        allowed_start=allowed_start,
        allowed_end=allowed_end,
    )
    tags, scores = best_paths(checked, k)
    shifted, peaks = centred(checked)
    return tags, scores, log_probabilities(scores, log_norm(shifted) + peaks)


def log_probabilities(scores: tf.Tensor, norm: tf.Tensor) -> tf.Tensor:
    """[B, k] of paths with these scores [B, k], from log Z [B]; -inf where a path is missing."""
    missing = tf.constant(float("-inf"), scores.dtype)
    found = tf.math.is_finite(scores)
    return tf.where(found, tf.minimum(scores - norm[:, tf.newaxis], 0.0), missing)


def best_paths(chain: Chain, k: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Tags int32[B, k, T] and scores [B, k] of a checked chain."""
    block = block_of(chain.emissions.shape[1])
    unary = time_major(chain.emissions, block)  # [T', B, K]
    alphas = best_ahead(chain, unary, block)
    final = with_edge(at_last(alphas, chain.lengths), chain.end)  # [B, K]

    # One ending a tag at first: where k is more than K, the rest are missing.
    padded = tf.pad(final, [[0, 0], [0, k - 1]], constant_values=float("-inf"))
    lost, tags = tf.math.top_k(_lost(padded), k)  # [B, k]
    tags = tf.minimum(tags, tf.shape(final)[1] - 1)
    lost, codes = _endings(chain, alphas, lost, tags, block)
    paths = _follow(codes, tf.shape(final)[1])  # [T', B, k]

    scores = tf.reduce_max(final, axis=1, keepdims=True) + lost
    alone = tf.pad(tf.zeros_like(scores[:, :1]), [[0, 0], [0, k - 1]], constant_values=float("-inf"))
    scores = tf.where((chain.lengths > 0)[:, tf.newaxis], scores, alone)  # an empty sentence has one path
    paths = tf.transpose(paths, [1, 2, 0])[:, :, : tf.shape(chain.emissions)[1]]
    paths = tf.ensure_shape(paths, [unary.shape[1], k, chain.emissions.shape[1]])
    real = chain.valid[:, tf.newaxis, :] & tf.math.is_finite(scores)[:, :, tf.newaxis]
    return tf.where(real, paths, 0), scores


def _endings(
    chain: Chain, alphas: tf.Tensor, lost: tf.Tensor, tags: tf.Tensor, block: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """What the k best paths lost [B, k], and codes int32[N, block, B, k]: a path's tag at each token, plus K times
    the rank that its ending had one token later.

    `lost` and `tags` are those of the last token.
    """
    k = lost.shape[1]
    number = tf.shape(alphas)[2]
    into = tf.transpose(chain.transitions)  # [K, K]: row j holds the scores of the steps into j
    parts = split(alphas, block)
    source = reading(parts)
    blocks, batch = tf.shape(parts)[0], tf.shape(alphas)[1]
    static = [alphas.shape[1], k]
    codes = tf.TensorArray(tf.int32, size=blocks, element_shape=[block, *static])
    before_last = chain.lengths - 1
    same_rank = tf.range(k) * number

    def retreat(n: tf.Tensor, lost: tf.Tensor, tags: tf.Tensor, codes: tf.TensorArray) -> tuple:
        rows = []
        for step, alpha in reversed(list(enumerate(tf.unstack(source.read(n), num=block)))):
            more = _lost(alpha[:, tf.newaxis] + tf.gather(into, tags))  # [B, k, K]
            # Of equals the lower rank comes first, then the lower tag: the first path stays Viterbi's.
            every = tf.reshape(lost[:, :, tf.newaxis] + more, [batch, k * number])
            best, code = tf.math.top_k(every, k)
            inside = (n * block + step < before_last)[:, tf.newaxis]
            code = tf.where(inside, code, same_rank + tags)
            lost, tags = tf.where(inside, best, lost), code % number
            rows.append(code)
        lost, tags = tf.ensure_shape(lost, static), tf.ensure_shape(tags, static)
        return n - 1, lost, tags, codes.write(n, tf.stack(rows[::-1]))

    lost, tags = tf.ensure_shape(lost, static), tf.ensure_shape(tags, static)
    _, lost, _, codes = tf.while_loop(
        lambda n, *_: n >= 0, retreat, (blocks - 1, lost, tags, codes), maximum_iterations=parts.shape[0]
    )
    return lost, codes.stack()


def _follow(codes: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    """int32[T', B, k]: the tags of the paths, from codes [N, block, B, k], read from the first token on."""
    ranks = codes // number
    blocks, block, batch, k = tf.shape(ranks)[0], ranks.shape[1], ranks.shape[2], ranks.shape[3]
    source = reading(ranks)
    held = tf.TensorArray(tf.int32, size=blocks, element_shape=ranks.shape[1:])

    def advance(n: tf.Tensor, rank: tf.Tensor, held: tf.TensorArray) -> tuple:
        rows = []
        for later in tf.unstack(source.read(n), num=block):
            rows.append(rank)
            rank = tf.gather(later, rank, batch_dims=1)
        return n + 1, tf.ensure_shape(rank, [batch, k]), held.write(n, tf.stack(rows))

    first = tf.ensure_shape(tf.zeros_like(ranks[0, 0]) + tf.range(k), [batch, k])
    _, _, held = tf.while_loop(
        lambda n, *_: n < blocks, advance, (0, first, held), maximum_iterations=codes.shape[0]
    )
    tags = tf.gather(codes % number, held.stack(), batch_dims=3)
    return tf.reshape(tags, [-1, tf.shape(codes)[2], k])


def _lost(scores: tf.Tensor) -> tf.Tensor:
    """Scores less the best of the last axis; -inf, not NaN, where every one is -inf."""
    best = tf.reduce_max(scores, axis=-1, keepdims=True)
    return scores - tf.where(best == tf.constant(float("-inf"), best.dtype), tf.zeros_like(best), best)
