"""The two kinds of input, text and tokens: how each is checked, cut into pieces and sent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from serving.client.answers import OUTPUTS, TEXT_OUTPUTS, TaggedSentence, read_answer
from serving.client.protocol.messages import serving_pb2
from serving.client.protocol.requests import ModelSelector, example_bytes, predict_request, text_bytes
from serving.client.splitting import text_pieces, token_pieces
from tagging.limits import limits_of

# The numbers that concern the client's signatures are the same for all models.
LIMITS = limits_of(served_tags=1, n_best=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A row of a request: a sentence, or a part of one that is too long.

    Attributes:
      sentence: position of its sentence in the input.
      text: the piece's text; its first character is at `offset` in the sentence's text.
      tokens: the piece's tokens; None for text.
      offset: in characters.
      full_text: the sentence's text, with its last piece only; None with the others.
    """

    sentence: int
    text: str
    tokens: Sequence[str] | None
    offset: int
    full_text: str | None


class InputKind(ABC):
    """A kind of input; `most` is the length of the longest piece, None for no limit."""

    signature: ClassVar[str]
    alias: ClassVar[str]
    outputs: ClassVar[tuple[str, ...]]

    def __init__(self, most: int | None) -> None:
        self.most = most

    @abstractmethod
    def pieces(self, index: int, sentence: Any) -> Iterator[Piece]:
        """Cut sentence `index` into pieces, in order.

        Raises:
          TypeError: it is not of this kind.
        """

    @abstractmethod
    def size(self, piece: Piece) -> int:
        """Return the piece's length, in the unit of `most`."""

    @abstractmethod
    def encoded(self, piece: Piece) -> bytes:
        """Encode the piece as the signature's input."""

    def request(self, model: ModelSelector, pieces: Sequence[Piece]) -> serving_pb2.PredictRequest:
        """Build one request for all of `pieces`."""
        return predict_request(model, self.signature, self.alias, map(self.encoded, pieces), self.outputs)

    @abstractmethod
    def read(self, response: serving_pb2.PredictResponse, pieces: Sequence[Piece]) -> list[TaggedSentence]:
        """Read the answer for each of `pieces`.

        Raises:
          UnexpectedAnswer: the response is not a tagger's.
        """


class TextInput(InputKind):
    """Sentences as text, which the model splits into tokens; lengths are in characters."""

    signature, alias, outputs = "decode_text", "text", TEXT_OUTPUTS

    def pieces(self, index: int, sentence: Any) -> Iterator[Piece]:
        if not isinstance(sentence, str):
            raise TypeError(
                f"sentence {index}: expected a text (str), found {_shown(sentence)}; "
                "tokens go to tag_tokens and stream_tokens"
            )
        for start, end in text_pieces(sentence, self.most or max(1, len(sentence))):
            yield Piece(index, sentence[start:end], None, start, sentence if end == len(sentence) else None)

    def size(self, piece: Piece) -> int:
        return len(piece.text)

    def encoded(self, piece: Piece) -> bytes:
        return text_bytes(piece.text)

    def read(self, response: serving_pb2.PredictResponse, pieces: Sequence[Piece]) -> list[TaggedSentence]:
        return read_answer(response, [piece.text for piece in pieces])


class TokenInput(InputKind):
    """Sentences as lists of tokens; their text is the tokens joined by a blank, lengths are in tokens."""

    signature, alias, outputs = "decode", "examples", OUTPUTS

    def pieces(self, index: int, sentence: Any) -> Iterator[Piece]:
        if isinstance(sentence, str | bytes) or not isinstance(sentence, Sequence):
            raise TypeError(
                f"sentence {index}: expected a list of its tokens, found {_shown(sentence)}; "
                "texts go to tag and stream"
            )
        for place, token in enumerate(sentence):
            if not isinstance(token, str):
                raise TypeError(f"sentence {index}, token {place}: expected a str, found {_shown(token)}")
        offset = 0
        for start, end in token_pieces(sentence, self.most or max(1, len(sentence))):
            tokens = sentence[start:end]
            text = " ".join(tokens)
            is_last = end == len(sentence)
            full_text = (text if start == 0 else " ".join(sentence)) if is_last else None
            yield Piece(index, text, tokens, offset, full_text)
            offset += len(text) + 1

    def size(self, piece: Piece) -> int:
        return len(piece.tokens or ())

    def encoded(self, piece: Piece) -> bytes:
        return example_bytes(piece.tokens or ())

    def read(self, response: serving_pb2.PredictResponse, pieces: Sequence[Piece]) -> list[TaggedSentence]:
        return read_answer(
            response, [piece.text for piece in pieces], [piece.tokens or () for piece in pieces]
        )


def _shown(value: object) -> str:
    shown = repr(value)
    return f"{type(value).__name__} {shown if len(shown) <= 60 else shown[:57] + '...'}"
