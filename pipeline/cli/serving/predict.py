"""`tagline predict`."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from files.atomic import replacing
from pipeline.beam.args import bulk_args
from pipeline.beam.checks import require_engine, require_reachable
from pipeline.cli.console import output as standard_output
from pipeline.cli.exit_codes import BROKEN, INTERRUPTED
from pipeline.cli.options import Assignments, Config, require_writable, settings_of
from pipeline.cli.progress_bar import ProgressBar
from pipeline.cli.pushed_server import pushed_version
from pipeline.settings import Settings, SettingsError
from serving.batch.errors import BatchFailed, BatchRefused
from trainer.export.recorded_tokenizer import tokenizer_of

if TYPE_CHECKING:
    from serving.batch.job import Format, Job
    from serving.batch.measures import Measures
    from serving.batch.output_folder import Manifest, OutputFolder
    from serving.batch.plan import Plan
    from serving.batch.scores import Scores

# A name that ends so means a file; any other is a folder's.
_FILES: dict[str, Format] = {".jsonl": "jsonl", ".conll": "conll", ".tfrecord": "tfrecord"}
_OTHER_FILES = (".json", ".csv", ".tsv", ".txt", ".gz", ".zip", ".parquet", ".conllu", ".xml", ".html")


def predict(
    source: Annotated[
        Path,
        typer.Option(
            "--input", "-i", help="A corpus file, a text a line (.txt), or a folder of them; .gz too."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="A folder for parts and manifest, or one file: .jsonl, .conll, .tfrecord."
        ),
    ],
    version: Annotated[int | None, typer.Option(help="The pushed version; default: the latest.")] = None,
    output_format: Annotated[
        str | None,
        typer.Option("--format", help="jsonl (the default for a folder), conll or tfrecord."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Parts written at a time; default: as set below beam."),
    ] = None,
    shard_size: Annotated[
        int | None, typer.Option(min=1, help="Most sentences of a part; default: 5,000.")
    ] = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Tag files in bulk by a pushed model, without a server.

    The same command again resumes where an interrupted one stopped.

    Where the input is tagged, the answers are scored against its tags.
    """
    settings = settings_of(config, None, assignments)
    format_ = _format(output, output_format)
    require_reachable(settings, target="predict")
    _require_own_workers(settings, workers)
    paths = _inputs(source, output)
    require_writable("--output", output.parent if output.suffix in _FILES else output)
    model = pushed_version(settings, version)
    settings = _with_tokenizer_of(model, settings)
    # The stream itself: what Beam prints beside it is redirected.
    console = Console(file=sys.stderr, highlight=False)
    with console.status(f"reading {source}"):
        job, planned = _job(settings, source, paths, model, format_, shard_size)
    try:
        manifest, done_before = _predict(settings, job, planned, model, output, workers, console)
    except BatchRefused as error:
        raise SettingsError(str(error)) from error
    except (BatchFailed, OSError) as error:
        console.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(BROKEN)
    word = "done before, nothing to do" if done_before else "tagged"
    console.print(
        f"{manifest.sentences:,} sentence{'s' * (manifest.sentences != 1)} of {source} {word}: {output}",
        soft_wrap=True,
        markup=False,
    )
    _print_scores(manifest.scores, planned, console)


def _inputs(source: Path, output: Path) -> tuple[Path, ...]:
    """The files to read, none of which the output may touch."""
    from serving.batch.sources import input_files

    if source.is_dir() and output.resolve().is_relative_to(source.resolve()):
        raise SettingsError(f"--output {output}: lies in --input; expected a place outside of what is read")
    # Not resolved: the manifest names a link by its own name, wherever its target is.
    paths = tuple(path.absolute() for path in input_files(source))
    if any(output.exists() and output.samefile(path) for path in paths if path.exists()):
        raise SettingsError(f"--output {output}: is what is read; expected another file")
    return paths


def _with_tokenizer_of(model: Path, settings: Settings) -> Settings:
    """Split the texts of a corpus as the model splits a text, unless the settings name a tokenizer."""
    if settings.corpus.tokenizer != "auto":
        return settings
    corpus = msgspec.structs.replace(settings.corpus, tokenizer=tokenizer_of(model))
    return msgspec.structs.replace(settings, corpus=corpus)


def _job(
    settings: Settings,
    source: Path,
    paths: tuple[Path, ...],
    model: Path,
    format_: Format,
    shard_size: int | None,
) -> tuple[Job, Plan]:
    from serving.batch.job import SHARD_SIZE, Job, Reading, sum_of_model
    from serving.batch.plan import plan

    root = source.absolute() if source.is_dir() else paths[0].parent
    size = shard_size or SHARD_SIZE
    planned = plan(paths, root, settings.corpus, shard_size=size)
    job = Job(
        model=settings.name,
        version=int(model.name),
        model_sha256=sum_of_model(model),
        format=format_,
        shard_size=size,
        reading=Reading.of(settings.corpus),
        files=planned.files,
    )
    return job, planned


def _predict(
    settings: Settings,
    job: Job,
    planned: Plan,
    model: Path,
    output: Path,
    workers: int | None,
    console: Console,
) -> tuple[Manifest, bool]:
    """Complete the output; returns its manifest, and whether it was complete before."""
    from serving.batch.output_folder import OutputFolder

    single = output.suffix in _FILES
    # The parts of a single file lie beside it until it is complete.
    folder = OutputFolder((output.with_name(f".{output.name}.parts") if single else output).absolute())
    with folder.hold(job) as finished:
        manifest = finished or _fill(folder, job, planned, model, settings, workers, console)
    if single:
        _join(folder, manifest, output)
    return manifest, finished is not None


def _require_own_workers(settings: Settings, workers: int | None) -> None:
    if workers is not None and settings.beam.runner != "direct":
        raise SettingsError(
            f"--workers: found {workers}, with beam.runner {settings.beam.runner}; an engine has its own "
            "number of workers: take --workers out, or the runner"
        )


def _format(output: Path, option: str | None) -> Format:
    from serving.batch.job import FORMATS

    chosen = next((name for name in FORMATS if name == option), None)
    if option is not None and chosen is None:
        raise SettingsError(f"--format: found {option!r}; expected one of {', '.join(FORMATS)}")
    if output.suffix.lower() in _OTHER_FILES and not output.is_dir():
        raise SettingsError(
            f"--output {output}: expected a folder, or a name that ends in {', '.join(_FILES)}"
        )
    named = _FILES.get(output.suffix)
    if named and option not in (None, named):
        raise SettingsError(f"--output {output} and --format {option}: expected the same of both")
    return named or chosen or "jsonl"


def _fill(
    folder: OutputFolder,
    job: Job,
    planned: Plan,
    model: Path,
    settings: Settings,
    workers: int | None,
    console: Console,
) -> Manifest:
    """Tag what is not tagged yet."""
    require_engine(settings.beam)
    measures: list[Measures] = []
    _quiet_libraries()
    # Seconds: TensorFlow and Beam.
    with console.status("starting"):
        from serving.batch.fill import fill
    # Beam's threads also print each error that they raise.
    with (
        contextlib.redirect_stderr(io.StringIO()),
        _exit_on_interrupt(console),
        ProgressBar(console, "sentences", planned.sentences) as bar,
    ):
        manifest = fill(
            folder,
            job,
            planned,
            model=model.resolve(),
            options=settings.corpus,
            workers=workers,
            beam_args=bulk_args(settings.beam, workers=workers),
            on_done=bar.add,
            on_measures=measures.append,
        )
    for measure in measures:
        console.print(_batch_summary(measure), soft_wrap=True)
    return manifest


def _batch_summary(measures: Measures) -> str:
    """A line about the size and time of batches."""
    rows, times = (measures.spreads.get(name) for name in ("rows_per_batch", "microseconds_per_batch"))
    if rows is None or times is None:
        return "this engine reports nothing about its batches"
    return (
        f"{rows.count:,} batches of {rows.mean:.1f} sentences, {times.mean / 1e3:.1f} ms each and "
        f"{times.max / 1e3:.1f} ms at most; {measures.counters.get('tokens', 0):,} tokens"
    )


@contextlib.contextmanager
def _exit_on_interrupt(console: Console) -> Iterator[None]:
    """End the process at once on Ctrl-C: Beam would wait for workers in the middle of a part, or hide the interrupt in
    an error of its own. Parts are put in place when they are complete, so nothing is lost but work.
    """

    def exit_now(*_: object) -> None:
        console.show_cursor()
        console.print("interrupted; the same command resumes from here")
        console.file.flush()
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, exit_now)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _join(folder: OutputFolder, manifest: Manifest, output: Path) -> None:
    """Make one file of the parts, in one step, and remove them."""
    from serving.batch.output_folder import SUCCESS

    with replacing(output) as draft, draft.open("wb") as file:
        for part in manifest.parts:
            with (folder.path / part.name).open("rb") as source:
                shutil.copyfileobj(source, file)
    # First the mark that the parts are complete: a crash in between must not leave it beside missing parts.
    (folder.path / SUCCESS).unlink()
    shutil.rmtree(folder.path)


def _print_scores(scores: Scores | None, planned: Plan, console: Console) -> None:
    """Print the scores by label, or why nothing was scored."""
    if scores is None:
        reason = planned.not_scored or "its tags are of another kind than the model's"
        console.print(f"not scored: {reason}", soft_wrap=True, markup=False)
        return
    metrics, out = scores.metrics, standard_output()
    if scores.primary == "token_accuracy":
        out.print(f"token accuracy {metrics['token_accuracy']:.4f} against the tags of the input")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("against the tags of the input")
    for column in ("precision", "recall", "F1", "entities"):
        table.add_column(column, justify="right")
    labels = sorted(key.partition("/")[2] for key in metrics if key.startswith("entities/"))
    for of in ["", *(f"/{label}" for label in labels)]:
        cells = [f"{metrics[f'entity_{name}_strict{of}']:.4f}" for name in ("precision", "recall", "f1")]
        count = sum(int(metrics[f"entities/{label}"]) for label in ([of[1:]] if of else labels))
        table.add_row(escape(of[1:]) or "all entities (strict)", *cells, f"{count:,}")
    out.print(table)


def _quiet_libraries() -> None:
    """Errors are printed in a line of our own."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    warnings.simplefilter("ignore")
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
