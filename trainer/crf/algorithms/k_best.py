"""The k best paths.

Viterbi's forward pass gives, for every tag at every token, the best way to arrive there. So a second pass, from the
last token back, has for every ending of a sentence the score of the best path with that ending, and needs to keep
k endings alone. None of the k best paths is lost: were its ending not among the k best, then k other endings, which
no two paths share, would each have a path at least as good.

A token's tag counts by how much the best path through it loses against the best path with the same ending:
nothing for the best predecessor. Paths are ranked by the sum of their losses, so that the first, which loses
nothing, is Viterbi's to the last digit, and sums of losses keep the digits that sums of scores would not.
"""

from __future__ import annotations

import tensorflow as tf

from trainer.crf.algorithms.time_major import at_last, block_reader, block_size, split_blocks
from trainer.crf.algorithms.viterbi import best_ahead, with_edge
from trainer.crf.arguments.potentials import Potentials


def best_paths(potentials: Potentials, k: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Find the k best paths of chains with a clean padding: tags int32[B, k, T] and scores [B, k], best first.

    -inf where a path is missing.
    """
    lengths = potentials.lengths
    block = block_size(potentials.emissions.shape[1])
    alphas = best_ahead(potentials, block)
    final = with_edge(at_last(alphas, lengths), potentials.end)  # [B, K]

    # One ending a tag at first: where k is more than K, the rest are missing.
    padded = tf.pad(final, [[0, 0], [0, k - 1]], constant_values=float("-inf"))
    lost, tags = tf.math.top_k(_lost(padded), k)  # [B, k]
    tags = tf.minimum(tags, tf.shape(final)[1] - 1)
    lost, codes = _endings(potentials, alphas, lost, tags, block)
    paths = _follow(codes, tf.shape(final)[1])  # [T', B, k]

    scores = tf.reduce_max(final, axis=1, keepdims=True) + lost
    alone = tf.pad(tf.zeros_like(scores[:, :1]), [[0, 0], [0, k - 1]], constant_values=float("-inf"))
    scores = tf.where((lengths > 0)[:, tf.newaxis], scores, alone)  # an empty sentence has one path
    paths = tf.transpose(paths, [1, 2, 0])[:, :, : tf.shape(potentials.emissions)[1]]
    paths = tf.ensure_shape(paths, [alphas.shape[1], k, potentials.emissions.shape[1]])
    real = potentials.valid[:, tf.newaxis, :] & tf.math.is_finite(scores)[:, :, tf.newaxis]
    return tf.where(real, paths, 0), scores


def _endings(
    potentials: Potentials, alphas: tf.Tensor, lost: tf.Tensor, tags: tf.Tensor, block: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Extend the k best endings from the last token, whose `lost` and `tags` are given, back to the first.

    Returns:
        The losses of the k best paths [B, k], and codes int32[N, block, B, k]: a path's tag at each token, plus
        K times the rank that its ending had one token later.
    """
    k = lost.shape[1]
    number = tf.shape(alphas)[2]
    into = tf.transpose(potentials.transitions)  # [K, K]: row j holds the scores of the steps into j
    parts = split_blocks(alphas, block)
    source = block_reader(parts)
    blocks, batch = tf.shape(parts)[0], tf.shape(alphas)[1]
    static = [alphas.shape[1], k]
    codes = tf.TensorArray(tf.int32, size=blocks, element_shape=[block, *static])
    before_last = potentials.lengths - 1
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
    """Read the tags int32[T', B, k] of the paths off codes [N, block, B, k], from the first token on."""
    ranks = codes // number
    blocks, block, batch, k = tf.shape(ranks)[0], ranks.shape[1], ranks.shape[2], ranks.shape[3]
    source = block_reader(ranks)
    kept = tf.TensorArray(tf.int32, size=blocks, element_shape=ranks.shape[1:])

    def advance(n: tf.Tensor, rank: tf.Tensor, kept: tf.TensorArray) -> tuple:
        rows = []
        for later in tf.unstack(source.read(n), num=block):
            rows.append(rank)
            rank = tf.gather(later, rank, batch_dims=1)
        return n + 1, tf.ensure_shape(rank, [batch, k]), kept.write(n, tf.stack(rows))

    first = tf.ensure_shape(tf.zeros_like(ranks[0, 0]) + tf.range(k), [batch, k])
    _, _, kept = tf.while_loop(
        lambda n, *_: n < blocks, advance, (0, first, kept), maximum_iterations=codes.shape[0]
    )
    tags = tf.gather(codes % number, kept.stack(), batch_dims=3)
    return tf.reshape(tags, [-1, tf.shape(codes)[2], k])


def _lost(scores: tf.Tensor) -> tf.Tensor:
    """Subtract the best score of the last axis; -inf, not NaN, where every score is -inf."""
    best = tf.reduce_max(scores, axis=-1, keepdims=True)
    return scores - tf.where(best == tf.constant(float("-inf"), best.dtype), tf.zeros_like(best), best)
