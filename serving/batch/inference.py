"""A pushed model in Beam's RunInference: tags the sentences of a part.

The graph is run as the server runs it (`serving.server.graph.session`), and long sentences are cut where the
client cuts them (`serving.client.inputs`), so the answers are those of a server. Only the batches differ,
which changes no answer beyond the last digits of a float32.

`tfx_bsl.public.beam.RunInference`, on which TFX's BulkInferrer is built, takes the same SavedModel;
`python -m benchmarks.predict` compares the two. It is not used here since it batches by count, in the order of the
input: padding then costs about as much as the sentences, one sentence of 2,000 tokens makes every row of its
batch as long, and a caller can bound nothing but the size of a batch. Each of its answers is a
`PredictionLog` as wide as its batch, and they come in no order from which a run could resume.
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

from serving.batch.errors import BatchFailed
from serving.batch.length_batches import batches
from serving.batch.plan import Shard
from serving.batch.sources import InputSentence
from serving.client.answers import TaggedSentence, TaggedToken, joined_offsets, sentence_of
from serving.client.base_tagger import MAX_CHARACTERS, MAX_TOKENS
from serving.client.inputs import InputKind, Piece, TextInput, TokenInput
from serving.server.graph.calls import Call, call_of
from serving.server.graph.servable import Servable
from serving.server.wire.errors import ServingError

METRICS = "tagline.predict"


class Work(NamedTuple):
    """The sentences of a part; `answers` is empty until they are tagged."""

    shard: Shard
    sentences: list[InputSentence]
    answers: list[TaggedSentence]


class TaggerHandler(ModelHandler[Work, Work, Servable]):
    """Runs one version of a model, which the workers of a process share.

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
        # TensorFlow raises errors of many types for files that are not a model.
        except Exception as error:
            raise BatchFailed(f"version {self._version} cannot be loaded: {_first_line(error)}") from error

    def run_inference(
        self, batch: Sequence[Work], model: Servable, inference_args: dict[str, Any] | None = None
    ) -> Iterable[Work]:
        for work in batch:
            try:
                answers = tag_sentences(model, work.sentences, on_batch=self._count_batch)
            except ServingError as error:
                where = f"{work.shard.path}, {work.shard.count} sentences from line {work.shard.line} on"
                raise BatchFailed(f"{where}: the model failed: {_first_line(error)}") from error
            self._sentences.inc(len(answers))
            self._tokens.inc(sum(len(answer.tokens) for answer in answers))
            yield work._replace(answers=answers)

    def _count_batch(self, rows: int, seconds: float) -> None:
        self._rows.update(rows)
        self._times.update(round(seconds * 1e6))

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        # An element is a part; `tag_sentences` makes its batches.
        return {"min_batch_size": 1, "max_batch_size": 1}

    def get_num_bytes(self, batch: Sequence[Work]) -> int:
        # Used only for a metric; the default pickles every part to count its bytes.
        return 0


def tag_sentences(
    servable: Servable,
    sentences: Sequence[InputSentence],
    *,
    on_batch: Callable[[int, float], None] = lambda rows, seconds: None,
) -> list[TaggedSentence]:
    """Tag sentences of one file, in their order.

    Args:
        servable: the model.
        sentences: of one file.
        on_batch: called after each batch with its number of rows and the seconds that the graph took.

    Raises:
        BatchFailed: the model is not a tagger.
        ServingError: the graph failed.
    """
    kind: InputKind = (
        TextInput(MAX_CHARACTERS) if sentences and sentences[0].text is not None else TokenInput(MAX_TOKENS)
    )
    pieces = [
        piece
        for index, sentence in enumerate(sentences)
        for piece in kind.pieces(index, sentence.tokens if sentence.text is None else sentence.text)
    ]
    call = _call(servable, kind)
    rows: list[_Row | None] = [None] * len(pieces)
    for batch in batches(kind, pieces):
        inputs = np.empty(len(batch), np.object_)
        inputs[:] = [kind.encoded(piece) for _, piece in batch]
        began = time.perf_counter()
        results = servable.session.run(call.feeds, call.fetches, [inputs])
        on_batch(len(batch), time.perf_counter() - began)
        for (index, _), row in zip(batch, _rows(kind, results), strict=True):
            rows[index] = row
    answers: list[TaggedSentence] = []
    parts: list[tuple[Piece, _Row]] = []  # of the current sentence
    for piece, tagged in zip(pieces, rows, strict=True):
        assert tagged is not None
        parts.append((piece, tagged))
        if piece.full_text is not None:
            answers.append(_answer(sentences[piece.sentence], piece.full_text, parts))
            parts = []
    return answers


class _Row(NamedTuple):
    """The outputs for one piece of T tokens; the last three only for texts."""

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
        raise BatchFailed(
            f"version {servable.version}: found the signatures {', '.join(sorted(servable.signatures))}; "
            f"expected {kind.signature} with the input {kind.alias} and the outputs "
            f"{', '.join(kind.outputs)}: push a tagger as `tagline run` exports it"
        )
    return call_of(signature, [signature.inputs[kind.alias].name], kind.outputs, batched=False)


def _rows(kind: InputKind, results: Sequence[np.ndarray]) -> Iterable[_Row]:
    """Split the outputs of a batch, [B,T] and [B], into rows cut to their lengths."""
    named = dict(zip(kind.outputs, results, strict=True))
    grids = [named[name].tolist() for name in ("tags", "confidence")]
    offsets = [named[name].tolist() for name in ("tokens", "starts", "ends") if name in named]
    scores = named["score"].tolist()
    for index, length in enumerate(named["lengths"].tolist()):
        tags, confidence = (grid[index][:length] for grid in grids)
        tokens, starts, ends = (grid[index][:length] for grid in offsets) if offsets else ([], [], [])
        yield _Row(tags, confidence, scores[index], tokens, starts, ends)


def _answer(sentence: InputSentence, text: str, parts: Sequence[tuple[Piece, _Row]]) -> TaggedSentence:
    """Join the rows of a sentence's pieces."""
    tags = [tag for _, row in parts for tag in row.tags]
    words: Sequence[str] = sentence.tokens
    starts: Sequence[int]
    ends: Sequence[int]
    if sentence.text is None:
        text, starts, ends = _text_and_offsets(sentence, text)
    else:
        # A token that was cut inside a character is not valid UTF-8.
        words = [token.decode("utf-8", "replace") for _, row in parts for token in row.tokens]
        starts = [start + piece.offset for piece, row in parts for start in row.starts]
        ends = [end + piece.offset for piece, row in parts for end in row.ends]
    if len(tags) != len(words):
        raise BatchFailed(
            f"line {sentence.line}: {len(words)} tokens and {len(tags)} tags in the answer; expected one of "
            "each: the model is not as `tagline run` exports it"
        )
    tokens = tuple(
        TaggedToken(word, tag.decode(), confidence, start, end)
        for word, tag, confidence, start, end in zip(
            words, tags, (value for _, row in parts for value in row.confidence), starts, ends, strict=True
        )
    )
    return sentence_of(text, tokens, math.prod(row.score for _, row in parts))


def _text_and_offsets(sentence: InputSentence, joined: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """Return the text and its tokens' offsets: as in the file, otherwise of the tokens joined by a blank."""
    parsed = sentence.record.sentence if sentence.record else None
    if parsed and parsed.text is not None and parsed.starts is not None and parsed.ends is not None:
        return parsed.text, parsed.starts, parsed.ends
    return joined, *joined_offsets(sentence.tokens)


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
