"""The Beam pipeline that fills an output folder, a part at a time in each worker.

Only the place where a part begins travels between workers; its sentences are read, tagged and written by one
worker, so memory holds one part per worker, however long the input is.
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
from serving.batch.errors import BatchFailed
from serving.batch.inference import METRICS, TaggerHandler, Work
from serving.batch.job import Format, Job
from serving.batch.measures import Measures, measured
from serving.batch.output_folder import Manifest, OutputFolder, Part, PartRecord
from serving.batch.plan import Plan, Shard
from serving.batch.scores import count_correct, total_scores
from serving.batch.sources import stretch
from serving.batch.writers import write
from tagging.notation import Notation

_POLL_SECONDS = 0.5
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
    on_done: Callable[[int], None] = lambda _: None,
    on_measures: Callable[[Measures], None] = lambda _: None,
) -> Manifest:
    """Make the parts that are missing, and finish the folder, which the caller holds by `output.hold(job)`.

    Args:
        output: the folder to fill.
        job: everything that the answers depend on.
        plan: the parts to make.
        model: the version's folder.
        options: how corpus files are read.
        workers: parts made at the same time, in threads unless `beam_args` say otherwise; None: as they say,
            or one per core.
        beam_args: Beam's own options, such as `--direct_num_workers=4`.
        on_done: called now and then with how many more sentences are done, first with those of an earlier
            run.
        on_measures: called with what Beam's workers counted, if a part was missing.

    Raises:
        BatchFailed: a part cannot be made; finished parts stay, and the same call resumes after them.
    """
    began = time.monotonic()
    names = {shard.index: part_name(shard.index, len(plan.shards), job.format) for shard in plan.shards}
    finished = output.records()
    on_done(sum(record.part.sentences for record in finished.values()))
    missing = [shard for shard in plan.shards if names[shard.index] not in finished]
    if missing:
        steps = (
            _ReadShard(options),
            TaggerHandler(job.model, job.version, model),
            _WritePart(output.path, job.format, names, plan.notation),
        )
        on_measures(_run(output, missing, steps, _pipeline_options(workers, beam_args), on_done))
        finished = output.records()
    if lost := sorted(set(names.values()) - finished.keys()):
        raise BatchFailed(f"{output.path}: {', '.join(lost[:5])} is not what was written; run it again")
    records = [finished[names[shard.index]] for shard in plan.shards]
    manifest = Manifest(
        job=job,
        sentences=sum(record.part.sentences for record in records),
        tokens=sum(record.part.tokens for record in records),
        entities=sum(record.part.entities for record in records),
        scores=total_scores(record.counted for record in records),
        finished_at=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 3),
        parts=tuple(record.part for record in records),
    )
    try:
        output.finish(manifest)
    except OSError as error:
        raise BatchFailed(_write_failure(error, output.path)) from error
    return manifest


def part_name(index: int, count: int, output_format: Format) -> str:
    """`part-00003-of-00020.jsonl`: sorted by name the parts are in the order of the input."""
    return f"part-{index:05}-of-{count:05}{_ENDINGS[output_format]}"


def _run(
    output: OutputFolder,
    shards: Sequence[Shard],
    steps: tuple[_ReadShard, TaggerHandler, _WritePart],
    options: PipelineOptions,
    on_done: Callable[[int], None],
) -> Measures:
    read, handler, write_part = steps
    try:
        with _progress_reported(output, on_done), beam.Pipeline(options=options) as pipeline:
            _ = (
                pipeline
                | "Parts" >> beam.Create(list(shards))
                | "Read" >> beam.Map(read)
                | "Tag" >> RunInference(handler)
                | "Write" >> beam.Map(write_part)
            )
    except Exception as error:
        failure = BatchFailed.within(error)
        if failure is None:
            raise
        raise failure from error
    return measured(pipeline.result, METRICS)


class _ReadShard:
    """Reads a part's sentences."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options

    def __call__(self, shard: Shard) -> Work:
        sentences = stretch(
            Path(shard.path), self._options, offset=shard.offset, line=shard.line, count=shard.count
        )
        if len(sentences) != shard.count:
            raise BatchFailed(f"{shard.path} has changed while it was read; run it again on files that stay")
        return Work(shard, sentences, [])


class _WritePart:
    """Writes a part and its record."""

    def __init__(
        self, folder: Path, output_format: Format, names: dict[int, str], notation: Notation | None
    ) -> None:
        self._folder = str(folder)
        self._format = output_format
        self._names = names
        self._notation = notation

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
            return PartRecord(part, count_correct(work.sentences, answers, self._notation))

        try:
            OutputFolder(Path(self._folder)).add(
                name, lambda path: write(path, answers, self._format), record
            )
        except OSError as error:
            raise BatchFailed(_write_failure(error, Path(self._folder, name))) from error
        return name


def _write_failure(error: OSError, path: Path) -> str:
    return (
        f"{path}: cannot be written ({error.strerror or error}); finished parts stay: make room, then the "
        "same command resumes"
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
        # Threads share the model, and a run of the graph releases Python's lock.
        direct.direct_running_mode = "multi_threading"
    return options


@contextmanager
def _progress_reported(output: OutputFolder, on_done: Callable[[int], None]) -> Iterator[None]:
    """Report parts as they appear in the folder, whichever process makes them."""
    seen: set[str] = set()
    output.count(seen)
    stop = threading.Event()

    def poll() -> None:
        while not stop.wait(_POLL_SECONDS):
            on_done(output.count(seen))

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        on_done(output.count(seen))
