"""A tiny corpus in the form that Transform hands to the Trainer, made without Transform."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import tensorflow as tf

from tagging.schemes import BIOES
from trainer.features import token_features
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.input_pipeline import batches
from trainer.model.bilstm_crf import BiLstmCrf

SENTENCES = [
    line.split()
    for line in """
Anna/S-PER lives/O in/O Paris/S-LOC ./O
Mr/O John/B-PER Smith/E-PER left/O Berlin/S-LOC ./O
Berlin/S-LOC is/O cold/O
Paris/B-PER Hilton/E-PER sings/O
The/O Bank/B-ORG of/I-ORG Japan/E-ORG cut/O rates/O by/O 0.5/O %/O
Who/O called/O Anna/B-PER Maria/I-PER Lopez/E-PER ?/O
Rome/S-LOC
Yes/O ./O
In/O Rome/S-LOC John/S-PER met/O Anna/S-PER and/O Mr/O Smith/S-PER ./O
Japan/S-LOC won/O 3/O -/O 1/O
""".strip().splitlines()
]

SMALL = Hyperparameters(
    word_embedding=8,
    case_embedding=4,
    byte_embedding=6,
    byte_filters=6,
    affix_embedding=3,
    shape_embedding=4,
    lstm_units=8,
    sentence_vector=5,
    epochs=3,
    batch_size=4,
    learning_rate=0.02,
    n_best=3,
)


def split(sentence: list[str]) -> tuple[list[str], list[str]]:
    tokens, tags = zip(*(pair.rsplit("/", 1) for pair in sentence), strict=True)
    return list(tokens), list(tags)


def _example(tokens: list[str], tags: list[str], vocabulary: Vocabulary) -> bytes:
    strings = tf.constant(tokens, tf.string)
    words = vocabulary.word_table().lookup(token_features.normalise(strings)).numpy().tolist()
    cases = token_features.case_ids(strings).numpy().tolist()
    labels = [vocabulary.tags.index(tag) for tag in tags]

    def bytes_feature(values: list[str]) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[v.encode() for v in values]))

    def ints(values: list[int]) -> tf.train.Feature:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    return tf.train.Example(
        features=tf.train.Features(
            feature={
                "tokens": bytes_feature(tokens),
                "tags": bytes_feature(tags),
                "words": ints(words),
                "cases": ints(cases),
                "labels": ints(labels),
            }
        )
    ).SerializeToString()


def vocabulary_of(sentences: list[list[str]]) -> Vocabulary:
    words: Counter[bytes] = Counter()
    tags: Counter[str] = Counter()
    for sentence in sentences:
        tokens, sentence_tags = split(sentence)
        words.update(token_features.normalise(tf.constant(tokens)).numpy().tolist())
        tags.update(sentence_tags)
    ranked = sorted(words.items(), key=lambda item: (-item[1], item[0]))
    return Vocabulary(
        words=tuple(word for word, _ in ranked),
        counts=tuple(count for _, count in ranked),
        tags=tuple(sorted(tags, key=lambda tag: (-tags[tag], tag))),
    )


def write_transformed(path: Path, sentences: list[list[str]], vocabulary: Vocabulary) -> None:
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for sentence in sentences:
            writer.write(_example(*split(sentence), vocabulary))


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return vocabulary_of(SENTENCES)


@pytest.fixture(scope="session")
def transformed(tmp_path_factory: pytest.TempPathFactory, vocabulary: Vocabulary) -> Path:
    """A gzipped TFRecord file of the tiny corpus."""
    path = tmp_path_factory.mktemp("transformed") / "part-0.gz"
    write_transformed(path, SENTENCES, vocabulary)
    return path


@pytest.fixture(scope="session")
def tiny_sentences(transformed: Path) -> tf.data.Dataset:
    return batches.sentences([str(transformed)])


@pytest.fixture(scope="session")
def tiny_model(vocabulary: Vocabulary) -> BiLstmCrf:
    """An untrained model with random transitions, start and end scores."""
    model = BiLstmCrf(SMALL, vocabulary, BIOES)
    for seed, variable in enumerate((model.transitions, model.start, model.end)):
        variable.assign(tf.random.stateless_normal(variable.shape, [seed, 7]))
    return model
