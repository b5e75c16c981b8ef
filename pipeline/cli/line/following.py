"""A run in this process, followed on the terminal: what `tagline run` and `tagline tune` share."""

from __future__ import annotations

import functools
import logging
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape

from corpus.checks import check as checks
from corpus.checks.report import Report
from corpus.errors import CorpusError
from pipeline.beam.checks import require_engine, require_reachable
from pipeline.cli.console import short_path
from pipeline.cli.exit_codes import BAD_INPUT, BROKEN, INTERRUPTED
from pipeline.cli.findings import folder_of, print_files, print_findings, print_reading
from pipeline.cli.options import require_writable
from pipeline.runs.full_disk import what_is_full
from pipeline.runs.library_logs import send_logs
from pipeline.runs.metadata_lock import wait_until_free
from pipeline.runs.progress import Progress
from pipeline.runs.run_lock import AlreadyRunning, require_not_running, run_lock
from pipeline.settings import METADATA, Settings


def require_inputs(settings: Settings) -> None:
    """Check what a run reads, its folder, and where Beam's work is done, in the seconds before TFX is imported.

    Raises:
        AlreadyRunning: a run in the same folder has not ended.
        SettingsError: no corpus, no such vectors, a folder that cannot be written to, or an engine that does not
            answer or reach the files.
    """
    settings.require_inputs()
    settings.require_vectors()
    folder = settings.run_dir
    require_not_running(folder)
    require_writable("pipeline.root", folder, *(path for path in folder.glob("*") if path.is_dir()))
    require_reachable(settings, target="run")
    require_engine(settings.beam)


def require_corpus(settings: Settings, console: Console, *, skipped: str) -> Report:
    """Check the corpus as the gate will, and exit with 2 on errors: all of them are shown before anything is written.

    Args:
        settings: the corpus, and how it is read and checked.
        console: where findings go.
        skipped: what is not done because of an error.
    """
    console.print(f"[bold]{settings.name}[/]  {escape(short_path(settings.data))}", soft_wrap=True)
    report = checks.check(settings.data, settings.corpus, settings.checks)
    print_files(console, report, below=folder_of(settings.data))
    print_reading(console, report, examples=False)
    if not report.ok:
        print_findings(console, report)
        errors = f"{report.errors} error{'s' * (report.errors != 1)}"
        console.print(f"\n[red]bad input:[/] {errors} in the corpus; {skipped}")
        sys.exit(BAD_INPUT)
    return report


def with_tokenizer(settings: Settings, report: Report) -> Settings:
    """Name the tokenizer that the check recognised: the Trainer builds it into the model."""
    if report.tokenizer == settings.tokenizer:
        # `auto` stays where it means the same: another setting would miss the cache.
        return settings
    corpus = msgspec.structs.replace(settings.corpus, tokenizer=report.tokenizer)
    return msgspec.structs.replace(settings, corpus=corpus)


def follow(
    work: Callable[[Progress], int],
    console: Console,
    run_dir: Path,
    log_path: Path,
    *,
    writes: Sequence[Path] = (),
    verbose: bool,
    on_interrupt: Callable[[], None],
    name: str,
    bad_input: str = "",
    kept: str,
) -> int:
    """Do `work` while `run_dir` is locked, show its progress, and explain failures; returns the exit code.

    TFX and TensorFlow, which take seconds, are imported once the folder is locked.

    Args:
        work: returns the exit code of a run that ended.
        console: where to.
        run_dir: the folder of the pipeline's runs.
        log_path: the file of all log records.
        writes: other folders that are written to.
        verbose: show the raw logs too.
        on_interrupt: prints what to do after Ctrl-C.
        name: what failed, where no component was running.
        bad_input: what is added after a refused corpus.
        kept: what is added after any other failure.

    Raises:
        AlreadyRunning: a run in the same folder has not ended.
    """
    from components.corpus_gate.verdict import CorpusRefused
    from components.model_gate.floors import FloorWithoutData

    progress = Progress(console, functools.partial(_describe, run_dir / METADATA))
    try:
        with run_lock(run_dir):
            # Before the loggers that it sets up are redirected.
            import pipeline.runners.local  # noqa: F401
            from pipeline.runs.killed import mark_killed

            send_logs(progress, log_path, verbose)
            wait_until_free(run_dir / METADATA)
            mark_killed(run_dir / METADATA)
            return work(progress)
    except AlreadyRunning:
        raise
    except (CorpusError, CorpusRefused, FloorWithoutData) as error:
        progress.fail()
        console.print(f"\n[red]bad input:[/] {escape(str(error))}{bad_input}", soft_wrap=True)
        return BAD_INPUT
    except KeyboardInterrupt:
        progress.fail()
        on_interrupt()
        return INTERRUPTED
    except Exception as error:
        component = progress.fail()
        logging.getLogger("tagline").error("%s", traceback.format_exc())
        first_line = (str(error).strip().splitlines() or ["no message"])[0]
        full = what_is_full(error, [run_dir, *writes, Path(tempfile.gettempdir())])
        console.print(
            f"\n[red]{component or name} failed:[/] {escape(full or f'{type(error).__name__}: {first_line}')}\n"
            f"The traceback is in {escape(short_path(log_path))}. {kept}",
            soft_wrap=True,
        )
        return BROKEN


def _describe(database: Path, component: str) -> str:
    """Describe the outputs of a component of the latest run in a few words."""
    from pipeline.runs.lineage import Lineage
    from pipeline.runs.outcome import describe

    lineage = Lineage(database)
    step = lineage.step(lineage.run_ids()[-1], component)
    return describe(step) if step else ""
