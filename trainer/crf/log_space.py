"""Forward-backward on logarithms: slower than products of exponentials, and right at any range of scores.

Time-major. With u_t the emissions and A the transitions:

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


def value(
    unary: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor, lengths: tf.Tensor
) -> tf.Tensor:
    """log Z [B] of unary [T, B, K], T at least 1; 0 for an empty sentence, -inf where no path is legal."""
    alpha, taken = alphas(unary, transitions, start)
    before = tf.where(_steps(unary) < lengths, taken, tf.zeros([], unary.dtype))  # [T, B]
    norm = logsumexp(at_last(alpha, lengths) + end, axis=1) + tf.reduce_sum(before, axis=0)
    return tf.where(lengths > 0, norm, tf.zeros([], norm.dtype))


def posterior(
    unary: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor, end: tf.Tensor, lengths: tf.Tensor
) -> tf.Tensor:
    """[T, B, K]: the probability of each tag at each token; 0 in the padding and where no path is legal."""
    alpha, _ = alphas(unary, transitions, start)
    return _posterior(alpha, betas(unary, transitions, end, lengths), lengths)


def expected_uses(
    unary: tf.Tensor,
    transitions: tf.Tensor,
    start: tf.Tensor,
    end: tf.Tensor,
    lengths: tf.Tensor,
    weights: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The posterior [T, B, K], and the expected steps [K, K], each sentence counted `weights` [B] times."""
    alpha, _ = alphas(unary, transitions, start)
    beta = betas(unary, transitions, end, lengths)
    onward = unary + beta
    rows = tf.shape(unary)[0]

    def step(t: tf.Tensor, counts: tf.Tensor) -> tuple:
        scores = alpha[t][:, :, tf.newaxis] + transitions + onward[t + 1][:, tf.newaxis, :]  # [B, K, K]
        pairs = softmax(scores, axis=[1, 2])
        real = tf.where(t < lengths - 1, weights, tf.zeros([], weights.dtype))
        return t + 1, counts + tf.einsum("bij,b->ij", pairs, real)

    _, counts = tf.while_loop(
        lambda t, _: t < rows - 1, step, (0, tf.zeros_like(transitions)), maximum_iterations=_bound(unary)
    )
    return _posterior(alpha, beta, lengths), counts


def alphas(unary: tf.Tensor, transitions: tf.Tensor, start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Rows [T, B, K], emissions included, and what was taken off each [T, B]; runs through the padding."""
    rows = tf.shape(unary)[0]
    first, taken = _centred(unary[0] + start)
    kept = tf.TensorArray(unary.dtype, size=rows, element_shape=first.shape).write(0, first)
    shifts = tf.TensorArray(unary.dtype, size=rows, element_shape=taken.shape).write(0, taken)

    def step(t: tf.Tensor, alpha: tf.Tensor, kept: tf.TensorArray, shifts: tf.TensorArray) -> tuple:
        into = logsumexp(alpha[:, :, tf.newaxis] + transitions, axis=1)
        alpha, taken = _centred(unary[t] + into)
        return t + 1, alpha, kept.write(t, alpha), shifts.write(t, taken)

    _, _, kept, shifts = tf.while_loop(
        lambda t, *_: t < rows, step, (1, first, kept, shifts), maximum_iterations=_bound(unary)
    )
    return kept.stack(), shifts.stack()


def betas(unary: tf.Tensor, transitions: tf.Tensor, end: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Rows [T, B, K], each up to a constant: what follows the step, its own emissions not included.

    From the last token on they are the end scores.
    """
    rows = tf.shape(unary)[0]
    final, _ = _centred(tf.zeros_like(unary[0]) + end)
    kept = tf.TensorArray(unary.dtype, size=rows, element_shape=final.shape).write(rows - 1, final)

    def step(t: tf.Tensor, beta: tf.Tensor, kept: tf.TensorArray) -> tuple:
        out, _ = _centred(logsumexp(transitions + (unary[t + 1] + beta)[:, tf.newaxis, :], axis=2))
        beta = tf.where((t < lengths - 1)[:, tf.newaxis], out, final)
        return t - 1, beta, kept.write(t, beta)

    _, _, kept = tf.while_loop(
        lambda t, *_: t >= 0, step, (rows - 2, final, kept), maximum_iterations=_bound(unary)
    )
    return kept.stack()


def logsumexp(scores: tf.Tensor, axis: int) -> tf.Tensor:
    """Like tf.reduce_logsumexp, but where every score is -inf it is -inf with a gradient of 0, not NaN."""
    peak = _peak(scores, axis)
    total = tf.reduce_sum(tf.exp(scores - peak), axis=axis)
    some = total > 0
    logs = tf.where(some, tf.math.log(tf.where(some, total, tf.ones_like(total))), _minus_infinity(total))
    return logs + tf.squeeze(peak, axis)


def softmax(scores: tf.Tensor, axis: int | list[int]) -> tf.Tensor:
    """Like tf.nn.softmax, but 0 where every score is -inf."""
    powers = tf.exp(scores - _peak(scores, axis))
    return tf.math.divide_no_nan(powers, tf.reduce_sum(powers, axis=axis, keepdims=True))


def log_softmax(scores: tf.Tensor) -> tf.Tensor:
    """Over the last axis; -inf, not NaN, where every score is -inf."""
    norm = logsumexp(scores, axis=-1)
    return scores - tf.where(tf.math.is_finite(norm), norm, tf.zeros_like(norm))[..., tf.newaxis]


def at_last(rows: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """[B, K]: each sentence's row of [T, B, K] at its last token; at the first for an empty sentence."""
    where = tf.stack([tf.maximum(lengths - 1, 0), tf.range(tf.shape(lengths)[0])], axis=1)
    return tf.gather_nd(rows, where)


def _posterior(alpha: tf.Tensor, beta: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    real = (_steps(alpha) < lengths)[:, :, tf.newaxis]
    return tf.where(real, softmax(alpha + beta, axis=2), tf.zeros([], alpha.dtype))


def _centred(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Rows [B, K] less their largest score, and that score [B]."""
    peak = _peak(rows, 1)
    return rows - peak, tf.squeeze(peak, 1)


def _peak(scores: tf.Tensor, axis: int | list[int]) -> tf.Tensor:
    """The largest score, 0 where it is infinite; a constant to gradients, which the shift does not change."""
    peak = tf.stop_gradient(tf.reduce_max(scores, axis=axis, keepdims=True))
    return tf.where(tf.math.is_finite(peak), peak, tf.zeros_like(peak))


def _minus_infinity(like: tf.Tensor) -> tf.Tensor:
    return tf.constant(float("-inf"), like.dtype)


def _steps(rows: tf.Tensor) -> tf.Tensor:
    """int32[T, 1]: 0, 1, ..."""
    return tf.range(tf.shape(rows)[0])[:, tf.newaxis]


def _bound(unary: tf.Tensor) -> int | tf.Tensor:
    """The number of steps; XLA needs it to size what a differentiated loop keeps."""
    return tf.shape(unary)[0] if unary.shape[0] is None else unary.shape[0]
