"""The Beam steps of CorpusGen, thin layers over the functions of `corpus`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from components.corpus_gen.example import to_example
from components.corpus_gen.source import LocatedRecord, lines_at
from components.corpus_gen.summary import Event, Events, PartialCounts, PartialSummary
from corpus.errors import BadLine
from corpus.formats.table import FileFormat, format_of
from corpus.options import ReadOptions, Shares
from corpus.raw_records import lines_of
from corpus.reading.scheme import target_scheme
from corpus.reading.training_tags import training_tags
from corpus.record import Record
from corpus.splits.by_hash import split_of, text_key
from tagging.schemes import Evidence, Scheme

SUMMARY = "summary"
METRICS = "tagline.corpus_gen"


class Reader:
    """Parses records; finds the format of each file once."""

    def __init__(self, options: ReadOptions) -> None:
        self.options = options
        self.formats: dict[str, FileFormat] = {}

    def __call__(self, located: LocatedRecord) -> Record:
        """Parse a record.

        Raises:
            CorpusError: it cannot be read; with file and line.
        """
        file_format = self.formats.get(located.path)
        if file_format is None:
            file_format = self.formats[located.path] = format_of(located.path, self.options)
        try:
            return file_format.parse(lines_of(located.raw), self.options)
        except BadLine as error:
            raise _located(error, located) from None


def _located(error: BadLine, located: LocatedRecord) -> Exception:
    return error.located(located.path, lines_at(located.path, [located.offset])[located.offset])


class TrainTags(beam.DoFn):
    """Records to the tags of the sentences of train; `shares` where a hash decides on the split."""

    def __init__(self, options: ReadOptions, shares: Shares | None) -> None:
        self.options = options
        self.shares = shares

    def start_bundle(self) -> None:
        self.read = Reader(self.options)

    def process(self, located: LocatedRecord) -> Iterator[tuple[str, ...]]:
        sentence = self.read(located).sentence
        if sentence and (self.shares is None or split_of(text_key(sentence.tokens), self.shares) == "train"):
            yield sentence.tags


class CombineEvidence(beam.CombineFn):
    """Tags of many sentences to their scheme."""

    def create_accumulator(self) -> Evidence:
        return Evidence()

    def add_input(self, evidence: Evidence, tags: tuple[str, ...]) -> Evidence:
        return evidence.add(tags)

    def merge_accumulators(self, accumulators: Iterable[Evidence]) -> Evidence:
        merged = Evidence()
        for evidence in accumulators:
            merged.merge(evidence)
        return merged

    def extract_output(self, evidence: Evidence) -> Scheme:
        return evidence.scheme()


class ToExamples(beam.DoFn):
    """Records to serialized examples, each under the tag of its split, and a `PartialSummary` of each bundle.

    Args:
        options: how records are read.
        split: the split of all records, or None where the hash decides.
        shares: of the splits that the hash fills.
    """

    def __init__(self, options: ReadOptions, split: str | None, shares: Shares | None) -> None:
        self.options = options
        self.split = split
        self.shares = shares
        self.sentences = beam.metrics.Metrics.counter(METRICS, "sentences")
        self.tokens = beam.metrics.Metrics.counter(METRICS, "tokens")
        self.repairs = beam.metrics.Metrics.counter(METRICS, "repairs")
        self.settled = beam.metrics.Metrics.counter(METRICS, "settled")
        self.lengths = beam.metrics.Metrics.distribution(METRICS, "tokens_per_sentence")

    def start_bundle(self) -> None:
        self.summary = PartialSummary()
        self.read = Reader(self.options)
        # The scheme of the files comes with each record, but is the same in all of them.
        self.target: Scheme | None = None

    def process(self, located: LocatedRecord, scheme: Scheme) -> Iterator[TaggedOutput]:
        record = self.read(located)
        if self.target is None:
            self.target = target_scheme(scheme, self.options)
        self.summary.scheme = scheme.name
        sentence = record.sentence
        if sentence is None:
            # A sentence without tokens has no split; its notes are counted in train.
            self._count_notes(self.summary.splits[self.split or "train"], located, record)
            return
        split = self.split
        if split is None:
            assert self.shares is not None
            split = split_of(text_key(sentence.tokens), self.shares)
        try:
            tags, reading = training_tags(record, scheme, self.target)
        except BadLine as error:
            raise _located(error, located) from None
        counts = self.summary.splits[split]
        counts.sentences += 1
        counts.tokens += len(tags)
        self.sentences.inc()
        self.tokens.inc(len(tags))
        self.lengths.update(len(tags))
        counts.tags.update(tags)
        counts.entities.update(span.label for span in reading.spans)
        self.summary.files[located.path] += 1
        self._count_notes(counts, located, record)
        self._count_events(
            counts.repairs,
            self.repairs,
            [
                Event(
                    located.path,
                    located.offset,
                    record.lines[repair.index],
                    f"{repair.found} -> {repair.became}",
                )
                for repair in reading.repairs
            ],
        )
        yield TaggedOutput(split, to_example(sentence, tags).SerializeToString(deterministic=True))

    def _count_notes(self, counts: PartialCounts, located: LocatedRecord, record: Record) -> None:
        events = [
            Event(located.path, located.offset, note.line, f"{note.found}; {note.became}")
            for note in record.notes
        ]
        self._count_events(counts.settled, self.settled, events)

    def _count_events(self, events: Events, counter: Any, new: list[Event]) -> None:
        if new:
            events.add(new)
            counter.inc(len(new))

    def finish_bundle(self) -> Iterator[TaggedOutput]:
        window = GlobalWindow()
        yield TaggedOutput(SUMMARY, WindowedValue(self.summary, window.max_timestamp(), (window,)))


class CombineSummaries(beam.CombineFn):
    """Merges the summaries of all bundles."""

    def create_accumulator(self) -> PartialSummary:
        return PartialSummary()

    def add_input(self, summary: PartialSummary, part: PartialSummary) -> PartialSummary:
        return summary.merge(part)

    def merge_accumulators(self, accumulators: Iterable[PartialSummary]) -> PartialSummary:
        summary = PartialSummary()
        for part in accumulators:
            summary.merge(part)
        return summary

    def extract_output(self, summary: PartialSummary) -> PartialSummary:
        return summary
