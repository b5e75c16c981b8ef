"""Write tagged sentences to the file of a part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import tensorflow as tf

from serving.batch.job import Format
from serving.client.answers import TaggedSentence
from serving.client.formats import to_conll, to_jsonl


def write(path: Path, sentences: Iterable[TaggedSentence], output_format: Format) -> None:
    """Write tagged sentences to a file.

    Raises:
        OSError: the file cannot be written, as on a full disk.
    """
    _WRITERS[output_format](path, sentences)


def example(sentence: TaggedSentence) -> tf.train.Example:
    """Build a `tf.Example` of `tokens`, `tags`, `confidence`, `starts`, `ends` [T], `text` and `score` [1]."""
    built = tf.train.Example()
    feature = built.features.feature
    for name, strings in (
        ("tokens", [token.text for token in sentence.tokens]),
        ("tags", [token.tag for token in sentence.tokens]),
        ("text", [sentence.text]),
    ):
        feature[name].bytes_list.value.extend(string.encode("utf-8", "replace") for string in strings)
    feature["confidence"].float_list.value.extend(token.confidence for token in sentence.tokens)
    feature["score"].float_list.value.append(sentence.score)
    feature["starts"].int64_list.value.extend(token.start for token in sentence.tokens)
    feature["ends"].int64_list.value.extend(token.end for token in sentence.tokens)
    return built


def _write_jsonl(path: Path, sentences: Iterable[TaggedSentence]) -> None:
    with _text(path) as file:
        for sentence in sentences:
            file.write(to_jsonl(sentence) + "\n")


def _write_conll(path: Path, sentences: Iterable[TaggedSentence]) -> None:
    with _text(path) as file:
        for sentence in sentences:
            file.write(to_conll(sentence))


def _text(path: Path) -> IO[str]:
    # A lone surrogate has no UTF-8; the model got a `?` for it too.
    return path.open("w", encoding="utf-8", errors="replace", newline="\n")


def _write_tfrecord(path: Path, sentences: Iterable[TaggedSentence]) -> None:
    try:
        with tf.io.TFRecordWriter(str(path)) as writer:
            for sentence in sentences:
                # Otherwise the order of the features may differ from run to run.
                writer.write(example(sentence).SerializeToString(deterministic=True))
    except tf.errors.OpError as error:
        raise OSError(error.message) from error


_WRITERS: dict[Format, Callable[[Path, Iterable[TaggedSentence]], None]] = {
    "jsonl": _write_jsonl,
    "conll": _write_conll,
    "tfrecord": _write_tfrecord,
}
