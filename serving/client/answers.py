"""Tagged sentences, and how they are read from the outputs of a tagger's signatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from serving.client.entities import entity_spans
from serving.client.protocol.errors import UnexpectedAnswer
from serving.client.protocol.messages import serving_pb2
from serving.client.protocol.tensors import shape_of, values_of

OUTPUTS = ("tags", "lengths", "confidence", "score")
TEXT_OUTPUTS = (*OUTPUTS, "tokens", "starts", "ends")


@dataclass(frozen=True, slots=True)
class TaggedToken:
    """A token; `text` is what the model saw, `[start, end)` its place in the sentence in characters.

    `confidence` is the marginal probability of this tag: whatever the other tags are.
    """

    text: str
    tag: str
    confidence: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity; `text` is the sentence's `[start, end)`, in characters.

    `confidence` is the lowest confidence among its tokens: an upper bound for the probability that all of
    them are right, and not that probability itself.
    """

    label: str
    text: str
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A tagged sentence. Plain tags, such as parts of speech, give no entities.

    `score` is the probability of the whole row of tags; of a text that was sent in pieces, the product of
    theirs.
    """

    text: str
    tokens: tuple[TaggedToken, ...]
    entities: tuple[Entity, ...]
    score: float


def read_answer(
    response: serving_pb2.PredictResponse, texts: Sequence[str], tokens: Sequence[Sequence[str]] | None = None
) -> list[TaggedSentence]:
    """Read the answer to one request.

    Args:
      response: outputs `tags` [B,T], `lengths` [B], `confidence` [B,T], `score` [B]; and, unless `tokens` are
        given, `tokens`, `starts` and `ends` [B,T].
      texts: the B sentences sent; for given tokens, these joined by one blank.
      tokens: the B rows of tokens sent.

    Raises:
      UnexpectedAnswer: outputs are missing or do not fit each other.
    """
    names = TEXT_OUTPUTS if tokens is None else OUTPUTS
    if missing := [name for name in names if name not in response.outputs]:
        raise UnexpectedAnswer(
            f"the answer has no {', '.join(missing)}; its outputs are {', '.join(sorted(response.outputs))}: "
            "this signature is not a tagger's"
        )
    batch = len(texts)
    grids, columns = _checked(response, names, batch)
    sentences = []
    for row, text in enumerate(texts):
        length = columns["lengths"][row]
        cells = {name: grid[row][:length] for name, grid in grids.items()}
        if tokens is None:
            words, starts, ends = (
                [_decoded(token) for token in cells["tokens"]],
                cells["starts"],
                cells["ends"],
            )
        else:
            words = list(tokens[row])
            starts, ends = joined_offsets(words)
        if not len(words) == length == len(cells["tags"]):
            raise UnexpectedAnswer(
                f"sentence {row} has {len(words)} tokens, {len(cells['tags'])} tags and length {length}"
            )
        tagged = tuple(
            TaggedToken(word, _decoded(tag), confidence, start, end)
            for word, tag, confidence, start, end in zip(
                words, cells["tags"], cells["confidence"], starts, ends, strict=True
            )
        )
        sentences.append(sentence_of(text, tagged, columns["score"][row]))
    return sentences


def sentence_of(text: str, tokens: tuple[TaggedToken, ...], score: float) -> TaggedSentence:
    """Build a sentence with the entities that the tokens' tags mark."""
    return TaggedSentence(text, tokens, _entities(text, tokens), score)


def joined_offsets(tokens: Sequence[str]) -> tuple[list[int], list[int]]:
    """Compute where each token starts and ends, in characters, in the tokens joined by one blank."""
    starts, ends, offset = [], [], 0
    for token in tokens:
        starts.append(offset)
        ends.append(offset + len(token))
        offset += len(token) + 1
    return starts, ends


def shifted(token: TaggedToken, offset: int) -> TaggedToken:
    """Return a copy of the token, moved right by `offset` characters."""
    return replace(token, start=token.start + offset, end=token.end + offset)


def _checked(
    response: serving_pb2.PredictResponse, names: Sequence[str], batch: int
) -> tuple[dict[str, list[list[Any]]], dict[str, list[Any]]]:
    """Check shapes; return the [B,T] outputs as rows and the [B] outputs as lists."""
    grids: dict[str, list[list[Any]]] = {}
    columns: dict[str, list[Any]] = {}
    width = None
    for name in names:
        proto = response.outputs[name]
        shape = shape_of(proto)
        if name in ("lengths", "score"):
            if shape != (batch,):
                raise UnexpectedAnswer(f"output {name!r} has shape {shape}; expected ({batch},)")
            columns[name] = values_of(name, proto)
            continue
        if len(shape) != 2 or shape[0] != batch or width not in (None, shape[1]):
            raise UnexpectedAnswer(
                f"output {name!r} has shape {shape}; expected ({batch}, {'T' if width is None else width})"
            )
        width = shape[1]
        flat = values_of(name, proto)
        grids[name] = [flat[row * width : (row + 1) * width] for row in range(batch)]
    return grids, columns


def _entities(text: str, tokens: Sequence[TaggedToken]) -> tuple[Entity, ...]:
    entities = []
    for span in entity_spans([token.tag for token in tokens]):
        inside = tokens[span.start : span.end]
        start, end = inside[0].start, inside[-1].end
        confidence = min(token.confidence for token in inside)
        entities.append(Entity(span.label, text[start:end], start, end, confidence))
    return tuple(entities)


def _decoded(value: bytes) -> str:
    # Of a text that is not valid UTF-8 the model may return tokens that are not either.
    return value.decode("utf-8", "replace")
