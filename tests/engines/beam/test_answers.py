"""The data path on real engines writes what it writes on DirectRunner: 20,000 sentences, compared by content."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from benchmarks.engines.cluster import Engine
from benchmarks.scale.corpus import HELD_OUT
from components.metrics.results import Evaluation
from corpus.errors import CorpusError
from pipeline.beam.args import pipeline_args
from pipeline.beam.checks import require_engine
from pipeline.runs.lineage import Lineage
from pipeline.runs.outcome import counted
from pipeline.settings import METADATA, Settings, load
from tests.components.corpus_gen.corpora import generate
from tests.engines.beam.conftest import SENTENCES
from tests.engines.beam.data_path import (
    PART,
    answers,
    evaluated,
    features_sorted,
    made,
    prepared,
    records,
    statistics,
    vocabularies,
)
from tests.engines.conftest import Met

# A job takes minutes on a machine that is busy with other work.
pytestmark = pytest.mark.timeout(3_000)
SPLITS = {"Split-train": SENTENCES, "Split-dev": HELD_OUT, "Split-test": HELD_OUT}


def test_the_encoder_of_transform_writes_features_in_any_order() -> None:
    """Why transformed examples are not held byte for byte. Should this fail one day, they can be."""
    names = ["chars", "length", "tags", "tokens", "weights"]
    rows = pa.RecordBatch.from_arrays([pa.array([[b"same"]] * 200)] * len(names), names)
    written = RecordBatchToExamplesEncoder().encode(rows)
    assert len(set(written)) > 1
    assert len(features_sorted({"": written})[""]) == 200
    assert len(set(features_sorted({"": written})[""])) == 1


def test_examples_statistics_and_vocabularies(
    engine: Engine, corpus: Path, directly: Settings, tmp_path: Path, met: Met
) -> None:
    require_engine(load(assignments=[engine.beam]).beam)
    there = prepared(corpus, tmp_path, engine.beam)
    examples = records(made(there, "CorpusGen", "examples"))
    assert {split: len(rows) for split, rows in examples.items()} == SPLITS
    assert examples == records(made(directly, "CorpusGen", "examples"))
    summaries = [made(each, "CorpusGen", "examples") / "corpus.json" for each in (directly, there)]
    assert summaries[0].read_bytes() == summaries[1].read_bytes()
    assert work(there) == work(directly) != ""
    assert statistics(there) == statistics(directly)
    # Its bytes are not even the same twice in one process: see the test above.
    transformed = [
        features_sorted(records(made(each, "Transform", "transformed_examples")))
        for each in (there, directly)
    ]
    assert transformed[0] == transformed[1]
    assert {split: len(rows) for split, rows in transformed[0].items()} == {
        split: SPLITS[split] for split in ("Split-train", "Split-dev")
    }
    assert vocabularies(there) == vocabularies(directly)
    met(engine.name, engine.version)


def work(settings: Settings) -> str:
    """What CorpusGen's workers counted."""
    lineage = Lineage(settings.run_dir / METADATA)
    step = lineage.step(lineage.run_ids()[-1], "CorpusGen")
    assert step is not None
    return counted(step)


def test_scores(
    engine: Engine, model: Path, directly: Settings, direct_scores: Evaluation, tmp_path: Path
) -> None:
    examples = made(directly, "CorpusGen", "examples")
    assert evaluated(model, examples, tmp_path / "scores", engine.beam) == direct_scores


def test_bulk_answers(
    engine: Engine, version: Path, corpus: Path, direct_answers: dict[str, bytes], tmp_path: Path
) -> None:
    # Parts of a thousand sentences, the two small splits in one each.
    assert len(direct_answers) == SENTENCES // PART + 2
    assert answers(version, corpus, tmp_path / "there", engine.beam) == direct_answers


def test_a_bad_line_is_reported_with_its_place(engine: Engine, corpus: Path, tmp_path: Path) -> None:
    source = tmp_path / "corpus"
    source.mkdir()
    for name in ("train", "test"):
        (source / f"{name}.conll").write_text("Ann\tB-PER\n", encoding="utf-8")
    (source / "dev.conll").write_text("Ann\tB-PER\nleft\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"dev\.conll:2"):
        generate(source, tmp_path / "out", tuple(pipeline_args(load(assignments=[engine.beam]).beam)))
