"""The Beam steps of CorpusGen, thin layers over the functions of `corpus`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from components.corpus_gen.example import to_example
from components.corpus_gen.source import LocatedRecord, lines_at
from components.corpus_gen.summary import Event, Events, PartialCounts, PartialSummary
from corpus.errors import BadLine, CorpusError
from corpus.formats.table import FileReader
from corpus.options import ReadOptions, Shares
from corpus.raw_records import lines_of
from corpus.reading.training_tags import training_tags
from corpus.recognition.reading import CUT_WORD, CorpusEvidence, Reading, in_train, target_scheme
from corpus.record import OF_LABELS, Record
from corpus.splits.by_hash import split_of, text_key
from tagging.schemes import Scheme

SUMMARY = "summary"
METRICS = "tagline.corpus_gen"


def parsed(located: LocatedRecord, reader: FileReader) -> Record:
    """Parse a record.

    Raises:
        CorpusError: it cannot be read; with file and line.
    """
    try:
        return reader.parse(lines_of(located.raw))
    except BadLine as error:
        raise _located(error, located, reader) from None


def _located(error: BadLine, located: LocatedRecord, reader: FileReader) -> Exception:
    return error.located(located.path, lines_at(located.path, reader, [located.offset])[located.offset])


class TrainEvidence(beam.DoFn):
    """Records to what those of train show, once a bundle; `shares` where a hash decides on the split."""

    def __init__(self, readers: Mapping[str, FileReader], shares: Shares | None) -> None:
        self.readers = readers
        self.shares = shares

    def start_bundle(self) -> None:
        self.evidence = CorpusEvidence()

    def process(self, located: LocatedRecord) -> None:
        record = parsed(located, self.readers[located.path])
        if in_train(record, self.shares):
            self.evidence.add(record)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        yield _windowed(self.evidence)


def reading_from(evidence: CorpusEvidence, options: ReadOptions, path: str) -> Reading:
    """Tell how the corpus is read; `path` is the first file of train.

    Raises:
        CorpusError: it cannot be told, or texts would have to be cut into characters.
    """
    reading = evidence.reading(options, path)
    if reading.options.tokenizer == "characters" and options.tokenizer == "auto":
        # The Trainer, which builds the tokenizer into the model, does not see what is recognised here.
        raise CorpusError(
            "many spans begin or end within a word",
            path=path,
            expected="the tokenizer named",
            remedy="set corpus.tokenizer=characters (`tagline run` does it by itself)",
            code=CUT_WORD,
        )
    return reading


class ToExamples(beam.DoFn):
    """Records to serialized examples, each under the tag of its split, and a `PartialSummary` of each bundle.

    Args:
        readers: how each file is read.
        split: the split of all records, or None where the hash decides.
        shares: of the splits that the hash fills.
    """

    def __init__(self, readers: Mapping[str, FileReader], split: str | None, shares: Shares | None) -> None:
        self.readers = readers
        self.split = split
        self.shares = shares
        self.sentences = beam.metrics.Metrics.counter(METRICS, "sentences")
        self.tokens = beam.metrics.Metrics.counter(METRICS, "tokens")
        self.repairs = beam.metrics.Metrics.counter(METRICS, "repairs")
        self.settled = beam.metrics.Metrics.counter(METRICS, "settled")
        self.lengths = beam.metrics.Metrics.distribution(METRICS, "tokens_per_sentence")

    def start_bundle(self) -> None:
        self.summary = PartialSummary()
        # How the corpus is read comes with each record, but is the same in all of them.
        self.target: Scheme | None = None
        self.named: dict[str, FileReader] = {}

    def process(self, located: LocatedRecord, reading: Reading) -> Iterator[TaggedOutput]:
        reader = self.named.get(located.path)
        if reader is None:
            reader = self.readers[located.path].with_tokenizer(reading.options.tokenizer)
            self.named[located.path] = reader
        record = parsed(located, reader)
        if self.target is None:
            self.target = target_scheme(reading.notation, reading.options)
        self.summary.scheme = reading.notation.alphabet
        self.summary.told = reading.told()
        sentence = record.sentence
        if sentence is None:
            # A sentence without tokens has no split; its notes are counted in train.
            self._count_notes(self.summary.of_split(self.split or "train"), located, record)
            return
        split = self.split
        if split is None:
            assert self.shares is not None
            split = split_of(text_key(sentence.tokens), self.shares)
        try:
            tags, parse = training_tags(record, reading.notation, self.target)
        except BadLine as error:
            raise _located(error, located, reader) from None
        counts = self.summary.of_split(split)
        counts.sentences += 1
        counts.tokens += len(tags)
        self.sentences.inc()
        self.tokens.inc(len(tags))
        self.lengths.update(len(tags))
        counts.tags.update(tags)
        counts.entities.update(span.label for span in parse.spans)
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
                for repair in parse.repairs
            ],
        )
        yield TaggedOutput(split, to_example(sentence, tags).SerializeToString(deterministic=True))

    def _count_notes(self, counts: PartialCounts, located: LocatedRecord, record: Record) -> None:
        events = [
            Event(located.path, located.offset, note.line, f"{note.found}; {note.became}")
            for note in record.notes
            if note.code not in OF_LABELS
        ]
        self._count_events(counts.settled, self.settled, events)

    def _count_events(self, events: Events, counter: Any, new: list[Event]) -> None:
        if new:
            events.add(new)
            counter.inc(len(new))

    def finish_bundle(self) -> Iterator[TaggedOutput]:
        yield TaggedOutput(SUMMARY, _windowed(self.summary))


def _windowed(value: Any) -> WindowedValue:
    window = GlobalWindow()
    return WindowedValue(value, window.max_timestamp(), (window,))


class Merge(beam.CombineFn):
    """Merges what every bundle has counted.

    Args:
        empty: makes what counts nothing; it has `merge`.
    """

    def __init__(self, empty: Callable[[], Any]) -> None:
        self.empty = empty

    def create_accumulator(self) -> Any:
        return self.empty()

    def add_input(self, total: Any, part: Any) -> Any:
        return total.merge(part)

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        total = self.empty()
        for part in accumulators:
            total.merge(part)
        return total

    def extract_output(self, total: Any) -> Any:
        return total
