"""The data path on an engine with a job service and workers of its own: what it writes is what DirectRunner writes.

`portable` is Beam's own job service: jobs are submitted, staged and run over the gRPC services that Flink and Spark
are reached by, by workers in other processes. The others run where a job service of theirs is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import tensorflow as tf
from tfx.orchestration.pipeline import RunOptions
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from corpus.errors import CorpusError
from pipeline.beam.args import pipeline_args
from pipeline.beam.checks import require_engine
from pipeline.factory import create_pipeline
from pipeline.runners.local import LocalRunner
from pipeline.runs.lineage import Lineage
from pipeline.runs.outcome import counted
from pipeline.settings import METADATA, Settings, load
from tests.components.corpus_gen.corpora import generate
from tests.pipeline.beam.beam_engines import JOB_SERVICES, engine
from tests.serving import tiny_model
from tests.serving.batch.batch_runs import predict

pytestmark = pytest.mark.slow

PEOPLE = ("Ann", "Eve", "Kim", "Øyvind")
PLACES = ("Rome", "Oslo", "New York")


def sentences(first: int, count: int) -> str:
    """Tagged in BIO, which is to be recognised, by way of the engine too."""
    found = []
    for number in range(first, first + count):
        place = PLACES[number % 3].split()
        tags = ["B-LOC", "I-LOC"][: len(place)]
        words = [
            (PEOPLE[number % 4], "B-PER"),
            (f"saw{number}", "O"),
            *zip(place, tags, strict=True),
            (".", "O"),
        ]
        found.append("".join(f"{word}\t{tag}\n" for word, tag in words))
    return "\n".join(found)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for name, first, count in (("train", 0, 60), ("dev", 60, 8), ("test", 70, 8)):
        (folder / f"{name}.conll").write_text(sentences(first, count), encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=["portable", *JOB_SERVICES])
def assignment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with engine(request.param, tmp_path_factory.mktemp("engine")) as chosen:
        yield chosen


@pytest.fixture(autouse=True)
def no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """An executor with Beam arguments reads this program's own by absl, to which pytest's `-v` is a number's name."""
    monkeypatch.setattr("sys.argv", ["pytest"])


def prepared(corpus: Path, home: Path, *assignments: str) -> Settings:
    """The line up to Transform, run."""
    given = [f"data={corpus}", f"pipeline.root={home}", "name=engines", *assignments]
    settings = load(assignments=given).with_absolute_paths()
    settings.run_dir.mkdir(parents=True)
    LocalRunner().run(create_pipeline(settings), run_options=RunOptions(to_nodes=["Transform"]))
    return settings


@pytest.fixture(scope="module")
def directly(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return prepared(corpus, tmp_path_factory.mktemp("direct"))


def made(settings: Settings, component: str, key: str) -> Path:
    lineage = Lineage(settings.run_dir / METADATA)
    step = lineage.step(lineage.run_ids()[-1], component)
    assert step is not None
    return Path(step.only(key).uri)


def records(folder: Path) -> dict[str, list[bytes]]:
    """By split, in an order of their own: which shard holds what is the engine's affair."""
    return {
        split.name: sorted(
            tf.data.TFRecordDataset(sorted(map(str, split.glob("*.gz"))), "GZIP").as_numpy_iterator()
        )
        for split in sorted(folder.glob("Split-*"))
    }


def features_sorted(found: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    """The same records with the features of each in one order; values and their order are as they were."""
    return {
        split: sorted(tf.train.Example.FromString(row).SerializeToString(deterministic=True) for row in rows)
        for split, rows in found.items()
    }


def test_the_encoder_of_transform_writes_features_in_any_order() -> None:
    """Why transformed examples are not held byte for byte. Should this fail one day, they can be."""
    names = ["chars", "length", "tags", "tokens", "weights"]
    rows = pa.RecordBatch.from_arrays([pa.array([[b"same"]] * 200)] * len(names), names)
    written = RecordBatchToExamplesEncoder().encode(rows)
    assert len(set(written)) > 1
    assert len(features_sorted({"": written})[""]) == 200
    assert len(set(features_sorted({"": written})[""])) == 1


def test_examples_and_vocabularies_are_those_of_the_direct_runner(
    assignment: str, corpus: Path, directly: Settings, tmp_path: Path
) -> None:
    there = prepared(corpus, tmp_path, assignment)
    for key, component, splits in (
        ("examples", "CorpusGen", {"Split-train": 60, "Split-dev": 8, "Split-test": 8}),
        ("transformed_examples", "Transform", {"Split-train": 60, "Split-dev": 8}),
    ):
        found = records(made(there, component, key))
        expected = records(made(directly, component, key))
        assert {split: len(rows) for split, rows in found.items()} == splits
        if component == "Transform":
            # Its bytes are not even the same twice in one process: see the test above.
            found, expected = features_sorted(found), features_sorted(expected)
        assert found == expected
    summaries = [made(settings, "CorpusGen", "examples") / "corpus.json" for settings in (directly, there)]
    assert summaries[0].read_bytes() == summaries[1].read_bytes()
    vocabularies = [
        {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in (
            made(settings, "Transform", "transform_graph") / "transform_fn" / "assets"
            for settings in (directly, there)
        )
    ]
    assert vocabularies[0] == vocabularies[1]
    assert set(vocabularies[0]["tags"].split()) == {b"O", b"S-PER", b"S-LOC", b"B-LOC", b"E-LOC"}
    for settings in (directly, there):
        lineage = Lineage(settings.run_dir / METADATA)
        step = lineage.step(lineage.run_ids()[-1], "CorpusGen")
        assert step is not None
        # 76 sentences of 4 tokens, a third of which have one more; counted by the workers.
        assert counted(step).startswith("76 sentences, 329 tokens, tokens per sentence 4 to 5, ")


def test_bulk_answers_are_those_of_the_direct_runner(assignment: str, corpus: Path, tmp_path: Path) -> None:
    model = tmp_path / "1"
    tiny_model.export(model, "PER")
    settings = load(assignments=[assignment])
    require_engine(settings.beam)
    counts: list[dict[str, int]] = []
    parts = []
    for name, arguments in (("direct", []), ("there", pipeline_args(settings.beam))):
        output = tmp_path / name
        manifest = predict(
            model,
            corpus,
            output,
            shard_size=13,
            beam_args=arguments,
            on_measures=lambda one: counts.append(one.counters),
        )
        assert manifest.sentences == 76
        parts.append({part.name: (output / part.name).read_bytes() for part in manifest.parts})
    # 60, 8 and 8 sentences, 13 in a part.
    assert len(parts[0]) == 7
    assert parts[0] == parts[1]
    assert counts[0] == counts[1] == {"sentences": 76, "tokens": 329}


def test_a_bad_line_is_reported_with_its_place(assignment: str, tmp_path: Path) -> None:
    source = tmp_path / "corpus"
    source.mkdir()
    for name in ("train", "dev", "test"):
        (source / f"{name}.conll").write_text(sentences(0, 3), encoding="utf-8")
    (source / "dev.conll").write_text("Ann\tB-PER\nleft\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"dev\.conll:2"):
        generate(source, tmp_path / "out", tuple(pipeline_args(load(assignments=[assignment]).beam)))
