"""Each format of a part, read back by an independent reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tensorflow as tf

from corpus.options import ReadOptions
from corpus.reading.sentences import sentences
from serving.batch.writers import write
from serving.client.answers import TaggedSentence, TaggedToken, sentence_of

ANNA = sentence_of(
    "Zoë met\u2028Bo",
    (
        TaggedToken("Zoë", "B-PER", 0.75, 0, 3),
        TaggedToken("met", "O", 1.0, 4, 7),
        TaggedToken("Bo", "B-PER", 0.5, 8, 10),
    ),
    0.25,
)
EMPTY = TaggedSentence("", (), (), 1.0)
LONE = sentence_of("\ud800", (TaggedToken("?", "O", 1.0, 0, 1),), 1.0)


def test_jsonl(tmp_path: Path) -> None:
    write(tmp_path / "x", [ANNA, EMPTY, LONE], "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "x").read_bytes().split(b"\n")[:-1]]
    assert [row["text"] for row in rows[:2]] == ["Zoë met\u2028Bo", ""]
    assert [entity["text"] for entity in rows[0]["entities"]] == ["Zoë", "Bo"]
    assert len(rows) == 3


def test_conll(tmp_path: Path) -> None:
    write(tmp_path / "x.conll", [ANNA, ANNA], "conll")
    read = [(s.tokens, s.tags) for _, s in sentences(tmp_path / "x.conll", ReadOptions())]
    assert read == [(("Zoë", "met", "Bo"), ("B-PER", "O", "B-PER"))] * 2


def test_tfrecord(tmp_path: Path) -> None:
    write(tmp_path / "x.tfrecord", [ANNA, EMPTY, LONE], "tfrecord")
    ragged = {
        **{name: tf.io.RaggedFeature(tf.string) for name in ("tokens", "tags")},
        **{name: tf.io.RaggedFeature(tf.int64) for name in ("starts", "ends")},
        "confidence": tf.io.RaggedFeature(tf.float32),
        "text": tf.io.FixedLenFeature([], tf.string),
        "score": tf.io.FixedLenFeature([], tf.float32),
    }
    records = list(tf.data.TFRecordDataset(str(tmp_path / "x.tfrecord")))
    rows = [tf.io.parse_single_example(record, ragged) for record in records]
    assert len(rows) == 3
    assert [token.decode() for token in rows[0]["tokens"].numpy()] == ["Zoë", "met", "Bo"]
    assert rows[0]["tags"].numpy().tolist() == [b"B-PER", b"O", b"B-PER"]
    assert rows[0]["confidence"].numpy().tolist() == [0.75, 1.0, 0.5]
    assert (rows[0]["starts"].numpy().tolist(), rows[0]["ends"].numpy().tolist()) == ([0, 4, 8], [3, 7, 10])
    assert (rows[0]["text"].numpy().decode(), rows[0]["score"].numpy()) == ("Zoë met\u2028Bo", 0.25)
    assert rows[1]["tokens"].shape == (0,)


@pytest.mark.parametrize("output_format", ["jsonl", "conll", "tfrecord"])
def test_the_same_answers_are_the_same_bytes(output_format: str, tmp_path: Path) -> None:
    for name in ("one", "other"):
        write(tmp_path / name, [ANNA, EMPTY], output_format)  # type: ignore[arg-type]
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.parametrize("output_format", ["jsonl", "conll", "tfrecord"])
def test_a_file_that_cannot_be_written_is_an_oserror(output_format: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"."):
        write(tmp_path / "no" / "such" / "folder", [ANNA], output_format)  # type: ignore[arg-type]
