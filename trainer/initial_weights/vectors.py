"""Pretrained vectors for the words of the vocabulary, and for others that a served model may meet.

A word of the vocabulary is normalised (`trainer.features.token_features`). It takes the vector of the file's word
equal to it, or else of the first, that is the most frequent, of the words that normalise to it: `paris` that of
`paris`, and where the file lacks that, of `Paris`.

All vectors are multiplied by one factor, so that their mean squared norm over the first rows of the file is 1, as
that of random vectors is: the learning rate, dropout and the other features' scale suit them as well, and angles and
ratios stay. The factor depends on the file alone, so that it is the same when the corpus has grown.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import tensorflow as tf

from trainer.features import token_features
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.initial_weights.vector_files import Row, VectorFile, VectorsError, recognise
from trainer.input_pipeline.batches import Batch

log = logging.getLogger("tagline.trainer")

# Below a SavedModel's `assets.extra`.
FILE_NAME = "vectors.json"

# Rows of the file that tell its scale.
_HEAD = 10_000
# Rows normalised at a time.
_BATCH = 2048
# More rows than this share whose word is no UTF-8 are an error.
_MOST_UNREADABLE = 0.05


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a corpus a file of vectors knows.

    Attributes:
        file: its path.
        format: what it was recognised as.
        width: numbers of a vector.
        rows: in the file.
        unreadable: rows left out, since their word is no UTF-8.
        frozen: whether the vectors stay as they are in training.
        factor: what all were multiplied by.
        words: in the vocabulary of the training split.
        words_covered: of these, with a vector.
        words_as_written: of these, by the file's word equal to it rather than one that normalises to it.
        tokens: in the training split.
        tokens_covered: of these, with a vector.
        extra_words: words beside the vocabulary that have a vector too.
    """

    file: str
    format: str
    width: int
    rows: int
    unreadable: int
    frozen: bool
    factor: float
    words: int
    words_covered: int
    words_as_written: int
    tokens: int
    tokens_covered: int
    extra_words: int

    def to_json(self) -> str:
        """As it lies beside the model."""
        return msgspec.json.format(msgspec.json.encode(self)).decode() + "\n"

    def __str__(self) -> str:
        extra = f", {self.extra_words:,} more words" if self.extra_words else ""
        return (
            f"{Path(self.file).name} ({self.format}, {self.rows:,} rows of {self.width}) knows "
            f"{self.words_covered / self.words:.1%} of {self.words:,} words and "
            f"{self.tokens_covered / self.tokens:.1%} of {self.tokens:,} tokens{extra}; "
            f"{'frozen' if self.frozen else 'tuned'}, times {self.factor:.3g}"
        )


@dataclass(frozen=True)
class Vectors:
    """What was taken from a file.

    Attributes:
        ids: int64[n], rows of the word embedding that have a vector.
        values: float32[n,D], the vectors.
        vocabulary: the corpus's, and with it the extra words.
        coverage: how much of the corpus they are.
    """

    ids: np.ndarray
    values: np.ndarray
    vocabulary: Vocabulary
    coverage: Coverage

    def sized(self, hyperparameters: Hyperparameters) -> Hyperparameters:
        """The settings with the file's width as that of the word embedding."""
        return msgspec.structs.replace(hyperparameters, word_embedding=self.coverage.width)

    def put_into(self, word_embedding: tf.Variable) -> None:
        """Assign the rows of `word_embedding` float32[word ids, D] that have a vector; the others stay."""
        ids = tf.constant(self.ids[:, np.newaxis])
        word_embedding.assign(
            tf.tensor_scatter_nd_update(tf.convert_to_tensor(word_embedding), ids, self.values)
        )

    def looked_up(self, sentences: tf.data.Dataset) -> tf.data.Dataset:
        """What `inputs.sentences` gives, with the ids of the extra words, which Transform does not know."""
        if not self.vocabulary.extra:
            return sentences
        table = self.vocabulary.word_table()

        def look_up(sentence: Batch) -> Batch:
            return sentence._replace(words=table.lookup(token_features.normalise(sentence.tokens)))

        return sentences.map(look_up, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def load(hyperparameters: Hyperparameters, vocabulary: Vocabulary) -> Vectors:
    """Read the rows that are needed from the file that `hyperparameters.vectors` names; log how many they are.

    Memory follows the vocabulary and the extra words, not the file.

    Raises:
        VectorsError: the file is not there, damaged, no file of vectors, in another encoding than UTF-8, or has no
            word of the vocabulary.
    """
    hp = hyperparameters
    assert hp.vectors is not None
    file = recognise(hp.vectors)
    taken = _Taken(file, vocabulary, extra=hp.vectors_extra_words)
    for row, form in _normalised(taken.readable(file.rows())):
        taken.consider(row, form)
    vectors = taken.vectors(frozen=hp.vectors_frozen)
    log.info("vectors: %s", vectors.coverage)
    return vectors


def _normalised(rows: Iterable[Row]) -> Iterator[tuple[Row, bytes]]:
    """Each row with its word's normal form, by the very function that the model is served with."""
    rows = iter(rows)
    while batch := list(islice(rows, _BATCH)):
        forms = token_features.normalise(tf.constant([row.word for row in batch], tf.string)).numpy()
        yield from zip(batch, forms.tolist(), strict=True)


class _Taken:
    """The vectors taken while the rows of a file stream by."""

    def __init__(self, file: VectorFile, vocabulary: Vocabulary, *, extra: int) -> None:
        self._file = file
        self._vocabulary = vocabulary
        known = len(vocabulary.words)
        self._most = known + (min(extra, file.count) if file.count is not None else extra)
        self._index = {word: number for number, word in enumerate(vocabulary.words)}
        # Grown as extra words are found, since a number far above what the file has is no reason to hold memory.
        self._values = np.zeros([known, file.width], np.float32)
        self._found = bytearray(known)  # 0 not, 1 by a word that normalises to it, 2 as it is written
        self._rows = 0
        self._unreadable: list[int] = []
        self._squares: list[float] = []

    def readable(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Those whose word is UTF-8; the others are counted."""
        for row in rows:
            self._rows += 1
            try:
                row.word.decode()
            except UnicodeDecodeError:
                self._unreadable.append(row.place)
                continue
            yield row

    def consider(self, row: Row, form: bytes) -> None:
        """Take the row's vector if it is wanted, and no better one is there."""
        head = len(self._squares) < _HEAD
        at = self._index.get(form)
        if at is None and len(self._index) < self._most and form and not form.split()[1:]:
            at = self._add(form)
        found = 2 if row.word == form else 1
        wanted = at is not None and self._found[at] < found
        if not wanted and not head:
            return
        vector = self._file.vector(row)
        if head:
            self._squares.append(float(np.dot(vector, vector)))
        if at is not None and wanted:
            self._values[at] = vector
            self._found[at] = found

    def _add(self, form: bytes) -> int:
        at = self._index[form] = len(self._index)
        if at == len(self._values):
            grown = np.zeros([min(self._most, at + at // 2 + 1024), self._file.width], np.float32)
            grown[:at] = self._values
            self._values = grown
        self._found.append(0)
        return at

    def vectors(self, *, frozen: bool) -> Vectors:
        """What came of it.

        Raises:
            VectorsError: nothing, or too many words that cannot be read.
        """
        path = self._file.path
        if len(self._unreadable) > _MOST_UNREADABLE * self._rows:
            place = f"{path}, row {self._unreadable[0]:,}"
            raise VectorsError(
                f"{place}: expected words in UTF-8; found {len(self._unreadable):,} of {self._rows:,} that are "
                "not; convert the file (iconv -f LATIN1 -t UTF-8, say)"
            )
        words = len(self._vocabulary.words)
        found = np.frombuffer(self._found, np.uint8)
        covered = found[:words] > 0
        if not covered.any():
            raise VectorsError(
                f"{path}: expected words of the corpus; found none of its {words:,} among {self._rows:,} rows; "
                "name vectors of the corpus's language"
            )
        mean = float(np.mean(self._squares))
        factor = mean**-0.5 if mean > 0 else 1.0
        counts = np.array(self._vocabulary.counts, np.int64)
        at = np.flatnonzero(found)
        extra = tuple(islice(self._index, words, None))
        return Vectors(
            ids=at + token_features.FIRST_WORD_ID,
            values=self._values[at] * np.float32(factor),
            vocabulary=dataclasses.replace(self._vocabulary, extra=extra),
            coverage=Coverage(
                file=path,
                format=self._file.format,
                width=self._file.width,
                rows=self._rows,
                unreadable=len(self._unreadable),
                frozen=frozen,
                factor=factor,
                words=words,
                words_covered=int(covered.sum()),
                words_as_written=int((found[:words] == 2).sum()),
                tokens=int(counts.sum()),
                tokens_covered=int(counts[covered].sum()),
                extra_words=len(extra),
            ),
        )
