"""Forward-backward as products of exponentials: matrix products instead of logarithms of sums.

With u_t the emissions less each token's largest, A the transitions, a = max A and c_t row sums:

    e_t = exp(u_t)    E = exp(A - a)
    q_0 = exp(start)      q_t = ((q_{t-1} * e_{t-1}) @ E) / c_t     forward, before the step's emission
    r_{L-1} = exp(end)    r_t = ((r_{t+1} * e_{t+1}) @ E^T) / d_t   backward, likewise
    log Z = sum log c_t + (L - 1) a + log sum_k q_{L-1} e_{L-1} exp(end)

    marginals p_t = q_t e_t r_t / s_t, with s_t the sum of the numerator
    expected steps from i to j = E * ((q e)_{0..T-2}^T @ ((e r)_{1..T-1} / (s_t c_t)))

The last is one matrix product over all B x T rows.

Two measures keep it fast where each step is small. The loop takes a block of steps at a time, so its
overhead is paid once a block and a dynamic T costs little. And rows are divided by their sum twice a
block, not every step; the formulas hold for any c_t.

Exponentials in float32 span some 30 powers of ten. So it also reports whether every
reachable state kept its digits (`Forward.sound`, `Backward.sound`). That is checked on the result rather
than guessed from the range of the scores: forbidden steps let small factors pile up over many tokens, and
a bound that covers this would turn ordinary scores away.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from trainer.crf.algorithms.path_score import edge_tags
from trainer.crf.algorithms.reachable import Reachable
from trainer.crf.algorithms.time_major import (
    TimeMajor,
    at_last,
    block_reader,
    block_writer,
    join_blocks,
    split_blocks,
    steps_of,
)


class Forward(NamedTuple):
    """The results of the forward pass."""

    emitted: tf.Tensor  # e [T', B, K]
    steps: tf.Tensor  # E [K, K]
    ahead: tf.Tensor  # q [T', B, K]
    scales: tf.Tensor  # c [T' / half a block, B]
    norm: tf.Tensor  # log Z [B]
    sound: tf.Tensor  # bool: no reachable state ran out of digits


class Backward(NamedTuple):
    """Posterior quantities, as factors."""

    through: tf.Tensor  # (q e) [T', B, K]
    behind: tf.Tensor  # r [T', B, K]
    mass: tf.Tensor  # s [T', B]
    sound: tf.Tensor  # bool


def forward(rows: TimeMajor, states: Reachable) -> Forward:
    """Run forward over rows in whole blocks, whose largest score per token is 0."""
    emitted = tf.exp(rows.unary)
    peak = _finite_max(rows.transitions)
    steps = tf.exp(rows.transitions - peak)
    tiny = _tiny(emitted.dtype)
    half = rows.block // 2

    blocks = split_blocks(emitted, rows.block)  # [N, block, B, K]
    number = tf.shape(blocks)[0]
    source, ahead = block_reader(blocks), block_writer(blocks)
    scales = tf.TensorArray(emitted.dtype, size=number, element_shape=[2, emitted.shape[1], 1])

    def advance(n: tf.Tensor, q: tf.Tensor, ahead: tf.TensorArray, scales: tf.TensorArray) -> tuple:
        kept, sums = [], []
        for step, e in enumerate(tf.unstack(source.read(n), num=rows.block)):
            if step % half == 0:
                c = tf.reduce_sum(q, axis=1, keepdims=True)  # [B, 1]
                sums.append(c)
                # The bound keeps an impossible row at 0 instead of NaN; `sound` sees the 0.
                q = q / tf.maximum(c, tiny)
            kept.append(q)
            q = tf.matmul(q * e, steps)
        return n + 1, q, ahead.write(n, tf.stack(kept)), scales.write(n, tf.stack(sums))

    q = tf.zeros_like(emitted[0]) + tf.exp(rows.start - _finite_max(rows.start))
    _, _, ahead, scales = tf.while_loop(
        lambda n, *_: n < number, advance, (0, q, ahead, scales), maximum_iterations=blocks.shape[0]
    )
    q = join_blocks(ahead.stack(), emitted)
    c = tf.reshape(scales.stack(), [2 * number, tf.shape(emitted)[1]])
    norm = _log_norm(rows, at_last(q, rows.lengths) * at_last(emitted, rows.lengths), c, peak)
    lowest = _lowest_ahead(q, states) * tf.minimum(tf.reduce_min(c), tf.ones([], c.dtype))
    return Forward(emitted, steps, q, c, norm, (lowest >= tiny) & tf.reduce_all(tf.math.is_finite(norm)))


def _log_norm(rows: TimeMajor, last: tf.Tensor, c: tf.Tensor, peak: tf.Tensor) -> tf.Tensor:
    """Compute log Z [B] from the last token's (q e) [B, K], the row sums c and the largest transition."""
    first_peak, last_peak = _finite_max(rows.start), _finite_max(rows.end)
    total = tf.reduce_sum(last * tf.exp(rows.end - last_peak), axis=1)
    scaled_at = steps_of(c) * (rows.block // 2)
    logs = tf.where(scaled_at < rows.lengths, tf.math.log(c), tf.zeros([], c.dtype))
    norm = (
        tf.reduce_sum(logs, axis=0)
        + tf.math.log(total)
        + tf.cast(rows.lengths - 1, c.dtype) * peak
        + first_peak
        + last_peak
    )
    return tf.where(rows.lengths > 0, norm, tf.zeros([], norm.dtype))


def backward(rows: TimeMajor, passed: Forward, states: Reachable) -> Backward:
    """Run backward over the results of `forward`."""
    emitted, transposed = passed.emitted, tf.transpose(passed.steps)
    half = rows.block // 2
    tiny = _tiny(emitted.dtype)
    blocks = split_blocks(emitted, rows.block)
    number = tf.shape(blocks)[0]
    source, behind = block_reader(blocks), block_writer(blocks)
    final = tf.zeros_like(emitted[0]) + tf.exp(rows.end - _finite_max(rows.end))
    before_last = rows.lengths - 1

    def retreat(n: tf.Tensor, r: tf.Tensor, least: tf.Tensor, behind: tf.TensorArray) -> tuple:
        kept = []
        steps = list(enumerate(tf.unstack(source.read(n), num=rows.block)))
        for step, e in reversed(steps):
            # Selects rows by a vector: cheaper than the broadcasting tf.where.
            r = tf.raw_ops.Select(condition=n * rows.block + step < before_last, x=r, y=final)
            if step % half == half - 1:
                d = tf.reduce_sum(r, axis=1, keepdims=True)
                least = tf.minimum(least, d)
                r = r / tf.maximum(d, tiny)
            kept.append(r)
            r = tf.matmul(r * e, transposed)
        return n - 1, r, least, behind.write(n, tf.stack(kept[::-1]))

    least = tf.ones_like(emitted[0, :, :1])
    _, _, least, behind = tf.while_loop(
        lambda n, *_: n >= 0, retreat, (number - 1, final, least, behind), maximum_iterations=blocks.shape[0]
    )
    r = join_blocks(behind.stack(), emitted)

    through = passed.ahead * emitted
    mass = tf.reduce_sum(through * r, axis=2)  # [T', B]
    mass = tf.where(rows.real, mass, tf.ones([], mass.dtype))
    lowest = tf.minimum(_lowest_behind(r, rows.lengths, states) * tf.reduce_min(least), tf.reduce_min(mass))
    return Backward(through, r, mass, passed.sound & (lowest >= tiny))


def posterior(rows: TimeMajor, back: Backward) -> tf.Tensor:
    """Compute the probability [T', B, K] of each tag at each token; 0 in the padding."""
    one = tf.ones([], back.mass.dtype)
    factor = tf.where(rows.real, one / back.mass, tf.zeros_like(one))  # [T', B]
    return back.through * back.behind * factor[:, :, tf.newaxis]


def path_log_probability(rows: TimeMajor, passed: Forward, back: Backward, tags: tf.Tensor) -> tf.Tensor:
    """Compute log p [B] of the paths int32[B, T], by the chain rule from the last token backward.

    p(y_t = i | y_{t+1} = j) is (q e)_t[i] E[i, j] over its sum over i. Every term is small, so that thousands of them
    keep the digits that a path's score less log Z would lose.
    """
    path = tf.transpose(tags)  # [T, B]
    here, later = path[:-1], path[1:]
    through = back.through[: tf.shape(here)[0]]  # [T-1, B, K]
    taken = tf.gather(through, here, batch_dims=2) * tf.gather_nd(passed.steps, tf.stack([here, later], 2))
    either = tf.gather(tf.matmul(through, passed.steps), later, batch_dims=2)  # [T-1, B]
    inside = steps_of(through) < rows.lengths - 1
    steps = tf.where(inside, tf.math.log(taken / either), tf.zeros([], taken.dtype))
    _, last = edge_tags(rows.lengths, tags)
    ended = tf.gather(at_last(posterior(rows, back), rows.lengths), last, batch_dims=1)  # [B]
    total = tf.reduce_sum(steps, axis=0) + tf.math.log(ended)
    return tf.where(rows.lengths > 0, total, tf.zeros_like(total))


def expected_steps(rows: TimeMajor, passed: Forward, back: Backward, weights: tf.Tensor) -> tf.Tensor:
    """Compute the expected number [K, K] of steps from i to j, each sentence counted `weights` [B] times."""
    tags = passed.steps.shape[0]
    tags = tf.shape(passed.steps)[0] if tags is None else tags
    half = rows.block // 2
    # c_t is 1 except where the rows were divided: twice a block.
    scale = tf.pad(passed.scales[:, tf.newaxis], [[0, 0], [0, half - 1], [0, 0]], constant_values=1.0)
    scale = tf.reshape(scale, tf.shape(back.mass))
    factor = tf.where(rows.real, weights / (back.mass * scale), tf.zeros([], weights.dtype))
    into = passed.emitted * back.behind * factor[:, :, tf.newaxis]
    counts = tf.matmul(
        tf.reshape(back.through[:-1], [-1, tags]), tf.reshape(into[1:], [-1, tags]), transpose_a=True
    )
    return passed.steps * counts


def _tiny(dtype: tf.DType) -> tf.Tensor:
    """Return the value above which a result kept its digits: the loss is less than a rounding error."""
    return tf.constant(1e-30 if dtype == tf.float32 else 1e-290, dtype)


def _finite_max(scores: tf.Tensor) -> tf.Tensor:
    """Return the largest score; 0 if every score is forbidden."""
    peak = tf.reduce_max(scores)
    return tf.where(tf.math.is_finite(peak), peak, tf.zeros_like(peak))


def _lowest_ahead(q: tf.Tensor, states: Reachable) -> tf.Tensor:
    """Return the smallest q of a reachable state."""
    settled, table = len(states.from_start) - 1, states.from_start
    if table.all():
        return tf.reduce_min(q)
    one = tf.ones([], q.dtype)
    later = tf.where(tf.constant(table[-1]), q[settled:], one) if not table[-1].all() else q[settled:]
    early = q[:settled]
    early = tf.where(tf.constant(table[:settled])[: tf.shape(early)[0], tf.newaxis, :], early, one)
    return tf.minimum(tf.reduce_min(later), tf.reduce_min(early))


def _lowest_behind(r: tf.Tensor, lengths: tf.Tensor, states: Reachable) -> tf.Tensor:
    """Return the smallest r of a state from which the end can be reached."""
    table = states.from_end
    if table.all():
        return tf.reduce_min(r)
    distance = tf.clip_by_value(lengths - 1 - steps_of(r), 0, len(table) - 1)  # [T', B]
    return tf.reduce_min(tf.where(tf.gather(tf.constant(table), distance), r, tf.ones([], r.dtype)))
