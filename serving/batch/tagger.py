"""A pushed model in Beam's RunInference: the sentences of a part in, their answers out.

The graph is run as the server runs it (`serving.server.graph.session`), a long sentence is cut where the client cuts it
(`serving.client.inputs`), so the answers are those of a server. What differs is who shares a batch, and that
changes no answer beyond the last digits of a float32.

`tfx_bsl.public.beam.RunInference`, which TFX's BulkInferrer is made of, takes the same SavedModel; `python -m
benchmarks.predict` has it beside this. It is not used here since it batches by count, in the order of the input:
padding then costs about as much as the sentences, one sentence of 2,000 tokens makes every row of its batch as long,
and the batch of that moment is all that a caller can bound. Its answers are a `PredictionLog` each, as wide as the
batch was, and in no order that could be resumed from.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from apache_beam.metrics import Metrics
from apache_beam.ml.inference.base import ModelHandler

from serving.batch.batches import batches
from serving.batch.errors import BulkFailed
from serving.batch.plan import Shard
from serving.batch.sources import Given
from serving.client.answers import TaggedSentence, TaggedToken, sentence_of
from serving.client.base_tagger import MAX_CHARACTERS, MAX_TOKENS
from serving.client.inputs import InputKind, Piece, TextInput, TokenInput
from serving.server.graph.calls import Call, call_of
from serving.server.graph.servable import Servable
from serving.server.wire.errors import ServingError

METRICS = "tagline.predict"


class Work(NamedTuple):
    """A part's sentences before, and with `answers` after they are tagged."""

    shard: Shard
    sentences: list[Given]
    answers: list[TaggedSentence]


class PushedModel(ModelHandler[Work, Work, Servable]):
    """Runs one version of a model; the workers of a process share it.

    Args:
        name: the model's name.
        version: the pushed version.
        path: its folder.
    """

    def __init__(self, name: str, version: int, path: Path) -> None:
        super().__init__()
        self._name = name
        self._version = version
        self._path = str(path)
        self._sentences = Metrics.counter(METRICS, "sentences")
        self._tokens = Metrics.counter(METRICS, "tokens")
        self._rows = Metrics.distribution(METRICS, "rows_per_batch")
        self._times = Metrics.distribution(METRICS, "microseconds_per_batch")

    def load_model(self) -> Servable:
        try:
            return Servable(self._name, self._version, Path(self._path))
        # TensorFlow has errors of many kinds for files that are no model.
        except Exception as error:
            raise BulkFailed(f"version {self._version} cannot be loaded: {_first_line(error)}") from error

    def run_inference(
        self, batch: Sequence[Work], model: Servable, inference_args: dict[str, Any] | None = None
    ) -> Iterable[Work]:
        for work in batch:
            try:
                answers = tagged(model, work.sentences, ran=self._count_batch)
            except ServingError as error:
                place = f"{work.shard.path}, {work.shard.count} sentences from line {work.shard.line} on"
                raise BulkFailed(f"{place}: the model failed: {_first_line(error)}") from error
            self._sentences.inc(len(answers))
            self._tokens.inc(sum(len(answer.tokens) for answer in answers))
            yield work._replace(answers=answers)

    def _count_batch(self, rows: int, seconds: float) -> None:
        self._rows.update(rows)
        self._times.update(round(seconds * 1e6))

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        # An element is a part, and is cut into batches by what it holds.
        return {"min_batch_size": 1, "max_batch_size": 1}

    def get_num_bytes(self, batch: Sequence[Work]) -> int:
        # Only a metric of Beam's; its default pickles every part to count.
        return 0


def tagged(
    servable: Servable,
    sentences: Sequence[Given],
    *,
    ran: Callable[[int, float], None] = lambda rows, seconds: None,
) -> list[TaggedSentence]:
    """The answers to sentences of one file, in their order.

    Args:
        servable: the model.
        sentences: of one file.
        ran: told of each batch: how many rows it had and how long the graph took.

    Raises:
        BulkFailed: the model is no tagger.
        ServingError: the graph's own.
    """
    kind: InputKind = (
        TextInput(MAX_CHARACTERS) if sentences and sentences[0].text is not None else TokenInput(MAX_TOKENS)
    )
    pieces = [
        piece
        for index, given in enumerate(sentences)
        for piece in kind.pieces(index, given.tokens if given.text is None else given.text)
    ]
    call = _call(servable, kind)
    rows: list[_Row | None] = [None] * len(pieces)
    for batch in batches(kind, pieces):
        fed = np.empty(len(batch), np.object_)
        fed[:] = [kind.encoded(piece) for _, piece in batch]
        began = time.perf_counter()
        results = servable.session.run(call.feeds, call.fetches, [fed])
        ran(len(batch), time.perf_counter() - began)
        for (place, _), row in zip(batch, _rows(kind, results), strict=True):
            rows[place] = row
    answers: list[TaggedSentence] = []
    begun: list[tuple[Piece, _Row]] = []
    for piece, found in zip(pieces, rows, strict=True):
        assert found is not None
        begun.append((piece, found))
        if piece.whole is not None:
            answers.append(_answer(sentences[piece.sentence], piece.whole, begun))
            begun = []
    return answers


class _Row(NamedTuple):
    """What the model says of one piece of T tokens; the last three of texts alone."""

    tags: list[bytes]
    confidence: list[float]
    score: float
    tokens: list[bytes]
    starts: list[int]
    ends: list[int]


def _call(servable: Servable, kind: InputKind) -> Call:
    signature = servable.signatures.get(kind.signature)
    missing = sorted(set(kind.outputs) - set(signature.outputs)) if signature else ()
    if signature is None or missing or kind.alias not in signature.inputs:
        raise BulkFailed(
            f"version {servable.version}: found the signatures {', '.join(sorted(servable.signatures))}; "
            f"expected {kind.signature} with the input {kind.alias} and the outputs {', '.join(kind.outputs)}: "
            "push a tagger as `tagline run` exports it"
        )
    return call_of(signature, [signature.inputs[kind.alias].name], kind.outputs, batched=False)


def _rows(kind: InputKind, results: Sequence[np.ndarray]) -> Iterable[_Row]:
    """The outputs of a batch, [B,T] and [B], as rows cut to their lengths."""
    named = dict(zip(kind.outputs, results, strict=True))
    grids = [named[name].tolist() for name in ("tags", "confidence")]
    places = [named[name].tolist() for name in ("tokens", "starts", "ends") if name in named]
    scores = named["score"].tolist()
    for index, length in enumerate(named["lengths"].tolist()):
        tags, confidence = (grid[index][:length] for grid in grids)
        tokens, starts, ends = (grid[index][:length] for grid in places) if places else ([], [], [])
        yield _Row(tags, confidence, scores[index], tokens, starts, ends)


def _answer(given: Given, text: str, parts: Sequence[tuple[Piece, _Row]]) -> TaggedSentence:
    """The sentence, from the rows of its pieces."""
    tags = [tag for _, row in parts for tag in row.tags]
    if given.text is None:
        words: Sequence[str] = given.tokens
        text, starts, ends = _placed(given, text)
    else:
        # A token that was cut at bytes which are no UTF-8 stays readable.
        words = [token.decode("utf-8", "replace") for _, row in parts for token in row.tokens]
        starts = [start + piece.offset for piece, row in parts for start in row.starts]
        ends = [end + piece.offset for piece, row in parts for end in row.ends]
    if len(tags) != len(words):
        raise BulkFailed(
            f"line {given.line}: {len(words)} tokens and {len(tags)} tags in the answer; expected one of each: "
            "the model is not as `tagline run` exports it"
        )
    tokens = tuple(
        TaggedToken(word, tag.decode(), confidence, start, end)
        for word, tag, confidence, start, end in zip(
            words, tags, (value for _, row in parts for value in row.confidence), starts, ends, strict=True
        )
    )
    return sentence_of(text, tokens, math.prod(row.score for _, row in parts))


def _placed(given: Given, joined: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The text and where its tokens are: as the file says, else the tokens joined by a blank."""
    sentence = given.record.sentence if given.record else None
    if sentence and sentence.text is not None and sentence.starts is not None and sentence.ends is not None:
        return sentence.text, sentence.starts, sentence.ends
    starts, ends, at = [], [], 0
    for token in given.tokens:
        starts.append(at)
        ends.append(at + len(token))
        at += len(token) + 1
    return joined, starts, ends


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
