"""Forward-backward on logarithms: slower than products of exponentials, and right at any range of scores.

With u_t the emissions and A the transitions:

    alpha_0 = start + u_0            alpha_t[j] = u_t[j] + logsumexp_i(alpha_{t-1}[i] + A[i, j])
    beta_{L-1} = end                 beta_t[i] = logsumexp_j(A[i, j] + u_{t+1}[j] + beta_{t+1}[j])
    log Z = logsumexp_k(alpha_{L-1}[k] + end[k])

Each row is kept less its largest score, and every posterior is normalized where it stands: nothing grows with
the length of the sentence, and no probability is the difference of two large numbers. The expected number of
uses of each score, which is the gradient of log Z, is given in closed form, so minus infinity never meets
another infinity in a differentiated loop.
"""

from __future__ import annotations

import tensorflow as tf

from trainer.crf.algorithms.time_major import TimeMajor, at_last


def log_norm(rows: TimeMajor) -> tf.Tensor:
    """Compute log Z [B]; 0 for an empty sentence, -inf where no path is legal."""
    alpha, taken = alphas(rows)
    before = tf.where(rows.real, taken, tf.zeros([], alpha.dtype))  # [T', B]
    norm = logsumexp(at_last(alpha, rows.lengths) + rows.end, axis=1) + tf.reduce_sum(before, axis=0)
    return tf.where(rows.lengths > 0, norm, tf.zeros([], norm.dtype))


def posterior(rows: TimeMajor) -> tf.Tensor:
    """Compute the probability [T', B, K] of each tag at each token; 0 in the padding and without a legal path."""
    alpha, _ = alphas(rows)
    return _posterior(alpha, betas(rows), rows)


def expected_uses(rows: TimeMajor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute the posterior [T', B, K], and the expected steps [K, K] with sentences weighted by `weights` [B]."""
    alpha, _ = alphas(rows)
    beta = betas(rows)
    onward = rows.unary + beta
    number = tf.shape(alpha)[0]

    def step(t: tf.Tensor, counts: tf.Tensor) -> tuple:
        scores = alpha[t][:, :, tf.newaxis] + rows.transitions + onward[t + 1][:, tf.newaxis, :]  # [B, K, K]
        pairs = softmax(scores, axis=[1, 2])
        real = tf.where(t < rows.lengths - 1, weights, tf.zeros([], weights.dtype))
        return t + 1, counts + tf.einsum("bij,b->ij", pairs, real)

    _, counts = tf.while_loop(
        lambda t, _: t < number - 1,
        step,
        (0, tf.zeros_like(rows.transitions)),
        maximum_iterations=_bound(rows.unary),
    )
    return _posterior(alpha, beta, rows), counts


def alphas(rows: TimeMajor) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute alpha [T', B, K] and the value subtracted from each row [T', B]; runs through the padding."""
    unary = rows.unary
    number = tf.shape(unary)[0]
    first, taken = _centred(unary[0] + rows.start)
    kept = tf.TensorArray(unary.dtype, size=number, element_shape=first.shape).write(0, first)
    shifts = tf.TensorArray(unary.dtype, size=number, element_shape=taken.shape).write(0, taken)

    def step(t: tf.Tensor, alpha: tf.Tensor, kept: tf.TensorArray, shifts: tf.TensorArray) -> tuple:
        into = logsumexp(alpha[:, :, tf.newaxis] + rows.transitions, axis=1)
        alpha, taken = _centred(unary[t] + into)
        return t + 1, alpha, kept.write(t, alpha), shifts.write(t, taken)

    _, _, kept, shifts = tf.while_loop(
        lambda t, *_: t < number, step, (1, first, kept, shifts), maximum_iterations=_bound(unary)
    )
    return kept.stack(), shifts.stack()


def betas(rows: TimeMajor) -> tf.Tensor:
    """Compute beta [T', B, K], each row up to a constant: the scores after the step, without its own emissions.

    From the last token on these are the end scores.
    """
    unary = rows.unary
    number = tf.shape(unary)[0]
    final, _ = _centred(tf.zeros_like(unary[0]) + rows.end)
    kept = tf.TensorArray(unary.dtype, size=number, element_shape=final.shape).write(number - 1, final)

    def step(t: tf.Tensor, beta: tf.Tensor, kept: tf.TensorArray) -> tuple:
        out, _ = _centred(logsumexp(rows.transitions + (unary[t + 1] + beta)[:, tf.newaxis, :], axis=2))
        beta = tf.where((t < rows.lengths - 1)[:, tf.newaxis], out, final)
        return t - 1, beta, kept.write(t, beta)

    _, _, kept = tf.while_loop(
        lambda t, *_: t >= 0, step, (number - 2, final, kept), maximum_iterations=_bound(unary)
    )
    return kept.stack()


def logsumexp(scores: tf.Tensor, axis: int) -> tf.Tensor:
    """Compute tf.reduce_logsumexp, but -inf with a gradient of 0, not NaN, where every score is -inf."""
    peak = _peak(scores, axis)
    total = tf.reduce_sum(tf.exp(scores - peak), axis=axis)
    some = total > 0
    impossible = tf.constant(float("-inf"), total.dtype)
    logs = tf.where(some, tf.math.log(tf.where(some, total, tf.ones_like(total))), impossible)
    return logs + tf.squeeze(peak, axis)


def softmax(scores: tf.Tensor, axis: int | list[int]) -> tf.Tensor:
    """Compute tf.nn.softmax, but 0 where every score is -inf."""
    powers = tf.exp(scores - _peak(scores, axis))
    return tf.math.divide_no_nan(powers, tf.reduce_sum(powers, axis=axis, keepdims=True))


def log_softmax(scores: tf.Tensor) -> tf.Tensor:
    """Compute tf.nn.log_softmax over the last axis, but -inf, not NaN, where every score is -inf."""
    norm = logsumexp(scores, axis=-1)
    return scores - tf.where(tf.math.is_finite(norm), norm, tf.zeros_like(norm))[..., tf.newaxis]


def _posterior(alpha: tf.Tensor, beta: tf.Tensor, rows: TimeMajor) -> tf.Tensor:
    return tf.where(rows.real[:, :, tf.newaxis], softmax(alpha + beta, axis=2), tf.zeros([], alpha.dtype))


def _centred(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Subtract from rows [B, K] their largest score; also returns that score [B]."""
    peak = _peak(rows, 1)
    return rows - peak, tf.squeeze(peak, 1)


def _peak(scores: tf.Tensor, axis: int | list[int]) -> tf.Tensor:
    """Return the largest score, 0 where it is infinite; a constant to gradients, as the shift cancels."""
    peak = tf.stop_gradient(tf.reduce_max(scores, axis=axis, keepdims=True))
    return tf.where(tf.math.is_finite(peak), peak, tf.zeros_like(peak))


def _bound(unary: tf.Tensor) -> int | tf.Tensor:
    """Return the number of steps, by which XLA sizes the storage of a differentiated loop."""
    return tf.shape(unary)[0] if unary.shape[0] is None else unary.shape[0]
