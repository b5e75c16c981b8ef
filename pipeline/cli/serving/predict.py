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

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from files.atomic import replacing
from pipeline.beam.args import bulk_args
from pipeline.beam.checks import require_engine, require_reachable
from pipeline.cli.console import output as standard_output
from pipeline.cli.progress_bar import Counting
from pipeline.cli.pushed_server import pushed_version
from pipeline.settings import Settings, SettingsError
from serving.batch.errors import BatchFailed, BatchRefused
from serving.batch.job import FORMATS, SHARD_SIZE, Format, Job, Reading, sum_of_model
from serving.batch.measures import Measures
from serving.batch.output_folder import SUCCESS, Manifest, OutputFolder
from serving.batch.plan import Plan, plan
from serving.batch.scores import Scores
from serving.batch.sources import input_files

BROKEN, INTERRUPTED = 1, 130

# A name that ends so means a file; any other is a folder's.
_FILES: dict[str, Format] = {".jsonl": "jsonl", ".conll": "conll", ".tfrecord": "tfrecord"}
_OTHER_FILES = (".json", ".csv", ".tsv", ".txt", ".gz", ".zip", ".parquet", ".conllu", ".xml", ".html")


def predict(
    settings: Settings,
    *,
    source: Path,
    output: Path,
    version: int | None,
    output_format: str | None,
    workers: int | None,
    shard_size: int | None,
) -> None:
    """Tag what is in `source`, a part at a time, and print what came of it; a finished output is only told of."""
    chosen_format = _format(output, output_format)
    require_reachable(settings, target="predict")
    _require_own_workers(settings, workers)
    if source.is_dir() and output.resolve().is_relative_to(source.resolve()):
        raise SettingsError(f"--output {output}: lies in --input; expected a place outside of what is read")
    # Not resolved: a link is told by its own name, wherever what it names may lie.
    paths = tuple(path.absolute() for path in input_files(source))
    if any(output.exists() and output.samefile(path) for path in paths if path.exists()):
        raise SettingsError(f"--output {output}: is what is read; expected another file")
    model = pushed_version(settings, version)
    # The stream itself: what Beam prints beside it goes elsewhere.
    console = Console(file=sys.stderr, highlight=False)
    root = source.absolute() if source.is_dir() else paths[0].parent
    size = shard_size or SHARD_SIZE
    with console.status(f"reading {source}"):
        planned = plan(paths, root, settings.corpus, shard_size=size)
    job = Job(
        model=settings.name,
        version=int(model.name),
        model_sha256=sum_of_model(model),
        format=chosen_format,
        shard_size=size,
        reading=Reading.of(settings.corpus),
        files=planned.files,
    )
    single = output.suffix in _FILES
    folder = OutputFolder((_parts_of(output) if single else output).absolute())
    try:
        with folder.hold(job) as finished:
            manifest = finished or _filled(folder, job, planned, model, settings, workers, console)
        if single:
            _joined(folder, manifest, output)
    except BatchRefused as error:
        raise SettingsError(str(error)) from error
    except (BatchFailed, OSError) as error:
        console.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(BROKEN)
    word = "done before, nothing to do" if finished else "tagged"
    console.print(
        f"{manifest.sentences:,} sentence{'s' * (manifest.sentences != 1)} of {source} {word}: {output}",
        soft_wrap=True,
        markup=False,
    )
    _tell_scores(manifest.scores, planned, console)


def _require_own_workers(settings: Settings, workers: int | None) -> None:
    if workers is not None and settings.beam.runner != "direct":
        raise SettingsError(
            f"--workers: found {workers}, with beam.runner {settings.beam.runner}; an engine has as many workers as it "
            "is told: take --workers out, or the runner"
        )


def _format(output: Path, asked: str | None) -> Format:
    chosen = next((known for known in FORMATS if known == asked), None)
    if asked is not None and chosen is None:
        raise SettingsError(f"--format: found {asked!r}; expected one of {', '.join(FORMATS)}")
    if output.suffix.lower() in _OTHER_FILES and not output.is_dir():
        raise SettingsError(
            f"--output {output}: expected a folder, or a name that ends in {', '.join(_FILES)}"
        )
    named = _FILES.get(output.suffix)
    if named and asked not in (None, named):
        raise SettingsError(f"--output {output} and --format {asked}: expected the same of both")
    return named or chosen or "jsonl"


def _filled(
    folder: OutputFolder,
    job: Job,
    planned: Plan,
    model: Path,
    settings: Settings,
    workers: int | None,
    console: Console,
) -> Manifest:
    """Tags what is not tagged yet."""
    require_engine(settings.beam)
    measures: list[Measures] = []
    _quiet_libraries()
    # Not before something is to be done: TensorFlow and Beam take seconds.
    with console.status("starting"):
        from serving.batch.fill import fill
    # Beam's threads print each error that they hand on as well.
    with (
        contextlib.redirect_stderr(io.StringIO()),
        _left_at_once(console),
        Counting(console, "sentences", planned.sentences) as counting,
    ):
        manifest = fill(
            folder,
            job,
            planned,
            model=model.resolve(),
            options=settings.corpus,
            workers=workers,
            beam_args=bulk_args(settings.beam, workers=workers),
            on_done=counting.add,
            on_measures=measures.append,
        )
    for measure in measures:
        console.print(_of_batches(measure), soft_wrap=True)
    return manifest


def _of_batches(measures: Measures) -> str:
    """What a batch held and took, in a line."""
    rows, times = (measures.spreads.get(name) for name in ("rows_per_batch", "microseconds_per_batch"))
    if rows is None or times is None:
        return "this engine tells nothing of its batches"
    return (
        f"{rows.count:,} batches of {rows.mean:.1f} sentences, {times.mean / 1e3:.1f} ms each and "
        f"{times.max / 1e3:.1f} ms at most; {measures.counters.get('tokens', 0):,} tokens"
    )


@contextlib.contextmanager
def _left_at_once(console: Console) -> Iterator[None]:
    """Ctrl-C ends the process where it is: workers in the middle of a part would be waited for, or make another
    error of it, and what they have not put in place is no loss.
    """

    def leave(*_: object) -> None:
        console.show_cursor()
        console.print("interrupted; the same command goes on from here")
        console.file.flush()
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _parts_of(output: Path) -> Path:
    """The folder of the parts of a single file, beside it until it is whole."""
    return output.with_name(f".{output.name}.parts")


def _joined(folder: OutputFolder, manifest: Manifest, output: Path) -> None:
    """Makes one file of the parts, in place at once, and drops them."""
    with replacing(output) as draft, draft.open("wb") as file:
        for part in manifest.parts:
            with (folder.path / part.name).open("rb") as source:
                shutil.copyfileobj(source, file)
    # First what says that the parts are whole: then they may go.
    (folder.path / SUCCESS).unlink()
    shutil.rmtree(folder.path)


def _tell_scores(scores: Scores | None, planned: Plan, console: Console) -> None:
    """Prints them by label; says why where there are none."""
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
    """What goes wrong is told in a line of our own."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    warnings.simplefilter("ignore")
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
