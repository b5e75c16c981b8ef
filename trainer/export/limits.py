"""Refuses in the exported graph what is beyond `tagging.limits`, before any work on it begins.

So TensorFlow Serving answers INVALID_ARGUMENT, as any server does.
"""

from __future__ import annotations

import msgspec
import tensorflow as tf

from tagging.limits import Limits
from trainer.export.blocks import Sentences

FILE_NAME = "limits.json"


def to_json(limits: Limits) -> str:
    """Encode the limits, for a file below `assets.extra`."""
    return msgspec.json.encode(limits).decode()


def checked_request(strings: tf.Tensor, limits: Limits) -> tf.Tensor:
    """Return the `strings` of a request, string[B] or string[B,T], if they are few and short enough.

    Raises:
        tf.errors.InvalidArgumentError: there are too many; says how many of what are allowed.
    """
    size = tf.reduce_sum(tf.cast(tf.strings.length(strings), tf.int64))
    checks = [
        _at_most(tf.shape(strings, tf.int64)[0], limits.sentences, "sentences in a request"),
        _at_most(size, limits.bytes, "bytes in a request"),
    ]
    with tf.control_dependencies(checks):
        return tf.identity(strings)


def checked_sentences(
    sentences: Sentences, limits: Limits, signature: str, time: tf.Tensor | None = None
) -> Sentences:
    """Return the `sentences` of a request if they, and the answer of `signature` to them, are small enough.

    Args:
        sentences: of the request.
        limits: of the model.
        signature: its answer is padded to the longest sentence,
        time: or to so many tokens.

    Raises:
        tf.errors.InvalidArgumentError: as `checked_request`.
    """
    lengths = tf.cast(sentences.lengths, tf.int64)
    longest = tf.reduce_max(tf.pad(lengths, [[0, 1]]))  # padded, as there may be no sentence
    width = longest if time is None else tf.cast(time, tf.int64)
    padded = tf.size(lengths, tf.int64) * width
    checks = [
        _at_most(tf.size(sentences.tokens, tf.int64), limits.tokens, "tokens in a request"),
        _at_most(longest, limits.sentence_tokens, "tokens in a sentence"),
        _at_most(
            padded,
            limits.padded_tokens[signature],
            "sentences times tokens of the longest, as the answer is padded; send long sentences apart from short ones",
        ),
    ]
    with tf.control_dependencies(checks):
        return Sentences(tf.identity(sentences.tokens), tf.identity(sentences.lengths))


def _at_most(count: tf.Tensor, most: int, what: str) -> tf.Operation:
    # Not tf.debugging.Assert: its branches would cost each request more than the comparison.
    return tf.raw_ops.Assert(condition=count <= most, data=[f"expected at most {most} {what}; found", count])
