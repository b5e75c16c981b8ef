"""A batch run gives a server's answers: the same model, the same cuts, whatever the batches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from corpus.options import ReadOptions
from serving.batch.errors import BatchFailed
from serving.batch.inference import tag_sentences
from serving.batch.sources import sentences
from serving.client import TaggedSentence, Tagger
from serving.client.formats import to_jsonl
from serving.server.flags import Flags
from serving.server.graph.servable import Servable
from tests.serving.batch import random_tagger
from tests.serving.batch.batch_runs import lines, predict
from tests.serving.running import running

# Words of the model, others, and some that are not ASCII.
WORDS = (*random_tagger.WORDS, "Zürich", "東京", "e\u0301", "\U0001f642", "x" * 40, "1,000", "#tag")


def corpus() -> list[list[str]]:
    """Sentences of every length from 0, in no order, two of them too long for one request."""
    random = Random(5)
    lengths = [*range(60), 2_000, 2_001, 4_500, *(random.randrange(30) for _ in range(100))]
    random.shuffle(lengths)
    return [[random.choice(WORDS) for _ in range(length)] for length in lengths]


def texts() -> list[str]:
    random = Random(6)
    joined = [" ".join(random.choice(WORDS) for _ in range(random.randrange(25))) for _ in range(80)]
    return ["", *joined, "  two  blanks ", "", "Anna left. " * 1_200, "x" * 10_001, "\u00a0"]


def approximately(answer: TaggedSentence) -> dict[str, Any]:
    """The answer as in a line of JSON, probabilities within 1e-4."""
    return {
        "text": answer.text,
        "score": pytest.approx(answer.score, abs=1e-4),
        "tokens": [
            {
                "text": token.text,
                "tag": token.tag,
                "confidence": pytest.approx(token.confidence, abs=1e-4),
                "start": token.start,
                "end": token.end,
            }
            for token in answer.tokens
        ],
        "entities": [
            {
                "label": entity.label,
                "text": entity.text,
                "start": entity.start,
                "end": entity.end,
                "confidence": pytest.approx(entity.confidence, abs=1e-4),
            }
            for entity in answer.entities
        ],
    }


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    version = tmp_path_factory.mktemp("bulk") / "3"
    random_tagger.export_tagger(version)
    return version


@pytest.fixture(scope="module")
def tagger(model: Path) -> Iterator[Tagger]:
    flags = Flags(
        model_base_path=str(model.parent), model_name="tagger", port=0, file_system_poll_wait_seconds=0
    )
    with running(flags) as server, Tagger(server.target, "tagger", timeout=120.0) as opened:
        yield opened


def test_tokens_are_tagged_as_by_the_server(model: Path, tagger: Tagger, tmp_path: Path) -> None:
    rows = corpus()
    source = tmp_path / "in.jsonl"
    source.write_text(
        "".join(json.dumps({"tokens": tokens, "tags": ["O"] * len(tokens)}) + "\n" for tokens in rows)
    )
    manifest = predict(model, source, tmp_path / "out", shard_size=40, workers=2)
    answers = lines(manifest, tmp_path / "out")
    assert manifest.sentences == len(answers) == len(rows)
    assert len(manifest.parts) >= len(rows) // 40
    expected = list(tagger.stream_tokens(rows))
    assert sum(len(answer.entities) for answer in expected) > 100, "the model finds entities"
    assert answers == [approximately(answer) for answer in expected]


def test_texts_are_tagged_as_by_the_server(model: Path, tagger: Tagger, tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("\n".join(texts()) + "\n", encoding="utf-8")
    manifest = predict(model, source, tmp_path / "out", shard_size=30)
    assert lines(manifest, tmp_path / "out") == [approximately(answer) for answer in tagger.stream(texts())]


def test_a_sentence_gets_the_same_answer_alone_and_in_any_batch(model: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("\n".join(texts()) + "\n", encoding="utf-8")
    shuffled = list(sentences(source, ReadOptions()))
    servable = Servable("tagger", 3, model)
    Random(1).shuffle(shuffled)
    for sentence, answer in zip(shuffled, tag_sentences(servable, shuffled), strict=True):
        (alone,) = tag_sentences(servable, [sentence])
        assert json.loads(to_jsonl(answer)) == approximately(alone)


def test_a_files_own_text_and_offsets_are_kept(model: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"text": "Anna  left\tRome.", "spans": [[0, 4, "PER"]]}) + "\n")
    (line,) = lines(predict(model, source, tmp_path / "out"), tmp_path / "out")
    assert line["text"] == "Anna  left\tRome."
    assert [(token["text"], token["start"], token["end"]) for token in line["tokens"]] == [
        ("Anna", 0, 4), ("left", 6, 10), ("Rome", 11, 15), (".", 15, 16),
    ]  # fmt: skip


def test_a_model_that_does_not_load_is_reported(tmp_path: Path) -> None:
    broken = tmp_path / "tagger" / "1"
    broken.mkdir(parents=True)
    (broken / "saved_model.pb").write_bytes(b"no graph")
    (tmp_path / "in.txt").write_text("Anna left\n")
    with pytest.raises(BatchFailed, match=r"^version 1 cannot be loaded: "):
        predict(broken, tmp_path / "in.txt", tmp_path / "out")
