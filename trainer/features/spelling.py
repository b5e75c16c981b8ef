"""How a token is spelled: its first and last characters, and its shape.

They describe words that training never saw and that have no vector: `-ville` and `Mc-`, `Xxd` and `dd:dd`.
All functions are element-wise and take string tensors of any shape.

Shape letters: `A` affixes of a token.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import tensorflow as tf

from trainer.features import token_features

LONGEST_AFFIX = 4
# One prefix and one suffix of each length from 1 on.
AFFIXES = 2 * LONGEST_AFFIX

# Ids 0 and 1 of the affix embedding: a token too short to have the affix, and an affix too rare to have an
# id.
_TOO_SHORT_ID = 0
_UNKNOWN_ID = 1
_FIRST_ID = 2

# Shapes get their ids by a hash; a corpus has some hundreds. Id 0 is padding.
SHAPE_IDS = 1024

_LENGTHS = [*range(1, LONGEST_AFFIX + 1)] * 2
_MARKS = [f"{side}{length}:" for side in "<>" for length in range(1, LONGEST_AFFIX + 1)]


def known_affixes(words: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the affixes, marked by side and length, that at least two normalised words share; sorted.

    An affix of one word alone adds nothing to the word's own vector.
    """
    counts: Counter[str] = Counter()
    for word in words:
        text = word.decode()
        for mark, length in zip(_MARKS, _LENGTHS, strict=True):
            if len(text) >= length:
                counts[mark + (text[:length] if mark[0] == "<" else text[-length:])] += 1
    return tuple(affix.encode() for affix in sorted(counts) if counts[affix] > 1)


def affix_table(affixes: tuple[bytes, ...]) -> tf.lookup.StaticHashTable:
    """Make the table from marked affix to id, all ids below `affix_rows(affixes)`."""
    # A table needs an entry; no token has the empty affix.
    keys = tf.constant([b"", *affixes], tf.string)
    ids = tf.constant([_TOO_SHORT_ID, *range(_FIRST_ID, _FIRST_ID + len(affixes))], tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, ids), _UNKNOWN_ID)


def affix_rows(affixes: tuple[bytes, ...]) -> int:
    """Count the rows of an embedding of these affixes."""
    return len(affixes) + _FIRST_ID


def affixes_of(tokens: tf.Tensor) -> tf.Tensor:
    """Cut the marked affixes of each token's normalised form, "" if too short. string[...] -> string[...,A].

    Tokens must be UTF-8.
    """
    flat = tf.reshape(token_features.normalise(tokens), [-1])  # [N]
    size = tf.strings.length(flat, "UTF8_CHAR")[:, tf.newaxis]  # [N,1]
    shape = [tf.shape(flat)[0], AFFIXES]
    lengths = tf.broadcast_to(tf.constant(_LENGTHS), shape)  # [N,A]
    from_end = tf.constant([mark[0] == ">" for mark in _MARKS])
    starts = tf.where(from_end, tf.maximum(size - lengths, 0), 0)  # [N,A]
    repeated = tf.repeat(flat[:, tf.newaxis], AFFIXES, axis=1)  # [N,A]
    parts = tf.strings.substr(repeated, starts, lengths, unit="UTF8_CHAR")
    marked = tf.strings.join([tf.broadcast_to(tf.constant(_MARKS), shape), parts])
    affixes = tf.where(size >= lengths, marked, "")
    return tf.reshape(affixes, tf.concat([tf.shape(tokens), [AFFIXES]], 0))


def shape_ids(tokens: tf.Tensor) -> tf.Tensor:
    """Hash each token's shape to an id below `SHAPE_IDS`; 0 for the empty string. string[...] -> int64[...]."""
    ids = tf.strings.to_hash_bucket_fast(shapes(tokens), SHAPE_IDS - 1) + 1
    return tf.where(tokens == "", tf.constant(0, tf.int64), ids)


def shapes(tokens: tf.Tensor) -> tf.Tensor:
    """Write upper case as X, lower as x, digits as d, each at most twice in a row. string[...] -> string[...]."""
    for pattern, letter in ((r"\p{Lu}", "X"), (r"\p{Ll}", "x"), (r"\p{Nd}", "d")):
        tokens = tf.strings.regex_replace(tokens, pattern, letter)
    for letter in "Xxd":
        tokens = tf.strings.regex_replace(tokens, f"{letter}{{3,}}", letter * 2)
    return tokens
