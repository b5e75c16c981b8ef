"""Pretrained vectors for the words of the vocabulary, and for extra words that a served model may meet.

The vocabulary's words are normalised (`trainer.features.token_features`). Each takes the vector of the same
word in the file, or else of the first word, that is the most frequent, that normalises to it: `paris` takes
that of `paris`, and if the file lacks it, that of `Paris`.

All vectors are multiplied by one factor, so that their mean squared norm over the first rows of the file is
1, like that of random vectors, and the learning rate, dropout and the scale of the other features suit them
too. Angles and ratios of lengths stay. The factor depends on the file alone, so it stays the same when the
corpus grows.
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

# Rows of the file that the factor is computed from.
_HEAD = 10_000
# Rows normalised at a time.
_BATCH = 2048
# The largest share of rows whose word is not UTF-8; more are an error.
_MOST_UNREADABLE = 0.05


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a corpus a file of vectors covers.

    Attributes:
        file: its path.
        format: what it was recognised as.
        width: numbers of a vector.
        rows: in the file.
        unreadable: rows left out because their word is not UTF-8.
        frozen: whether the vectors stay as they are in training.
        factor: by which all vectors were multiplied.
        words: in the vocabulary of the training split.
        words_covered: of these, with a vector.
        words_as_written: of these, by the same word in the file rather than one that normalises to it.
        tokens: in the training split.
        tokens_covered: of these, with a vector.
        extra_words: words outside the vocabulary that have a vector too.
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
        """Encode the coverage as the indented JSON that is exported with the model."""
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
    """The vectors taken from a file.

    Attributes:
        ids: int64[n], rows of the word embedding that have a vector.
        values: float32[n,D], the vectors.
        vocabulary: of the corpus, with the extra words.
        coverage: of the corpus by the vectors.
    """

    ids: np.ndarray
    values: np.ndarray
    vocabulary: Vocabulary
    coverage: Coverage

    def sized(self, hyperparameters: Hyperparameters) -> Hyperparameters:
        """Copy the settings with the file's width as the width of the word embedding."""
        return msgspec.structs.replace(hyperparameters, word_embedding=self.coverage.width)

    def put_into(self, word_embedding: tf.Variable) -> None:
        """Assign the vectors to their rows of `word_embedding` float32[word ids, D]; other rows stay."""
        ids = tf.constant(self.ids[:, np.newaxis])
        word_embedding.assign(
            tf.tensor_scatter_nd_update(tf.convert_to_tensor(word_embedding), ids, self.values)
        )

    def looked_up(self, sentences: tf.data.Dataset) -> tf.data.Dataset:
        """Add the ids of the extra words, which Transform does not know, to what `batches.sentences` returns."""
        if not self.vocabulary.extra:
            return sentences
        table = self.vocabulary.word_table()

        def look_up(sentence: Batch) -> Batch:
            return sentence._replace(words=table.lookup(token_features.normalise(sentence.tokens)))

        return sentences.map(look_up, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def load(hyperparameters: Hyperparameters, vocabulary: Vocabulary) -> Vectors:
    """Read the vectors that a vocabulary needs from the file `hyperparameters.vectors`, and log the coverage.

    Memory grows with the vocabulary and the extra words, not with the file.

    Raises:
        VectorsError: the file is missing, damaged, not a file of vectors, not in UTF-8, or has no word of the
            vocabulary.
    """
    hp = hyperparameters
    assert hp.vectors is not None
    file = recognise(hp.vectors)
    selection = _Selection(file, vocabulary, extra=hp.vectors_extra_words)
    for row, form in _normalised(selection.readable(file.rows())):
        selection.consider(row, form)
    vectors = selection.vectors(frozen=hp.vectors_frozen)
    log.info("vectors: %s", vectors.coverage)
    return vectors


def _normalised(rows: Iterable[Row]) -> Iterator[tuple[Row, bytes]]:
    """Pair each row with its word's normal form, by the same function as the served model."""
    rows = iter(rows)
    while batch := list(islice(rows, _BATCH)):
        forms = token_features.normalise(tf.constant([row.word for row in batch], tf.string)).numpy()
        yield from zip(batch, forms.tolist(), strict=True)


class _Selection:
    """The vectors selected so far while the rows of a file are read."""

    def __init__(self, file: VectorFile, vocabulary: Vocabulary, *, extra: int) -> None:
        self._file = file
        self._vocabulary = vocabulary
        words = len(vocabulary.words)
        self._most = words + (min(extra, file.count) if file.count is not None else extra)
        self._index = {word: number for number, word in enumerate(vocabulary.words)}
        # Grows with the extra words: a setting far above the file's number of rows must not take memory.
        self._values = np.zeros([words, file.width], np.float32)
        self._match = bytearray(words)  # 0 none, 1 a word that normalises to it, 2 the same word
        self._rows = 0
        self._unreadable: list[int] = []
        self._squares: list[float] = []

    def readable(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Filter the rows whose word is UTF-8; the others are counted."""
        for row in rows:
            self._rows += 1
            try:
                row.word.decode()
            except UnicodeDecodeError:
                self._unreadable.append(row.place)
                continue
            yield row

    def consider(self, row: Row, form: bytes) -> None:
        """Take the row's vector if its word is wanted and has no better match yet."""
        head = len(self._squares) < _HEAD
        at = self._index.get(form)
        if at is None and len(self._index) < self._most and form and not form.split()[1:]:
            at = self._add(form)
        match = 2 if row.word == form else 1
        wanted = at is not None and self._match[at] < match
        if not wanted and not head:
            return
        vector = self._file.vector(row)
        if head:
            self._squares.append(float(np.dot(vector, vector)))
        if at is not None and wanted:
            self._values[at] = vector
            self._match[at] = match

    def _add(self, form: bytes) -> int:
        at = self._index[form] = len(self._index)
        if at == len(self._values):
            grown = np.zeros([min(self._most, at + at // 2 + 1024), self._file.width], np.float32)
            grown[:at] = self._values
            self._values = grown
        self._match.append(0)
        return at

    def vectors(self, *, frozen: bool) -> Vectors:
        """Return the selected vectors.

        Raises:
            VectorsError: none was selected, or too many words are not UTF-8.
        """
        path = self._file.path
        if len(self._unreadable) > _MOST_UNREADABLE * self._rows:
            place = f"{path}, row {self._unreadable[0]:,}"
            raise VectorsError(
                f"{place}: expected words in UTF-8; found {len(self._unreadable):,} of {self._rows:,} that are "
                "not; convert the file (iconv -f LATIN1 -t UTF-8, say)"
            )
        words = len(self._vocabulary.words)
        match = np.frombuffer(self._match, np.uint8)
        covered = match[:words] > 0
        if not covered.any():
            raise VectorsError(
                f"{path}: expected words of the corpus; found none of its {words:,} among {self._rows:,} rows; "
                "name vectors of the corpus's language"
            )
        mean = float(np.mean(self._squares))
        factor = mean**-0.5 if mean > 0 else 1.0
        counts = np.array(self._vocabulary.counts, np.int64)
        at = np.flatnonzero(match)
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
                words_as_written=int((match[:words] == 2).sum()),
                tokens=int(counts.sum()),
                tokens_covered=int(counts[covered].sum()),
                extra_words=len(extra),
            ),
        )
