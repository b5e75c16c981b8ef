"""A model trained on tokens of characters, whose graph splits texts as its training did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import tensorflow as tf

from corpus.formats.jsonl import parse
from corpus.options import ReadOptions
from corpus.reading.training_tags import training_tags
from tagging.notation import Notation
from tagging.schemes import BIO, BIOES, spans_of
from tagging.tokenizer import tokenize
from tests.trainer.conftest import SMALL, vocabulary_of, write_transformed
from tests.trainer.tiny_training import train
from trainer.export import saved_model
from trainer.export.recorded_tokenizer import tokenizer_of
from trainer.features.vocabulary import Vocabulary
from trainer.input_pipeline import batches
from trainer.model.bilstm_crf import BiLstmCrf

# Names end inside runs of letters: particles follow them without a space.
TEXTS = {
    "田中さんは東京タワーに行く": [(0, 2, "PER"), (5, 10, "LOC")],
    "鈴木さんが京都に来た": [(0, 2, "PER"), (5, 7, "LOC")],
    "今日は暑い": [],
    "김민수가 서울에서 왔다": [(0, 3, "PER"), (5, 7, "LOC")],
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("characters")
    sentences = [_tagged(text, spans) for text, spans in TEXTS.items()]
    vocabulary = vocabulary_of(sentences)
    write_transformed(folder / "part-0.gz", sentences, vocabulary)
    hp = msgspec.structs.replace(SMALL, epochs=40)
    dataset = batches.sentences([str(folder / "part-0.gz")])
    model, _ = train(dataset, vocabulary, folder / "checkpoints", hp)
    saved_model.export(
        model, vocabulary, BIOES, "characters", directory=str(folder / "model"), n_best=2, extra={}
    )
    return folder / "model"


def _tagged(text: str, spans: list[tuple[int, int, str]]) -> list[str]:
    """A sentence as the corpus reader reads it, in the form that `tests.trainer.conftest.split` takes."""
    line = json.dumps({"text": text, "spans": spans})
    record = parse([line], ReadOptions(tokenizer="characters"))
    tags, _ = training_tags(record, Notation("BIO"), BIOES)
    assert record.sentence is not None
    return [f"{token}/{tag}" for token, tag in zip(record.sentence.tokens, tags, strict=True)]


@pytest.mark.parametrize("signature", ["decode_text", "explain"])
def test_entities_of_a_text_end_inside_its_runs_of_letters(exported: Path, signature: str) -> None:
    loaded = tf.saved_model.load(str(exported))
    answer: dict[str, Any] = loaded.signatures[signature](text=tf.constant([*TEXTS]))
    for row, (text, spans) in enumerate(TEXTS.items()):
        tags, tokens, starts, ends = (
            answer[name].numpy()[row][: answer["lengths"][row]]
            for name in ("tags", "tokens", "starts", "ends")
        )
        found = [token.decode() for token in tokens], starts.tolist(), ends.tolist()
        assert list(zip(*found, strict=True)) == tokenize(text, "characters")
        assert [
            (starts[span.start], ends[span.end - 1], span.label)
            for span in spans_of(np.char.decode(tags.astype(bytes)).tolist(), BIO)
        ] == spans


def test_the_name_is_recorded_beside_the_graph(
    exported: Path, tmp_path: Path, tiny_model: BiLstmCrf, vocabulary: Vocabulary
) -> None:
    assert tokenizer_of(exported) == "characters"
    saved_model.export(tiny_model, vocabulary, BIOES, directory=str(tmp_path), n_best=2, extra={})
    assert tokenizer_of(tmp_path) == "words"


def test_a_model_from_before_there_was_a_choice_splits_words(tmp_path: Path) -> None:
    assert tokenizer_of(tmp_path) == "words"
