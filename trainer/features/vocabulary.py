"""The vocabularies that Transform made: words with their counts, and tags."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import tensorflow as tf
import tensorflow_transform as tft

from tagging.schemes import PLAIN, Scheme, UnknownTag, read_tags, scheme_named
from trainer.features import spelling, token_features
from trainer.features.preprocessing import TAGS_VOCABULARY, WORDS_VOCABULARY


@dataclass(frozen=True)
class Vocabulary:
    """Words, their counts in the training split, and tags; Transform's ids are the positions.

    Attributes:
        words: normalised words, most frequent first; the id is the position plus `FIRST_WORD_ID`.
        counts: occurrences of each word in the training split.
        tags: the K tags, most frequent first.
        extra: words from a file of pretrained vectors (setting `trainer.vectors`) that the training split lacks;
            their ids follow those of `words`.
    """

    words: tuple[bytes, ...]
    counts: tuple[int, ...]
    tags: tuple[str, ...]
    extra: tuple[bytes, ...] = ()

    @property
    def word_ids(self) -> int:
        """Rows of the word embedding: padding, unknown, `words` and `extra`."""
        return len(self.words) + len(self.extra) + token_features.FIRST_WORD_ID

    def singleton_flags(self) -> list[bool]:
        """Whether the training split has the word just once, by word id."""
        return [
            *[False] * token_features.FIRST_WORD_ID,
            *(count == 1 for count in self.counts),
            *[False] * len(self.extra),
        ]

    @cached_property
    def affixes(self) -> tuple[bytes, ...]:
        """The affixes that at least two words share; see `trainer.features.spelling`."""
        return spelling.known_affixes(self.words)

    def word_table(self) -> tf.lookup.StaticHashTable:
        """Make the table from normalised word to word id; `UNKNOWN_ID` for any other word."""
        words = [*self.words, *self.extra]
        ids = tf.range(len(words), dtype=tf.int64) + token_features.FIRST_WORD_ID
        return tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(tf.constant(words, tf.string), ids),
            default_value=token_features.UNKNOWN_ID,
        )

    def scheme(self, train_scheme: str) -> Scheme:
        """Return the scheme of the tags: `train_scheme` if every tag can be read in it, else plain tags.

        CorpusGen writes entity tags in the training scheme and leaves plain tags alone, so the tags show
        which of the two a corpus has.
        """
        scheme = scheme_named(train_scheme)
        if scheme is PLAIN:
            return PLAIN
        try:
            read_tags(self.tags, scheme)
        except UnknownTag:
            return PLAIN
        return scheme


def load(transform_graph_path: str) -> Vocabulary:
    """Read the vocabularies that Transform wrote below `transform_graph_path`."""
    transform_output = tft.TFTransformOutput(transform_graph_path)
    # A line is `count word`; tft writes a single space, and a word holds none.
    with tf.io.gfile.GFile(transform_output.vocabulary_file_by_name(WORDS_VOCABULARY), "rb") as lines:
        rows = [line.rstrip(b"\n").split(b" ", 1) for line in lines]
    tags = transform_output.vocabulary_by_name(TAGS_VOCABULARY)
    return Vocabulary(
        words=tuple(word for _, word in rows),
        counts=tuple(int(count) for count, _ in rows),
        tags=tuple(tag.decode() for tag in tags),
    )
