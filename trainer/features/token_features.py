"""A token's word form, case pattern and bytes: one definition for training and for serving.

`preprocessing_fn` applies these functions to a corpus, the exported signatures apply them to a request, so
the two cannot drift apart. All are element-wise: they take string tensors of any shape.
"""

from __future__ import annotations

import tensorflow as tf

# Ids 0 and 1 of the word embedding: padding after a sentence's end, and a word that training never saw.
PADDING_ID = 0
UNKNOWN_ID = 1
FIRST_WORD_ID = 2

# Case patterns of a token; the position in this list is the id.
CASES = ("padding", "lower", "title", "upper", "mixed", "number", "with digit", "other")

# First and last byte of every token, so that a filter can distinguish a prefix from the middle of a word.
BEGIN_MARK = "\x02"
END_MARK = "\x03"


def normalise(tokens: tf.Tensor) -> tf.Tensor:
    """Lower-case each token and replace every digit 0-9 by 0, the form looked up. string[...] -> string[...]."""
    return tf.strings.regex_replace(tf.strings.lower(tokens, encoding="utf-8"), r"\d", "0")


def case_ids(tokens: tf.Tensor) -> tf.Tensor:
    """Find the case pattern of each token, an index into `CASES`. string[...] -> int64[...]."""

    def matches(pattern: str) -> tf.Tensor:
        return tf.strings.regex_full_match(tokens, pattern)

    # From the general to the particular: a later match wins.
    patterns = (
        ("mixed", r".*\p{Lu}.*"),
        ("lower", r"[^\p{Lu}]*\p{Ll}[^\p{Lu}]*"),
        ("upper", r"[^\p{Ll}]*\p{Lu}[^\p{Ll}]*"),
        ("title", r"\p{Lu}[^\p{Lu}]*"),
        ("with digit", r".*\d.*"),
        ("number", r"[\d.,:/-]*\d[\d.,:/-]*"),
        ("padding", r""),
    )
    ids = tf.fill(tf.shape(tokens), tf.constant(CASES.index("other"), tf.int64))
    for name, pattern in patterns:
        ids = tf.where(matches(pattern), tf.constant(CASES.index(name), tf.int64), ids)
    return ids


def byte_ids(tokens: tf.Tensor, max_bytes: int) -> tf.Tensor:
    """Return the UTF-8 bytes of each token between two marks, cut and zero-padded to `C = max_bytes`.

    string[...] -> int32[..., C]; an empty string (padding) is all zeros.
    """
    marked = tf.where(tokens == "", tokens, tf.strings.join([BEGIN_MARK, tokens, END_MARK]))
    return tf.cast(tf.io.decode_raw(marked, tf.uint8, fixed_length=max_bytes), tf.int32)
