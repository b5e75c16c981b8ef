"""`tagline tune`."""

from __future__ import annotations

import datetime
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.metrics.display_names import display_name
from corpus.checks import check as checks
from corpus.errors import CorpusError
from pipeline.beam.checks import require_engine, require_reachable
from pipeline.cli.console import output
from pipeline.cli.findings import count_errors, print_findings
from pipeline.runs.library_logs import quiet_libraries, send_logs
from pipeline.runs.only_run import AnotherRun, only_run
from pipeline.runs.progress import Progress
from pipeline.settings import Settings, SettingsError, tuned

if TYPE_CHECKING:
    from components.tuner.trials import SearchTrial

OK, BROKEN, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def tune(settings: Settings, *, config: Path | None, output_file: Path | None, verbose: bool) -> None:
    """Search, show it, write the best settings, and exit with what came of it.

    Args:
        settings: all of them.
        config: the file that they are from, which is not to be written over.
        output_file: where the best settings go; None for `tuned.yaml` beside the pipeline's runs.
        verbose: show the raw logs.
    """
    console = output()
    settings.require_inputs()
    settings.require_vectors()
    require_reachable(settings, target="run")
    require_engine(settings.beam)
    target = output_file or settings.run_dir / "tuned.yaml"
    _require_target(target, config)
    console.print(f"[bold]{settings.name}[/]  {escape(settings.data)}", soft_wrap=True)
    report = checks.check(settings.data, settings.corpus, settings.checks)
    if not report.ok:
        print_findings(console, report)
        errors = count_errors(report)
        console.print(
            f"\n[red]bad input:[/] {errors} error{'s' * (errors != 1)} in the corpus; nothing was tried"
        )
        sys.exit(BAD_INPUT)
    quiet_libraries(verbose)
    sys.exit(_tune(settings, console, target, verbose))


def _tune(settings: Settings, console: Console, target: Path, verbose: bool) -> int:
    from components.corpus_gate.verdict import CorpusRefused
    from pipeline.factory import METADATA
    from pipeline.runners.tuning import search, trials_of
    from pipeline.runs.lineage import Lineage
    from pipeline.runs.outcome import describe

    run_dir = settings.with_absolute_paths().run_dir
    log_path = run_dir / "logs" / f"tune-{datetime.datetime.now():%Y%m%d-%H%M%S}.log"

    def came_out(component: str) -> str:
        lineage = Lineage(run_dir / METADATA)
        step = lineage.step(lineage.run_ids()[-1], component)
        return describe(step) if step else ""

    progress = Progress(console, came_out)
    try:
        with only_run(run_dir):
            send_logs(progress, log_path, verbose)
            _say_what_is_searched(console, settings)
            return _conclude(console, settings, search(settings), target)
    except AnotherRun as error:
        console.print(f"[red]not run:[/] {escape(str(error))}", soft_wrap=True)
        return BAD_INPUT
    except (CorpusError, CorpusRefused) as error:
        progress.fail()
        console.print(f"\n[red]bad input:[/] {escape(str(error))}", soft_wrap=True)
        return BAD_INPUT
    except KeyboardInterrupt:
        progress.fail()
        _print_trials(console, trials_of(settings))
        console.print("\ninterrupted; the same command goes on where this one stopped")
        return INTERRUPTED
    except Exception as error:
        component = progress.fail()
        logging.getLogger("tagline").error("%s", traceback.format_exc())
        first = (str(error).strip().splitlines() or ["no message"])[0]
        console.print(
            f"\n[red]{component or 'The search'} failed:[/] {type(error).__name__}: {escape(first)}\n"
            f"The whole story is in {escape(_short(log_path))}. Trials that ended are kept: the same command goes on "
            "where this one stopped.",
            soft_wrap=True,
        )
        return BROKEN


def _say_what_is_searched(console: Console, settings: Settings) -> None:
    from components.tuner.options import trainings_of_a_round
    from components.tuner.space import tried

    epochs = settings.longest_training.epochs
    trials = settings.tuning.most_trials(epochs)
    console.print(
        f"{settings.tuning.algorithm}: {trials} trials of up to {epochs} epochs over "
        f"{', '.join(tried(settings.tuning.space))}",
        soft_wrap=True,
    )
    whole = trainings_of_a_round(epochs)
    if settings.tuning.algorithm == "hyperband" and trials % whole:
        console.print(
            f"[yellow]a round of hyperband over {epochs} epochs is {whole} trials, and the last ones of a round are "
            f"the longest: {trials} trials end within one[/]",
            soft_wrap=True,
        )


def _conclude(console: Console, settings: Settings, asked: Sequence[SearchTrial], target: Path) -> int:
    from components.tuner.trials import best_of, settings_text

    best = best_of(asked)
    assert best is not None, "a search without any success ends by an error"
    _print_trials(console, asked)
    trial = best.trial
    score = f"{display_name(trial.metric)} {trial.dev_score:.4f} on dev"
    trial_settings = settings_text(trial.settings)
    tuned.write(
        target,
        tuned.tuned(settings, trial.settings, epochs=trial.hyperparameters.epochs),
        about=f"What `tagline tune` found to be best: trial {best.number} of {len(asked)}, {score} in epoch "
        f"{trial.best_epoch} of {trial.hyperparameters.epochs}.\n"
        f"Chosen: {trial_settings}.\n"
        "All else is as it was for the search.",
    )
    seconds = sum(one.trial.seconds for one in asked if not one.known)
    known = sum(one.known for one in asked)
    console.print()
    console.print(
        f"{len(asked)} trials, {known} of them trained before; the others trained for {seconds:.1f} s"
    )
    console.print(f"[green]best[/]     {score}: {escape(trial_settings)}", soft_wrap=True)
    console.print(f"written  {escape(_short(target))}", soft_wrap=True)
    console.print(f"train with it by  tagline run --config {escape(_short(target))}", soft_wrap=True)
    return OK


def _print_trials(console: Console, asked: Sequence[SearchTrial]) -> None:
    """The best first; those that failed last."""
    from components.tuner.trials import best_of, settings_text

    if not asked:
        return
    best = best_of(asked)
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column("trial", justify="right")
    table.add_column("epochs", justify="right")
    table.add_column("dev", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("settings", overflow="fold")
    for one in sorted(asked, key=lambda one: (bool(one.trial.failed), -one.trial.dev_score, one.number)):
        trial = one.trial
        words = settings_text(trial.settings)
        table.add_row(
            str(one.number),
            str(trial.hyperparameters.epochs),
            "failed" if trial.failed else f"{trial.dev_score:.4f}",
            f"{trial.seconds:.1f}",
            escape(f"{words}: {trial.failed}" if trial.failed else words),
            style="bold" if one is best else "red" if trial.failed else "",
        )
    console.print()
    console.print(table)


def _require_target(target: Path, config: Path | None) -> None:
    if target.is_dir():
        raise SettingsError(
            f"--output {target}: found a folder; expected a file to write, such as tuned.yaml"
        )
    if config is not None and target.exists() and config.exists() and target.samefile(config):
        raise SettingsError(f"--output {target}: found the file of --config; expected another one")


def _short(path: str | Path) -> str:
    """Relative to the current folder where that is shorter."""
    return str(path).removeprefix(os.getcwd() + os.sep)
