"""The Beam pipeline that fills an output folder, a part at a time in each worker.

What travels between workers is where a part begins; its sentences are read, tagged and written in one place, so
memory holds one part a worker, however long the input is.
"""

from __future__ import annotations

import datetime
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apache_beam as beam
from apache_beam.ml.inference.base import RunInference
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions

from corpus.options import ReadOptions
from serving.batch.errors import BulkFailed
from serving.batch.folder import Manifest, OutputFolder, Part, PartRecord
from serving.batch.job import Format, Job
from serving.batch.measures import Measures, measured
from serving.batch.plan import Plan, Shard
from serving.batch.scores import counted, scored
from serving.batch.sources import stretch
from serving.batch.tagger import METRICS, PushedModel, Work
from serving.batch.writers import write

_LOOK_EVERY = 0.5
_ENDINGS: dict[Format, str] = {"jsonl": ".jsonl", "conll": ".conll", "tfrecord": ".tfrecord"}


def fill(
    output: OutputFolder,
    job: Job,
    plan: Plan,
    *,
    model: Path,
    options: ReadOptions,
    workers: int | None = None,
    beam_args: Sequence[str] = (),
    done: Callable[[int], None] = lambda _: None,
    told: Callable[[Measures], None] = lambda _: None,
) -> Manifest:
    """Make the parts that are missing, and finish the folder, which is held by `output.begun(job)`.

    Args:
        output: where to.
        job: what was asked for.
        plan: what there is to do.
        model: the version's folder.
        options: how corpus files are read.
        workers: how many parts at a time, in threads unless `beam_args` say how; None: as they say, or one a core.
        beam_args: of Beam's own options, such as `--direct_num_workers=4`.
        done: told now and then how many more sentences are done, those of an earlier run first.
        told: what Beam's workers counted, where something was left to do.

    Raises:
        BulkFailed: a part cannot be made; those made stay, and the same call goes on.
    """
    began = time.monotonic()
    names = {shard.index: part_name(shard.index, len(plan.shards), job.format) for shard in plan.shards}
    there = output.records()
    done(sum(record.part.sentences for record in there.values()))
    missing = [shard for shard in plan.shards if names[shard.index] not in there]
    if missing:
        told(
            _run(
                output, job, plan, missing, names, model, options, _pipeline_options(workers, beam_args), done
            )
        )
        there = output.records()
    if lost := sorted(set(names.values()) - there.keys()):
        raise BulkFailed(f"{output.path}: {', '.join(lost[:5])} is not what was written; run it again")
    records = [there[names[shard.index]] for shard in plan.shards]
    manifest = Manifest(
        job=job,
        sentences=sum(record.part.sentences for record in records),
        tokens=sum(record.part.tokens for record in records),
        entities=sum(record.part.entities for record in records),
        scores=scored(record.counted for record in records),
        finished_at=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 3),
        parts=tuple(record.part for record in records),
    )
    try:
        output.finish(manifest)
    except OSError as error:
        raise BulkFailed(_told(error, output.path)) from error
    return manifest


def part_name(index: int, count: int, output_format: Format) -> str:
    """`part-00003-of-00020.jsonl`: in the order of their names the parts are in the order of the input."""
    return f"part-{index:05}-of-{count:05}{_ENDINGS[output_format]}"


def _run(
    output: OutputFolder,
    job: Job,
    plan: Plan,
    shards: Sequence[Shard],
    names: dict[int, str],
    model: Path,
    options: ReadOptions,
    beam_options: PipelineOptions,
    done: Callable[[int], None],
) -> Measures:
    read = _Read(options)
    put = _Put(output.path, job.format, names, plan.scheme)
    try:
        with _watched(output, done), beam.Pipeline(options=beam_options) as pipeline:
            _ = (
                pipeline
                | "Parts" >> beam.Create(list(shards))
                | "Read" >> beam.Map(read)
                | "Tag" >> RunInference(PushedModel(job.model, job.version, model))
                | "Write" >> beam.Map(put)
            )
    except Exception as error:
        failed = BulkFailed.within(error)
        if failed is None:
            raise
        raise failed from error
    return measured(pipeline.result, METRICS)


class _Read:
    """Reads a part's sentences."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options

    def __call__(self, shard: Shard) -> Work:
        found = stretch(
            Path(shard.path), self._options, offset=shard.offset, line=shard.line, count=shard.count
        )
        if len(found) != shard.count:
            raise BulkFailed(f"{shard.path} has changed while it was read; run it again on files that stay")
        return Work(shard, found, [])


class _Put:
    """Writes a part and its record."""

    def __init__(
        self, folder: Path, output_format: Format, names: dict[int, str], scheme: str | None
    ) -> None:
        self._folder = str(folder)
        self._format = output_format
        self._names = names
        self._scheme = scheme

    def __call__(self, work: Work) -> str:
        name = self._names[work.shard.index]
        answers = work.answers

        def record(size: int, digest: str) -> PartRecord:
            part = Part(
                name=name,
                file=work.shard.name,
                line=work.shard.line,
                sentences=len(answers),
                tokens=sum(len(answer.tokens) for answer in answers),
                entities=sum(len(answer.entities) for answer in answers),
                bytes=size,
                sha256=digest,
            )
            return PartRecord(part, counted(work.sentences, answers, self._scheme))

        try:
            OutputFolder(Path(self._folder)).add(
                name, lambda path: write(path, answers, self._format), record
            )
        except OSError as error:
            raise BulkFailed(_told(error, Path(self._folder, name))) from error
        return name


def _told(error: OSError, path: Path) -> str:
    return (
        f"{path}: cannot be written ({error.strerror or error}); what is finished stays: make room, then the "
        "same command goes on"
    )


def _pipeline_options(workers: int | None, beam_args: Sequence[str]) -> PipelineOptions:
    options = PipelineOptions(list(beam_args))
    direct = options.view_as(DirectOptions)
    if workers is not None:
        direct.direct_num_workers = workers
    elif not any(argument.startswith("--direct_num_workers") for argument in beam_args):
        direct.direct_num_workers = min(os.cpu_count() or 1, 4)
    if direct.direct_num_workers == 1:
        direct.direct_running_mode = "in_memory"
    elif not any(argument.startswith("--direct_running_mode") for argument in beam_args):
        # Threads share the model, and a run of the graph holds no lock of Python's.
        direct.direct_running_mode = "multi_threading"
    return options


@contextmanager
def _watched(output: OutputFolder, done: Callable[[int], None]) -> Iterator[None]:
    """Tells of parts as they come into place, whichever process makes them."""
    seen: set[str] = set()
    output.count(seen)
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(_LOOK_EVERY):
            done(output.count(seen))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
        done(output.count(seen))
