"""The Beam steps of CorpusGen, thin around the pure functions of `corpus`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from components.corpus_gen.example import to_example
from components.corpus_gen.source import Found, lines_at
from components.corpus_gen.summary import Event, Partial, PartialSummary
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
    """Parses records, and asks once a file what its format is."""

    def __init__(self, options: ReadOptions) -> None:
        self.options = options
        self.formats: dict[str, FileFormat] = {}

    def __call__(self, found: Found) -> Record:
        """One record.

        Raises:
            CorpusError: it cannot be read; told with the line of the file.
        """
        known = self.formats.get(found.path)
        if known is None:
            known = self.formats[found.path] = format_of(found.path, self.options)
        try:
            return known.parse(lines_of(found.raw), self.options)
        except BadLine as error:
            raise _located(error, found) from None


def _located(error: BadLine, found: Found) -> Exception:
    return error.located(found.path, lines_at(found.path, [found.offset])[found.offset])


class TrainTags(beam.DoFn):
    """`Found` to the tags of the sentences that belong to train; `shares` where a hash decides that."""

    def __init__(self, options: ReadOptions, shares: Shares | None) -> None:
        self.options = options
        self.shares = shares

    def start_bundle(self) -> None:
        self.read = Reader(self.options)

    def process(self, found: Found) -> Iterator[tuple[str, ...]]:
        sentence = self.read(found).sentence
        if sentence and (self.shares is None or split_of(text_key(sentence.tokens), self.shares) == "train"):
            yield sentence.tags


class CombineEvidence(beam.CombineFn):
    """Tags of many sentences to the scheme they are written in."""

    def create_accumulator(self) -> Evidence:
        return Evidence()

    def add_input(self, evidence: Evidence, tags: tuple[str, ...]) -> Evidence:
        return evidence.add(tags)

    def merge_accumulators(self, accumulators: Iterable[Evidence]) -> Evidence:
        whole = Evidence()
        for evidence in accumulators:
            whole.merge(evidence)
        return whole

    def extract_output(self, evidence: Evidence) -> Scheme:
        return evidence.scheme()


class ToExamples(beam.DoFn):
    """`Found` to serialized examples, each under the tag of its split; and one `PartialSummary` a bundle.

    Args:
        options: how records are read.
        split: the split of all records, or None where `shares` decide.
        shares: what the hash goes by.
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

    def process(self, found: Found, scheme: Scheme) -> Iterator[TaggedOutput]:
        record = self.read(found)
        if self.target is None:
            self.target = target_scheme(scheme, self.options)
        self.summary.scheme = scheme.name
        sentence = record.sentence
        if sentence is None:
            # A sentence without tokens lies in no split; train is where it is looked for.
            self._settle(self.summary.splits[self.split or "train"], found, record)
            return
        split = self.split
        if split is None:
            assert self.shares is not None
            split = split_of(text_key(sentence.tokens), self.shares)
        try:
            tags, reading = training_tags(record, scheme, self.target)
        except BadLine as error:
            raise _located(error, found) from None
        seen = self.summary.splits[split]
        seen.sentences += 1
        seen.tokens += len(tags)
        self.sentences.inc()
        self.tokens.inc(len(tags))
        self.lengths.update(len(tags))
        seen.tags.update(tags)
        seen.entities.update(span.label for span in reading.spans)
        self.summary.files[found.path] += 1
        self._settle(seen, found, record)
        if reading.repairs:
            self.repairs.inc(len(reading.repairs))
            seen.add_repairs(
                [
                    Event(
                        found.path,
                        found.offset,
                        record.lines[repair.index],
                        f"{repair.found} -> {repair.became}",
                    )
                    for repair in reading.repairs
                ],
                len(reading.repairs),
            )
        yield TaggedOutput(split, to_example(sentence, tags).SerializeToString(deterministic=True))

    def _settle(self, seen: Partial, found: Found, record: Record) -> None:
        if record.notes:
            self.settled.inc(len(record.notes))
            seen.add_settled(
                [
                    Event(found.path, found.offset, note.line, f"{note.found}; {note.became}")
                    for note in record.notes
                ],
                len(record.notes),
            )

    def finish_bundle(self) -> Iterator[TaggedOutput]:
        window = GlobalWindow()
        yield TaggedOutput(SUMMARY, WindowedValue(self.summary, window.max_timestamp(), (window,)))


class CombineSummaries(beam.CombineFn):
    """The summaries of all bundles to one."""

    def create_accumulator(self) -> PartialSummary:
        return PartialSummary()

    def add_input(self, whole: PartialSummary, part: PartialSummary) -> PartialSummary:
        return whole.merge(part)

    def merge_accumulators(self, accumulators: Iterable[PartialSummary]) -> PartialSummary:
        whole = PartialSummary()
        for part in accumulators:
            whole.merge(part)
        return whole

    def extract_output(self, whole: PartialSummary) -> Any:
        return whole
