"""CrfsuiteBaseline on hand-made artifacts, and in a pipeline that runs twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.metadata import sqlite_metadata_connection_config

from components.artifacts import Predictions
from components.corpus_gen.component import CorpusGen
from components.corpus_gen.summary import CorpusSummary, SplitCounts
from components.crfsuite_baseline.component import CrfsuiteBaseline
from components.crfsuite_baseline.executor import Executor
from components.crfsuite_baseline.options import CrfsuiteOptions
from components.predictor.answer import CRFSUITE, SKIPPED, read
from corpus.options import ReadOptions
from tagging.schemes import BILOU, BIO, BIOES, IOB1, Scheme, convert
from tests.components.recorded import Row, examples_in

TRAIN = [
    Row("Anna/S-PER lives/O in/O Paris/S-LOC", "news"),
    Row("Bob/S-PER lives/O in/O Rome/S-LOC", "news"),
    Row("New/B-LOC York/E-LOC is/O cold/O", "travel"),
    Row(""),
]
TEST = [
    Row("Anna/S-PER is/O cold/O", "news"),
    Row("", "news"),
    Row("Rome/S-LOC is/O in/O Oslo/S-LOC", "travel"),
]


def answer(
    folder: Path,
    train: list[Row] = TRAIN,
    scheme: str = "BIOES",
    *,
    test: list[Row] = TEST,
    max_tokens: int | None = None,
) -> Path:
    predictions = Predictions()
    predictions.uri = str(folder / "predictions")
    examples = examples_in(folder / "examples", {"train": train, "test": test})
    summary = CorpusSummary(
        scheme=scheme, train_scheme=scheme, fingerprint="", files={},
        splits={"train": SplitCounts(tokens=sum(len(row.tokens) for row in train))},
    )  # fmt: skip
    (folder / "examples" / "corpus.json").write_bytes(summary.to_json())
    Executor().Do(
        {"examples": [examples]},
        {"predictions": [predictions]},
        {
            "scheme": scheme,
            "split": "test",
            "slice_by": json.dumps(["domain"]),
            "options": msgspec.json.encode(CrfsuiteOptions(max_tokens=max_tokens)).decode(),
            "code": "",
        },
    )
    return folder / "predictions"


def test_the_sentences_of_the_split_are_answered_in_their_order(tmp_path: Path) -> None:
    folder = answer(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["crfsuite.jsonl.gz"]
    answers = list(read(folder / "crfsuite.jsonl.gz"))
    assert [(found.tokens, found.gold) for found in answers] == [(row.tokens, row.gold) for row in TEST]
    assert [found.features for found in answers] == [{"domain": row.domain} for row in TEST]
    assert [found.seen for found in answers] == [(True,), (), (True, False)]
    assert [found.predicted for found in answers[:2]] == [("S-PER", "O", "O"), ()]
    for found in answers:
        assert len(found.confidence) == len(found.tokens)
        assert all(0 < confidence <= 1 for confidence in found.confidence)
        assert found.score is not None
        # A path is no likelier than any of its tags.
        assert found.score <= min([1.0, *found.confidence]) + 1e-6


def test_the_same_examples_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (answer(tmp_path / name) / "crfsuite.jsonl.gz" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("scheme", [BIO, IOB1, BIOES, BILOU], ids=lambda scheme: scheme.name)
def test_answers_are_in_the_scheme_of_the_corpus(tmp_path: Path, scheme: Scheme) -> None:
    train = [
        Row(" ".join(map("/".join, zip(row.tokens, convert(row.gold, BIOES, scheme)[0], strict=True))))
        for row in TRAIN
    ]
    test = [Row("/O ".join(row.tokens) + "/O" if row.tokens else "") for row in [*TRAIN, *TEST]]
    folder = answer(tmp_path, train, scheme.name, test=test)
    answers = list(read(folder / "crfsuite.jsonl.gz"))
    assert [found.predicted for found in answers[: len(TRAIN)]] == [row.gold for row in train]


def test_plain_tags_are_learned_too(tmp_path: Path) -> None:
    train = [Row("a/DET dog/NOUN barks/VERB"), Row("Anna/NOUN is/VERB cold/ADJ")]
    (found, *_) = read(answer(tmp_path, train) / "crfsuite.jsonl.gz")
    assert found.predicted == ("NOUN", "VERB", "ADJ")


@pytest.mark.parametrize(
    ("scheme", "max_tokens", "reason"),
    [
        ("BIOES", 12, ""),
        ("BIOES", 11, "train has 12 tokens, more than evaluation.crfsuite.max_tokens, 11; "),
        ("PLAIN", 12, "the tags are plain; "),
        ("PLAIN", None, ""),
    ],
)
def test_within_a_size_only_small_corpora_of_entity_tags_are_answered(
    tmp_path: Path, scheme: str, max_tokens: int | None, reason: str
) -> None:
    folder = answer(tmp_path, scheme=scheme, max_tokens=max_tokens)
    if reason:
        assert [path.name for path in folder.iterdir()] == [SKIPPED]
        assert (folder / SKIPPED).read_text() == (
            f"{reason}evaluation.crfsuite.enabled=true compares all the same"
        )
    else:
        assert [path.name for path in folder.iterdir()] == [CRFSUITE]


def test_an_empty_train_split_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found no sentence to train on"):
        answer(tmp_path, [Row("")])


CORPUS = {
    "train": "Anna S-PER\nlives O\nin O\nParis S-LOC\n\nBob S-PER\nsleeps O\n",
    "dev": "Bob S-PER\n",
    "test": "Anna S-PER\nsleeps O\n",
}


def run(root: Path, data: Path, options: CrfsuiteOptions) -> None:
    corpus_gen = CorpusGen(input_base=str(data), options=ReadOptions(scheme="BIOES"), code_hash="")
    crfsuite = CrfsuiteBaseline(examples=corpus_gen.outputs["examples"], scheme="BIOES", options=options)
    LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="crfsuite",
            pipeline_root=str(root / "artifacts"),
            components=[corpus_gen, crfsuite],
            enable_cache=True,
            metadata_connection_config=sqlite_metadata_connection_config(str(root / "metadata.db")),
        )
    )


def states(root: Path) -> list[str]:
    """Of the component's executions, the first run's first."""
    store = MetadataStore(sqlite_metadata_connection_config(str(root / "metadata.db")))
    kind: Any = next(
        found for found in store.get_execution_types() if found.name.endswith("CrfsuiteBaseline")
    )
    executions = sorted(store.get_executions_by_type(kind.name), key=lambda execution: execution.id)
    return [metadata_store_pb2.Execution.State.Name(execution.last_known_state) for execution in executions]


def test_other_data_or_settings_alone_retrain_the_crf(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for split, text in CORPUS.items():
        (data / f"{split}.conll").write_text(text)
    run(tmp_path, data, CrfsuiteOptions())
    run(tmp_path, data, CrfsuiteOptions())
    assert states(tmp_path) == ["COMPLETE", "CACHED"]
    run(tmp_path, data, CrfsuiteOptions(c2=0.2))
    assert states(tmp_path) == ["COMPLETE", "CACHED", "COMPLETE"]
    (data / "train.conll").write_text(CORPUS["train"] + "\nRome S-LOC\n")
    run(tmp_path, data, CrfsuiteOptions())
    assert states(tmp_path) == ["COMPLETE", "CACHED", "COMPLETE", "COMPLETE"]
