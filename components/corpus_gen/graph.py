"""The Beam graph of CorpusGen, and the summary that it leaves for the process that started it."""

from __future__ import annotations

import os
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from tfx.dsl.io import fileio

from components.corpus_gen.source import ReadFiles
from components.corpus_gen.steps import SUMMARY, Merge, ToExamples, TrainEvidence, reading_from
from components.corpus_gen.summary import PartialSummary
from corpus.options import ReadOptions, Shares
from corpus.reading.files import reader_for
from corpus.recognition.reading import CorpusEvidence, named_reading
from corpus.splits.layout import Layout

_SUMMARY_FILE = ".partial-summary"


def build(pipeline: beam.Pipeline, layout: Layout, options: ReadOptions, uri: str) -> None:
    """Add all steps to a pipeline: write examples to `split_folder`s, and the summary for `take_summary`."""
    groups = _groups(layout)
    readers = {str(path): reader_for(path, options) for path, _ in layout.files()}
    reading: Any = named_reading(options)
    if reading is None:
        evidence = [
            pipeline
            | f"ReadToRecognise[{split}]" >> ReadFiles(paths, readers)
            | f"TrainEvidence[{split}]" >> beam.ParDo(TrainEvidence(readers, shares))
            for split, paths, shares in groups
            if split in ("train", None)
        ]
        reading = beam.pvalue.AsSingleton(
            evidence
            | "TrainEvidence" >> beam.Flatten()
            | "MergeEvidence" >> beam.CombineGlobally(Merge(CorpusEvidence))
            | "Recognise" >> beam.Map(reading_from, options, str(layout.train_files()[0]))
        )
    written: dict[str, list[beam.PCollection]] = {name: [] for name in layout.names()}
    summaries = []
    for split, paths, shares in groups:
        outputs = (
            pipeline
            | f"Read[{split}]" >> ReadFiles(paths, readers)
            | f"ToExamples[{split}]"
            >> beam.ParDo(ToExamples(readers, split, shares), reading).with_outputs(SUMMARY, *layout.names())
        )
        summaries.append(outputs[SUMMARY])
        for name in (split,) if split else [name for name in layout.names() if name not in layout.splits]:
            written[name].append(outputs[name])
    for name, parts in written.items():
        (
            parts
            | f"Flatten[{name}]" >> beam.Flatten(pipeline=pipeline)
            | f"Write[{name}]"
            >> beam.io.WriteToTFRecord(
                os.path.join(split_folder(uri, name), "data_tfrecord"), file_name_suffix=".gz"
            )
        )
    (
        summaries
        | "Summaries" >> beam.Flatten(pipeline=pipeline)
        | "Summary" >> beam.CombineGlobally(Merge(PartialSummary))
        | "LeaveSummary" >> beam.Map(_leave, os.path.join(uri, _SUMMARY_FILE))
    )


def split_folder(uri: str, name: str) -> str:
    """The folder in which TFX looks for a split of an Examples artifact."""
    return os.path.join(uri, f"Split-{name}")


def take_summary(uri: str) -> PartialSummary:
    """Read and remove the summary that the finished graph left in the output folder."""
    path = os.path.join(uri, _SUMMARY_FILE)
    with fileio.open(path, "rb") as stream:
        summary = PartialSummary.from_json(stream.read())
    fileio.remove(path)
    return summary


def _leave(summary: PartialSummary, path: str) -> None:
    # By way of a file, since the workers may be other machines.
    with FileSystems.create(path) as stream:
        stream.write(summary.to_json())


def _groups(layout: Layout) -> list[tuple[str | None, list[str], Shares | None]]:
    """Group files by split; each group has a read step."""
    groups: dict[str | None, list[str]] = {}
    for path, split in layout.files():
        groups.setdefault(split, []).append(str(path))
    return [(split, paths, layout.shares if split is None else None) for split, paths in groups.items()]
