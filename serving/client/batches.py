"""Sentences into requests and answers back into sentences, whoever sends them and however many are under way."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from serving.client.answers import TaggedSentence, in_place, sentence_of
from serving.client.errors import TaggerError
from serving.client.forms import Form, Piece
from serving.client.protocol.messages import serving_pb2

# A request is as wide as its longest row: some long rows in it, or many short ones. In pieces of full length.
_MOST_FULL_PIECES = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one request; or, in its place among them, what the source of sentences failed with."""

    pieces: tuple[Piece, ...]
    failure: Exception | None = None


@contextlib.contextmanager
def errors_about(batch: Batch, *, of_several: bool) -> Iterator[None]:
    """Errors raised inside say which sentences they came with, if there are several."""
    try:
        yield
    except TaggerError as error:
        if of_several:
            error.locate(batch.pieces[0].sentence, batch.pieces[-1].sentence)
        raise


class Batcher:
    """Fills batches with sentences as they come.

    A batch has at most `rows` pieces; of long ones fewer, so that its rows, made as long as the longest, are
    worth no more than a few pieces of full length.
    """

    def __init__(self, form: Form, *, rows: int) -> None:
        self._form = form
        self._rows = rows
        self._given = 0
        self._pieces: list[Piece] = []
        self._longest = 0

    def add(self, sentence: Any) -> Iterator[Batch]:
        """Takes the next sentence; gives the batches that it filled.

        Raises:
          TypeError: it is not in the form expected.
        """
        most = self._form.most
        for piece in self._form.pieces(self._given, sentence):
            longest = max(self._longest, self._form.size(piece))
            if most is not None and (len(self._pieces) + 1) * longest > _MOST_FULL_PIECES * most:
                yield from self.rest()
                longest = self._form.size(piece)
            self._pieces.append(piece)
            self._longest = longest
            if len(self._pieces) == self._rows:
                yield from self.rest()
        self._given += 1

    def rest(self) -> Iterator[Batch]:
        """The batch begun, if there is one."""
        if self._pieces:
            batch = Batch(tuple(self._pieces))
            self._pieces, self._longest = [], 0
            yield batch

    def failed(self, error: Exception) -> Iterator[Batch]:
        """The batch begun and, behind it, what ended the source."""
        yield from self.rest()
        yield Batch((), error)


class Answers:
    """Puts answers together, given in the order of their batches."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._begun: list[tuple[Piece, TaggedSentence]] = []

    def add(self, batch: Batch, response: serving_pb2.PredictResponse) -> Iterator[TaggedSentence]:
        """The sentences whose last piece is in this batch.

        Raises:
          UnexpectedAnswer: the response is no tagger's answer.
        """
        for piece, tagged in zip(batch.pieces, self._form.read(response, batch.pieces), strict=True):
            if piece.whole is None or self._begun:
                self._begun.append((piece, tagged))
                if piece.whole is not None:
                    yield self._joined(piece.whole)
            else:
                yield tagged

    def _joined(self, text: str) -> TaggedSentence:
        tokens = tuple(
            in_place(token, piece.offset) for piece, tagged in self._begun for token in tagged.tokens
        )
        score = math.prod(tagged.score for _, tagged in self._begun)
        self._begun = []
        return sentence_of(text, tokens, score)
