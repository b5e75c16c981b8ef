"""The features of a batch of sentences that the encoder reads, and their computation from tokens.

Shape letters: `B` batch, `T` tokens of the longest sentence.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from trainer.features import token_features


class Inputs(NamedTuple):
    """The features of B sentences."""

    tokens: tf.Tensor  # string[B,T]
    words: tf.Tensor  # int64[B,T]
    cases: tf.Tensor  # int64[B,T]
    lengths: tf.Tensor  # int32[B]


def inputs_of(tokens: tf.Tensor, lengths: tf.Tensor, word_table: tf.lookup.StaticHashTable) -> Inputs:
    """Compute the features of any tokens, as Transform computes them for the training examples.

    Args:
        tokens: string[B,T], "" after the end; bytes that are not UTF-8 become the replacement character.
        lengths: int32[B].
        word_table: of `Vocabulary.word_table`.
    """
    tokens = tf.strings.unicode_transcode(tokens, "UTF-8", "UTF-8", errors="replace")
    words = word_table.lookup(token_features.normalise(tokens))
    return Inputs(tokens, words, token_features.case_ids(tokens), lengths)
