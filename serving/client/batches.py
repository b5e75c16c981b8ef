"""Group sentences into requests and join answers into sentences, however the requests are sent."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from serving.client.answers import TaggedSentence, sentence_of, shifted
from serving.client.inputs import LIMITS, InputKind, Piece
from serving.client.protocol.errors import TaggerError
from serving.client.protocol.messages import serving_pb2

# A request is as wide as its longest row, so it takes a few long rows or many short ones: this many full
# pieces.
_MOST_FULL_PIECES = 4
# A character is at most four bytes, and a token of an example costs up to four bytes more than its own.
_MOST_CHARACTERS = LIMITS.bytes // 8


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one request; or, in their place, the exception that the source of sentences raised."""

    pieces: tuple[Piece, ...]
    failure: Exception | None = None


@contextlib.contextmanager
def errors_about(batch: Batch, *, several: bool) -> Iterator[None]:
    """Add to errors raised inside which sentences they are about, if there are `several`."""
    try:
        yield
    except TaggerError as error:
        # A failure of the source itself has no sentences.
        if several and batch.pieces:
            error.locate(batch.pieces[0].sentence, batch.pieces[-1].sentence)
        raise


class Batcher:
    """Fills batches with sentences as they come.

    A batch has at most `rows` pieces, and fewer long ones: padded to the longest, its rows are no larger than
    a few pieces of full length. Nor has it more than a model takes in one request, unless one piece alone does.
    """

    def __init__(self, kind: InputKind, *, rows: int) -> None:
        self._kind = kind
        self._rows = min(rows, LIMITS.sentences)
        self._most = min(LIMITS.padded_tokens[kind.signature], LIMITS.tokens)
        if kind.most is not None:
            self._most = min(self._most, _MOST_FULL_PIECES * kind.most)
        self._count = 0
        self._pieces: list[Piece] = []
        self._longest = 0
        self._characters = 0

    def add(self, sentence: Any) -> Iterator[Batch]:
        """Add the next sentence; yields the batches that it filled.

        Raises:
          TypeError: it is not of the input kind.
        """
        for piece in self._kind.pieces(self._count, sentence):
            padded = (len(self._pieces) + 1) * max(self._longest, self._kind.size(piece))
            if padded > self._most or self._characters + len(piece.text) > _MOST_CHARACTERS:
                yield from self.rest()
            self._pieces.append(piece)
            self._longest = max(self._longest, self._kind.size(piece))
            self._characters += len(piece.text)
            if len(self._pieces) == self._rows:
                yield from self.rest()
        self._count += 1

    def rest(self) -> Iterator[Batch]:
        """Yield the last batch, which is not full, unless it is empty."""
        if self._pieces:
            batch = Batch(tuple(self._pieces))
            self._pieces, self._longest, self._characters = [], 0, 0
            yield batch

    def failed(self, error: Exception) -> Iterator[Batch]:
        """Yield the last batch and, after it, the exception that ended the source."""
        yield from self.rest()
        yield Batch((), error)


class SentenceJoiner:
    """Joins the answers for the pieces of a sentence; takes answers in the order of their batches."""

    def __init__(self, kind: InputKind) -> None:
        self._kind = kind
        self._incomplete: list[tuple[Piece, TaggedSentence]] = []

    def add(self, batch: Batch, response: serving_pb2.PredictResponse) -> Iterator[TaggedSentence]:
        """Yield the sentences whose last piece is in this batch.

        Raises:
          UnexpectedAnswer: the response is not a tagger's.
        """
        for piece, tagged in zip(batch.pieces, self._kind.read(response, batch.pieces), strict=True):
            if piece.full_text is None or self._incomplete:
                self._incomplete.append((piece, tagged))
                if piece.full_text is not None:
                    yield self._joined(piece.full_text)
            else:
                yield tagged

    def _joined(self, text: str) -> TaggedSentence:
        tokens = tuple(
            shifted(token, piece.offset) for piece, tagged in self._incomplete for token in tagged.tokens
        )
        score = math.prod(tagged.score for _, tagged in self._incomplete)
        self._incomplete = []
        return sentence_of(text, tokens, score)
