"""Forward-backward as products of exponentials: matrix products instead of logarithms of sums.

Time-major, with u_t the emissions less each token's largest, A the transitions, a = max A and c_t row sums:

    e_t = exp(u_t)    E = exp(A - a)
    q_0 = exp(start)      q_t = ((q_{t-1} * e_{t-1}) @ E) / c_t     forward, before the step's emission
    r_{L-1} = exp(end)    r_t = ((r_{t+1} * e_{t+1}) @ E^T) / d_t   backward, likewise
    log Z = sum log c_t + (L - 1) a + log sum_k q_{L-1} e_{L-1} exp(end)

    marginals p_t = q_t e_t r_t / s_t, with s_t the sum of the numerator
    expected steps from i to j = E * ((q e)_{0..T-2}^T @ ((e r)_{1..T-1} / (s_t c_t)))

The last is one matrix product over all B x T rows.

Two things keep it quick where each step is small. The loop takes a block of steps at a time, so its
overhead is paid once a block and a dynamic T costs little. And rows are divided by their sum twice a
block, not every step; the formulas hold for any c_t.

What it cannot do is hold a range of more than some 30 powers of ten in float32. So it also tells whether
every reachable state kept its digits (`Forward.sound`, `Backward.sound`). That is checked on the result
rather than guessed from the range of the scores: forbidden steps let small factors pile up over many
tokens, and a bound that covers this would turn ordinary scores away.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from trainer.crf.blocks import block_of, join, reading, split, writing
from trainer.crf.constraints import Reach
from trainer.crf.log_space import at_last
from trainer.crf.scores import edge_tags


class Forward(NamedTuple):
    """What the forward pass leaves for the backward pass. T' is T padded to whole blocks."""

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


def forward(
    unary: tf.Tensor,
    transitions: tf.Tensor,
    start: tf.Tensor,
    end: tf.Tensor,
    lengths: tf.Tensor,
    reach: Reach,
) -> Forward:
    """Runs forward over unary [T', B, K], whose T' is whole blocks and whose largest score per token is 0."""
    block = block_of(unary.shape[0])
    half = block // 2
    emitted = tf.exp(unary)
    peak = _finite_max(transitions)
    steps = tf.exp(transitions - peak)
    first_peak, last_peak = _finite_max(start), _finite_max(end)
    tiny = _tiny(unary.dtype)

    blocks = split(emitted, block)  # [N, block, B, K]
    number = tf.shape(blocks)[0]
    source, ahead = reading(blocks), writing(blocks)
    scales = tf.TensorArray(unary.dtype, size=number, element_shape=[2, unary.shape[1], 1])

    def advance(n: tf.Tensor, q: tf.Tensor, ahead: tf.TensorArray, scales: tf.TensorArray) -> tuple:
        kept, sums = [], []
        for step, e in enumerate(tf.unstack(source.read(n), num=block)):
            if step % half == 0:
                c = tf.reduce_sum(q, axis=1, keepdims=True)  # [B, 1]
                sums.append(c)
                # The bound keeps an impossible row at 0 instead of NaN; `sound` sees the 0.
                q = q / tf.maximum(c, tiny)
            kept.append(q)
            q = tf.matmul(q * e, steps)
        return n + 1, q, ahead.write(n, tf.stack(kept)), scales.write(n, tf.stack(sums))

    q = tf.zeros_like(unary[0]) + tf.exp(start - first_peak)
    _, _, ahead, scales = tf.while_loop(
        lambda n, *_: n < number, advance, (0, q, ahead, scales), maximum_iterations=blocks.shape[0]
    )
    q = join(ahead.stack(), unary)
    c = tf.reshape(scales.stack(), [2 * number, tf.shape(unary)[1]])

    last = at_last(q, lengths) * at_last(emitted, lengths)  # [B, K]
    total = tf.reduce_sum(last * tf.exp(end - last_peak), axis=1)
    scaled_at = tf.range(2 * number) * half
    logs = tf.where(scaled_at[:, tf.newaxis] < lengths, tf.math.log(c), tf.zeros([], c.dtype))
    norm = (
        tf.reduce_sum(logs, axis=0)
        + tf.math.log(total)
        + tf.cast(lengths - 1, unary.dtype) * peak
        + first_peak
        + last_peak
    )
    norm = tf.where(lengths > 0, norm, tf.zeros([], norm.dtype))
    lowest = _lowest_ahead(q, reach) * tf.minimum(tf.reduce_min(c), tf.ones([], c.dtype))
    return Forward(emitted, steps, q, c, norm, (lowest >= tiny) & tf.reduce_all(tf.math.is_finite(norm)))


def backward(passed: Forward, end: tf.Tensor, lengths: tf.Tensor, reach: Reach) -> Backward:
    """Runs backward over what `forward` left."""
    emitted, transposed = passed.emitted, tf.transpose(passed.steps)
    block = block_of(emitted.shape[0])
    half = block // 2
    tiny = _tiny(emitted.dtype)
    blocks = split(emitted, block)
    number = tf.shape(blocks)[0]
    source, behind = reading(blocks), writing(blocks)
    final = tf.zeros_like(emitted[0]) + tf.exp(end - _finite_max(end))
    before_last = lengths - 1

    def retreat(n: tf.Tensor, r: tf.Tensor, least: tf.Tensor, behind: tf.TensorArray) -> tuple:
        kept = []
        steps = list(enumerate(tf.unstack(source.read(n), num=block)))
        for step, e in reversed(steps):
            # Whole rows are selected, by a vector: cheaper than the broadcasting tf.where.
            r = tf.raw_ops.Select(condition=n * block + step < before_last, x=r, y=final)
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
    r = join(behind.stack(), emitted)

    through = passed.ahead * emitted
    mass = tf.reduce_sum(through * r, axis=2)  # [T', B]
    mass = tf.where(_steps(emitted) < lengths, mass, tf.ones([], mass.dtype))
    lowest = tf.minimum(_lowest_behind(r, lengths, reach) * tf.reduce_min(least), tf.reduce_min(mass))
    return Backward(through, r, mass, passed.sound & (lowest >= tiny))


def posterior(found: Backward, lengths: tf.Tensor) -> tf.Tensor:
    """[T', B, K]: the probability of each tag at each token; 0 in the padding."""
    one = tf.ones([], found.mass.dtype)
    factor = tf.where(_steps(found.through) < lengths, one / found.mass, tf.zeros_like(one))  # [T', B]
    return found.through * found.behind * factor[:, :, tf.newaxis]


def path_probability(passed: Forward, found: Backward, tags: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Log p [B] of the paths int32[B, T], by the chain rule from the last token backward.

    p(y_t = i | y_{t+1} = j) is (q e)_t[i] E[i, j] over its sum over i. Every term is small, so that thousands of them
    keep the digits that a path's score less log Z would lose.
    """
    path = tf.transpose(tags)  # [T, B]
    here, later = path[:-1], path[1:]
    through = found.through[: tf.shape(here)[0]]  # [T-1, B, K]
    taken = tf.gather(through, here, batch_dims=2) * tf.gather_nd(passed.steps, tf.stack([here, later], 2))
    either = tf.gather(tf.matmul(through, passed.steps), later, batch_dims=2)  # [T-1, B]
    steps = tf.where(_steps(through) < lengths - 1, tf.math.log(taken / either), tf.zeros([], taken.dtype))
    _, last = edge_tags(lengths, tags)
    ended = tf.gather(at_last(posterior(found, lengths), lengths), last, batch_dims=1)  # [B]
    total = tf.reduce_sum(steps, axis=0) + tf.math.log(ended)
    return tf.where(lengths > 0, total, tf.zeros_like(total))


def transition_uses(passed: Forward, found: Backward, weights: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """[K, K]: the expected number of steps from i to j, each sentence counted `weights` [B] times."""
    tags = passed.steps.shape[0]
    tags = tf.shape(passed.steps)[0] if tags is None else tags
    half = block_of(passed.emitted.shape[0]) // 2
    real = _steps(found.through) < lengths
    # c_t is 1 except where the rows were divided: twice a block.
    scale = tf.pad(passed.scales[:, tf.newaxis], [[0, 0], [0, half - 1], [0, 0]], constant_values=1.0)
    scale = tf.reshape(scale, tf.shape(found.mass))
    factor = tf.where(real, weights / (found.mass * scale), tf.zeros([], weights.dtype))
    into = passed.emitted * found.behind * factor[:, :, tf.newaxis]
    counts = tf.matmul(
        tf.reshape(found.through[:-1], [-1, tags]), tf.reshape(into[1:], [-1, tags]), transpose_a=True
    )
    return passed.steps * counts


def _steps(rows: tf.Tensor) -> tf.Tensor:
    """int32[T', 1]: 0, 1, ..."""
    return tf.range(tf.shape(rows)[0])[:, tf.newaxis]


def _tiny(dtype: tf.DType) -> tf.Tensor:
    """Above this a value kept its digits: what was lost beside it is less than a rounding error."""
    return tf.constant(1e-30 if dtype == tf.float32 else 1e-290, dtype)


def _finite_max(scores: tf.Tensor) -> tf.Tensor:
    """The largest score; 0 where every score is forbidden."""
    peak = tf.reduce_max(scores)
    return tf.where(tf.math.is_finite(peak), peak, tf.zeros_like(peak))


def _lowest_ahead(q: tf.Tensor, reach: Reach) -> tf.Tensor:
    """The smallest q of a reachable state."""
    settled, table = len(reach.from_start) - 1, reach.from_start
    if table.all():
        return tf.reduce_min(q)
    one = tf.ones([], q.dtype)
    later = tf.where(tf.constant(table[-1]), q[settled:], one) if not table[-1].all() else q[settled:]
    early = q[:settled]
    early = tf.where(tf.constant(table[:settled])[: tf.shape(early)[0], tf.newaxis, :], early, one)
    return tf.minimum(tf.reduce_min(later), tf.reduce_min(early))


def _lowest_behind(r: tf.Tensor, lengths: tf.Tensor, reach: Reach) -> tf.Tensor:
    """The smallest r of a state from which the end can be reached."""
    table = reach.from_end
    if table.all():
        return tf.reduce_min(r)
    distance = tf.clip_by_value(lengths - 1 - _steps(r), 0, len(table) - 1)  # [T', B]
    return tf.reduce_min(tf.where(tf.gather(tf.constant(table), distance), r, tf.ones([], r.dtype)))
