"""Pretrained vectors: which row each word takes, what becomes of them in training, and in the served model."""

from __future__ import annotations

import gzip
import json
import logging
import tracemalloc
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
import tensorflow as tf

from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from tests.trainer.initial_weights.vector_writers import FORMATS, Table, glove, write
from tests.trainer.tiny_training import Killed, kill_after_saves, train
from trainer.export import saved_model
from trainer.features import token_features
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.initial_weights import vectors
from trainer.initial_weights.vector_files import VectorsError
from trainer.model.bilstm_crf import BiLstmCrf

WORDS = Vocabulary(
    words=(b"the", b"paris", b"0000", b"smith", b"qwerty"), counts=(50, 5, 4, 2, 1), tags=("O", "S-LOC")
)
TABLE = {
    "the": [1.0, 0.0, 0.0],
    "Paris": [0.0, 3.0, 4.0],
    "Berlin": [2.0, 2.0, 1.0],
    "1998": [0.0, 0.0, 5.0],
    "PARIS": [9.0, 9.0, 9.0],
    "2001": [7.0, 7.0, 7.0],
    "paris": [0.0, 8.0, 6.0],
    "Smith": [4.0, 4.0, 2.0],
    "SMITH": [9.0, 9.0, 9.0],
    "berlin": [1.0, 1.0, 1.0],
    "oslo": [2.0, 0.0, 0.0],
    "rome": [0.0, 2.0, 0.0],
}
# By hand: as it is written, or else the first that is so when normalised.
EXPECTED = {b"the": "the", b"paris": "paris", b"0000": "1998", b"smith": "Smith"}


def factor_of(table: Table) -> float:
    return float(np.mean([sum(x * x for x in row) for row in table.values()])) ** -0.5


def hp_of(path: str, **changes: object) -> Hyperparameters:
    return msgspec.structs.replace(SMALL, vectors=path, **changes)


def load(path: str, vocabulary: Vocabulary = WORDS, **changes: object) -> vectors.Vectors:
    return vectors.load(hp_of(path, **changes), vocabulary)


def by_word(found: vectors.Vectors) -> dict[bytes, list[float]]:
    names = [*found.vocabulary.words, *found.vocabulary.extra]
    return {
        names[number - token_features.FIRST_WORD_ID]: row.tolist()
        for number, row in zip(found.ids, found.values, strict=True)
    }


def expected(chosen: Mapping[bytes, str], table: Table = TABLE) -> dict[bytes, object]:
    factor = factor_of(table)
    return {
        word: pytest.approx([factor * x for x in table[written]], rel=1e-5)
        for word, written in chosen.items()
    }


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("name", FORMATS)
def test_a_word_takes_the_row_written_like_it_or_else_the_first_that_normalises_to_it(
    name: str, gzipped: bool, tmp_path: Path
) -> None:
    found = load(write(tmp_path / "v", FORMATS[name](TABLE), gzipped=gzipped))
    assert by_word(found) == expected(EXPECTED)
    assert found.vocabulary == WORDS


def test_the_coverage_counts_words_and_tokens(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "my.txt", glove(TABLE))
    with caplog.at_level(logging.INFO, "tagline.trainer"):
        coverage = load(path).coverage
    assert coverage == vectors.Coverage(
        file=path, format="GloVe text", width=3, rows=12, unreadable=0, frozen=True,
        factor=pytest.approx(factor_of(TABLE)),  # type: ignore[arg-type]
        words=5, words_covered=4, words_as_written=2, tokens=62, tokens_covered=61, extra_words=0,
    )  # fmt: skip
    assert json.loads(coverage.to_json())["tokens_covered"] == 61
    (line,) = [record.getMessage() for record in caplog.records]
    assert "my.txt (GloVe text, 12 rows of 3) knows 80.0% of 5 words and 98.4% of 62 tokens; frozen" in line


def test_extra_words_are_the_first_that_train_lacks_under_the_form_they_are_looked_up_by(
    tmp_path: Path,
) -> None:
    found = load(write(tmp_path / "v", glove({"a b": [1.0, 1.0, 1.0], **TABLE})), vectors_extra_words=2)
    assert found.vocabulary.extra == (b"berlin", b"oslo")
    table = {"a b": [1.0, 1.0, 1.0], **TABLE}
    # Beyond the first two nothing is taken, but of these two the better row.
    assert by_word(found) == expected({**EXPECTED, b"berlin": "berlin", b"oslo": "oslo"}, table)
    assert found.vocabulary.word_ids == 5 + 2 + token_features.FIRST_WORD_ID
    assert found.vocabulary.singleton_flags()[-3:] == [True, False, False]
    ids = found.vocabulary.word_table().lookup(tf.constant(["the", "qwerty", "berlin", "oslo", "rome"]))
    assert ids.numpy().tolist() == [2, 6, 7, 8, token_features.UNKNOWN_ID]


def test_more_extra_words_than_the_file_has(tmp_path: Path) -> None:
    found = load(write(tmp_path / "v", glove(TABLE)), vectors_extra_words=10**9)
    assert found.vocabulary.extra == (b"berlin", b"oslo", b"rome")
    assert found.coverage.extra_words == 3


def test_the_scale_is_that_of_the_head_of_the_file_and_so_the_same_for_any_vocabulary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "_HEAD", 4)
    path = write(tmp_path / "v", glove(TABLE))
    head = {word: TABLE[word] for word in list(TABLE)[:4]}
    smaller = Vocabulary(words=(b"oslo",), counts=(1,), tags=("O",))
    for vocabulary in (WORDS, smaller):
        assert load(path, vocabulary).coverage.factor == pytest.approx(factor_of(head))


def test_vectors_of_nothing_but_zeros_stay(tmp_path: Path) -> None:
    found = load(write(tmp_path / "v", glove({"the": [0.0, 0.0]})))
    assert (found.coverage.factor, found.values.tolist()) == (1.0, [[0.0, 0.0]])


def test_a_file_without_a_word_of_the_corpus_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        VectorsError, match=r"v: expected words of the corpus; found none of its 5 among 1 rows"
    ):
        load(write(tmp_path / "v", glove({"слово": [1.0, 2.0]})))


def test_a_file_in_another_encoding_is_an_error(tmp_path: Path) -> None:
    content = "the 1 2\nétage 1 2\nœuvre 1 2\nété 1 2\n".encode("cp1252")
    with pytest.raises(
        VectorsError, match=r"v, row 2: expected words in UTF-8; found 3 of 4 that are not; convert"
    ):
        load(write(tmp_path / "v", content))


def test_a_word_cut_within_a_character_is_left_out_and_counted(tmp_path: Path) -> None:
    rows = [f"w{number} 1 2\n".encode() for number in range(100)]
    found = load(write(tmp_path / "v", b"the 1 2\n" + b"\xc3 1 2\n" + b"".join(rows)))
    assert found.coverage.unreadable == 1


def _long_file(path: Path, rows: int, width: int) -> str:
    random = np.random.default_rng(1)
    numbers = [" ".join(f"{x:.5f}" for x in random.normal(size=width)) for _ in range(50)]
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as file:
        for row in range(rows):
            file.write(f"Word{row} {numbers[row % 50]}\n")
        file.write(f"the {numbers[0]}\n")
    return str(path)


def test_memory_follows_the_vocabulary_and_not_the_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = _long_file(tmp_path / f"{rows}.gz", rows, 60)
        tracemalloc.start()
        try:
            assert load(path).coverage.rows == rows + 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    load(_long_file(tmp_path / "first.gz", 10, 60))  # what the first call alone costs
    few, many = peak(6_000), peak(30_000)
    # The larger file is 15 MB of text; a batch of rows, their words and the pieces read are 6 MB.
    assert many < few + 1e6
    assert many < 7e6


def file_for(vocabulary: Vocabulary, path: Path, width: int = 5, *, extra: Sequence[str] = ()) -> str:
    """Vectors for every second word of the vocabulary."""
    random = np.random.default_rng(3)
    known = [word.decode() for word in vocabulary.words[::2]]
    return write(path, glove({word: random.normal(size=width).tolist() for word in [*known, *extra]}))


def trained(
    sentences: tf.data.Dataset,
    found: vectors.Vectors,
    hp: Hyperparameters,
    checkpoint_dir: Path,
) -> BiLstmCrf:
    hp = found.sized(hp)

    def build() -> BiLstmCrf:
        model = BiLstmCrf(hp, found.vocabulary, BIOES)
        found.put_into(model.encoder.word_embedding)
        return model

    return train(
        sentences, found.vocabulary, checkpoint_dir, hp, build=build, dev_sentences=found.looked_up(sentences)
    )[0]


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_vectors_stay_and_tuned_ones_are_trained(
    frozen: bool, tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    hp = hp_of(file_for(vocabulary, tmp_path / "v"), vectors_frozen=frozen, epochs=1)
    found = vectors.load(hp, vocabulary)
    model = trained(tiny_sentences, found, hp, tmp_path / "checkpoints")
    table = model.encoder.word_embedding
    assert table.shape.as_list() == [vocabulary.word_ids, 5]  # the file's width, not the settings' 8
    assert table.trainable is not frozen
    assert any(table is variable for variable in model.trainable_variables) is not frozen
    assert np.array_equal(table.numpy()[found.ids], found.values) is frozen
    saved = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(tmp_path / "checkpoints" / "last")))
    of_its_size = [
        name for name, shape in saved.get_variable_to_shape_map().items() if shape == table.shape.as_list()
    ]
    # The optimiser keeps two more of each variable it trains.
    assert len(of_its_size) == (1 if frozen else 3), of_its_size


@pytest.mark.slow
def test_a_killed_training_resumes_with_the_same_vectors(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hp = hp_of(file_for(vocabulary, tmp_path / "v"), vectors_frozen=False)
    found = vectors.load(hp, vocabulary)
    whole = trained(tiny_sentences, found, hp, tmp_path / "whole")

    kill_after_saves(monkeypatch, 1)
    with pytest.raises(Killed):
        trained(tiny_sentences, found, hp, tmp_path / "killed")
    resumed = trained(tiny_sentences, found, hp, tmp_path / "killed")
    for one, other in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.slow
def test_the_exported_model_knows_the_extra_words(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    # Two words that train lacks, the one with the very vector of a word that it has; the third has none.
    path = file_for(vocabulary, tmp_path / "v", extra=["zurich", "geneva"])
    hp = hp_of(
        path, vectors_extra_words=2, byte_filters=1, case_embedding=1, affix_embedding=0, shape_embedding=0
    )
    found = vectors.load(hp, vocabulary)
    assert found.vocabulary.extra == (b"zurich", b"geneva")
    model = trained(tiny_sentences, found, hp, tmp_path / "checkpoints")
    folder = tmp_path / "model"
    saved_model.export(
        model, found.vocabulary, BIOES, directory=str(folder), n_best=2,
        extra={vectors.FILE_NAME: found.coverage.to_json()},
    )  # fmt: skip
    recorded = json.loads((folder / "assets.extra" / vectors.FILE_NAME).read_text(encoding="utf-8"))
    assert recorded["extra_words"] == 2
    served = tf.saved_model.load(str(folder))
    decode = served.signatures["decode_tokens"]

    def confidences(word: str) -> list[float]:
        return (
            decode(tokens=tf.constant([["Anna", "lives", "in", word, "."]]))["confidence"].numpy()[0].tolist()
        )

    before = [confidences(word) for word in ("Zurich", "Geneva", "Madrid")]
    # The words' rows make the difference: without them all three words are equally unknown.
    table = model.encoder.word_embedding.numpy()
    rows = model.encoder.word_embedding
    ids = found.vocabulary.word_table().lookup(tf.constant(["zurich", "geneva", "madrid"])).numpy().tolist()
    assert ids == [vocabulary.word_ids, vocabulary.word_ids + 1, token_features.UNKNOWN_ID]
    np.testing.assert_array_equal(table[ids[:2]], found.values[-2:])
    rows.assign(tf.tensor_scatter_nd_update(rows, [[ids[0]], [ids[1]]], [table[1], table[1]]))
    unknown = tmp_path / "unknown"
    saved_model.export(model, found.vocabulary, BIOES, directory=str(unknown), n_best=2, extra={})
    decode = tf.saved_model.load(str(unknown)).signatures["decode_tokens"]
    after = [confidences(word) for word in ("Zurich", "Geneva", "Madrid")]
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert before[2] == pytest.approx(after[2], abs=1e-6)


def test_dev_is_scored_with_the_extra_words(
    tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    known = Vocabulary(words=vocabulary.words[:3], counts=vocabulary.counts[:3], tags=vocabulary.tags)
    path = file_for(vocabulary, tmp_path / "v")
    found = vectors.load(hp_of(path, vectors_extra_words=100), known)
    for sentence in found.looked_up(tiny_sentences):
        for token, number in zip(
            token_features.normalise(sentence.tokens).numpy(), sentence.words.numpy(), strict=True
        ):
            names = [*known.words, *found.vocabulary.extra]
            assert number == (
                names.index(token) + token_features.FIRST_WORD_ID
                if token in names
                else token_features.UNKNOWN_ID
            )
    assert vectors.load(hp_of(path), known).looked_up(tiny_sentences) is tiny_sentences


def test_vectors_go_into_a_variable_of_two_replicas(vocabulary: Vocabulary, tmp_path: Path) -> None:
    found = load(file_for(vocabulary, tmp_path / "v"), vocabulary)
    strategy = tf.distribute.MirroredStrategy(["cpu:0"])
    with strategy.scope():
        table = tf.Variable(tf.zeros([vocabulary.word_ids, 5]), trainable=False)
        found.put_into(table)
    np.testing.assert_array_equal(table.numpy()[found.ids], found.values)
