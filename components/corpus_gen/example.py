"""A sentence as `tf.train.Example`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import tensorflow as tf

from corpus.sentence import Sentence


def to_example(sentence: Sentence, tags: Sequence[str]) -> tf.train.Example:
    """Encode a sentence with its T tags of the training scheme.

    Features: `tokens` and `tags` (T bytes each), and where the sentence has them `text` (1 bytes), `starts` and `ends`
    (T int64 each, in Unicode characters of the text), `domain` (1 bytes).

    Raises:
        ValueError: the numbers of tags and tokens differ.
    """
    if len(tags) != len(sentence.tokens):
        raise ValueError(f"found {len(tags)} tags for {len(sentence.tokens)} tokens; expected one for each")
    features = {"tokens": _strings(sentence.tokens), "tags": _strings(tags)}
    if sentence.text is not None:
        features["text"] = _strings([sentence.text])
    if sentence.starts is not None and sentence.ends is not None:
        features["starts"] = _integers(sentence.starts)
        features["ends"] = _integers(sentence.ends)
    if sentence.domain is not None:
        features["domain"] = _strings([sentence.domain])
    return tf.train.Example(features=tf.train.Features(feature=features))


def _strings(values: Iterable[str]) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode("utf-8") for value in values]))


def _integers(values: Iterable[int]) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
