"""Everything of ours that Beam carries to its workers survives the way there, and works after."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import dill
import pytest
from apache_beam.coders.coders import FastPrimitivesCoder
from apache_beam.internal import pickler
from apache_beam.pvalue import TaggedOutput
from tensorflow_model_analysis.metrics import metric_types

from components.corpus_gen.source import BlockSource, LocatedRecord
from components.corpus_gen.steps import SUMMARY, Merge, ToExamples, TrainEvidence, reading_from
from components.corpus_gen.summary import PartialSummary
from components.metrics.tagging_metrics import _Combiner, _Tally
from corpus.formats.table import reader_of
from corpus.options import ReadOptions, Shares
from corpus.recognition.reading import CorpusEvidence, Reading
from corpus.record import Record
from corpus.sentence import Sentence
from serving.batch.fill import _ReadShard, _WritePart
from serving.batch.inference import TaggerHandler
from tagging.notation import Notation

CARRIED: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "dill": lambda value: dill.loads(dill.dumps(value)),
    "cloudpickle": lambda value: cloudpickle.loads(cloudpickle.dumps(value)),
    "beam": lambda value: pickler.loads(pickler.dumps(value)),
}
FOUND = LocatedRecord("train.conll", 0, b"Ann\tB-PER\nsings\tO\n")
READERS = {name: reader_of(name, ReadOptions()) for name in ("train.conll", "train.jsonl")}
READING = Reading(Notation("BIO"), ReadOptions(tokenizer="words"))


@pytest.fixture(params=sorted(CARRIED))
def carry(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    return CARRIED[request.param]


def test_evidence_of_train(carry: Callable[[Any], Any]) -> None:
    nothing = Shares(train=1e-12, dev=0.5, test=0.5)
    for shares, expected in ((None, {"B-PER": 1, "O": 1}), (nothing, {})):
        step = carry(TrainEvidence(READERS, shares))
        for _ in range(2):
            # A bundle begins anew: nothing stays of the one before.
            step.start_bundle()
            assert step.process(FOUND) is None
            (output,) = step.finish_bundle()
            assert carry(output.value).tags.tags == expected


def test_examples_and_their_summary(carry: Callable[[Any], Any]) -> None:
    step = carry(ToExamples(READERS, "train", None))
    for _ in range(2):
        # A bundle begins anew: nothing stays of the one before.
        step.start_bundle()
        (example,) = step.process(FOUND, carry(READING))
        assert isinstance(example, TaggedOutput)
        assert example.tag == "train"
        assert b"S-PER" in example.value
        (output,) = step.finish_bundle()
        summary = carry(output.value.value)
        assert output.tag == SUMMARY
        assert (summary.splits["train"].sentences, summary.splits["train"].tokens) == (1, 2)
        assert summary.files == {"train.conll": 1}


def test_a_bundle_reads_each_file_by_its_own_format(carry: Callable[[Any], Any]) -> None:
    step = carry(ToExamples(READERS, "train", None))
    step.start_bundle()
    other = LocatedRecord("train.jsonl", 0, b'{"tokens": ["Rome"], "tags": ["B-LOC"]}\n')
    for found, tag in ((FOUND, b"S-PER"), (other, b"S-LOC"), (FOUND, b"S-PER")):
        (example,) = step.process(found, READING)
        assert tag in example.value


def test_what_bundles_have_counted_is_merged(carry: Callable[[Any], Any]) -> None:
    merge = carry(Merge(CorpusEvidence))
    part = CorpusEvidence().add(Record(Sentence(("a", "b", "c"), ("B-PER", "E-PER", "O")), (0, 1, 2)))
    total = merge.merge_accumulators([carry(part), carry(merge.create_accumulator())])
    reading = reading_from(merge.extract_output(total), ReadOptions(), "train.conll")
    assert carry(reading).notation == Notation("BIOES")
    summaries = carry(Merge(PartialSummary))
    counts = PartialSummary("BIO")
    counts.of_split("dev").sentences = 3
    merged = summaries.merge_accumulators([carry(counts), carry(counts)])
    assert summaries.extract_output(summaries.add_input(merged, counts)).splits["dev"].sentences == 9


def test_the_metrics_combiner(carry: Callable[[Any], Any]) -> None:
    key = metric_types.MetricKey(name="m")
    combiner = carry(_Combiner(key, None, "BIO"))
    tally = _Tally(tokens=4, right_tokens=3, sentences=2, right_sentences=1)
    merged = combiner.merge_accumulators([carry(tally), carry(tally)])
    values = {found.name: value for found, value in combiner.extract_output(merged).items()}
    assert (values["token_accuracy"], values["sentence_accuracy"]) == (0.75, 0.5)


def test_sources_readers_and_writers(carry: Callable[[Any], Any], tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_bytes(FOUND.raw + b"\n" + FOUND.raw)
    source = carry(BlockSource(str(tmp_path / "a.conll"), READERS["train.conll"]))
    assert source.estimate_size() == (tmp_path / "a.conll").stat().st_size
    assert carry(TaggerHandler("tagger", 1, tmp_path)).batch_elements_kwargs()["max_batch_size"] == 1
    for function in (_ReadShard(ReadOptions()), _WritePart(tmp_path, "jsonl", {0: "part"}, None)):
        assert vars(carry(function)) == vars(function)


def test_records_have_one_form_on_the_way() -> None:
    coder = FastPrimitivesCoder()
    for element in (FOUND, ("B-PER", "O")):
        encoded = coder.encode(element)
        assert coder.decode(encoded) == element
        assert coder.encode(coder.decode(encoded)) == encoded
