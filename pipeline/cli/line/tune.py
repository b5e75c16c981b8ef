"""`tagline tune`."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.metrics.display_names import display_name
from pipeline.cli.console import output as standard_output
from pipeline.cli.console import short_path
from pipeline.cli.exit_codes import OK
from pipeline.cli.line.following import follow, require_corpus, require_inputs, with_tokenizer
from pipeline.cli.options import Assignments, Config, Data, Verbose, require_writable, settings_of
from pipeline.runs.library_logs import quiet_libraries
from pipeline.runs.progress import Progress
from pipeline.settings import Settings, SettingsError, tuned

if TYPE_CHECKING:
    from components.tuner.trials import SearchTrial


def tune(
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, help="Trainings at most; default: tuning.trials, which is a round of hyperband, or 20."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs of the longest training; default: trainer.epochs.")
    ] = None,
    algorithm: Annotated[
        Literal["hyperband", "bayesian", "random"] | None,
        typer.Option(help="How settings are chosen; default: tuning.algorithm."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write; default: runs/<name>/tuned.yaml."),
    ] = None,
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
    verbose: Verbose = False,
) -> None:
    """Search for better settings of the training, and write the best to a file that `run --config` takes.

    The settings to try are set below tuning.space; scores are those of the dev split.

    The same command again, after an interruption or to the end, trains no trial twice; more --trials extend the search.
    """
    options = {"trials": trials, "epochs": epochs, "algorithm": algorithm}
    extra = [f"tuning.{name}={value}" for name, value in options.items() if value is not None]
    settings = settings_of(config, data, [*(assignments or []), *extra])
    require_inputs(settings)
    target = output or settings.run_dir / "tuned.yaml"
    _require_target(target, config)
    require_writable("--output", target.parent)
    console = standard_output()
    settings = with_tokenizer(settings, require_corpus(settings, console, skipped="nothing was tried"))
    quiet_libraries(verbose)
    sys.exit(_search(settings, console, target, verbose))


def _require_target(target: Path, config: Path | None) -> None:
    if target.is_dir():
        raise SettingsError(
            f"--output {target}: found a folder; expected a file to write, such as tuned.yaml"
        )
    if config is not None and target.exists() and config.exists() and target.samefile(config):
        raise SettingsError(f"--output {target}: found the file of --config; expected another one")


def _search(settings: Settings, console: Console, target: Path, verbose: bool) -> int:
    run_dir = settings.with_absolute_paths().run_dir

    def work(_: Progress) -> int:
        from pipeline.runners.tuning import search

        _print_plan(console, settings)
        trials = search(settings)
        _print_trials(console, trials)
        _write_best(console, settings, trials, target)
        return OK

    def on_interrupt() -> None:
        from pipeline.runners.tuning import trials_of

        _print_trials(console, trials_of(settings))
        console.print("\ninterrupted; the same command resumes where this one stopped")

    return follow(
        work,
        console,
        run_dir,
        run_dir / "logs" / f"tune-{datetime.datetime.now():%Y%m%d-%H%M%S}.log",
        verbose=verbose,
        on_interrupt=on_interrupt,
        name="The search",
        kept="Finished trials are kept: the same command resumes where this one stopped.",
    )


def _print_plan(console: Console, settings: Settings) -> None:
    """Print how many trials there will be, and over which settings."""
    from components.tuner.options import trainings_of_a_round
    from components.tuner.space import tried

    epochs = settings.longest_training.epochs
    trials = settings.tuning.most_trials(epochs)
    console.print(
        f"{settings.tuning.algorithm}: {trials} trials of up to {epochs} epochs over "
        f"{', '.join(tried(settings.tuning.space))}",
        soft_wrap=True,
    )
    per_round = trainings_of_a_round(epochs)
    if settings.tuning.algorithm == "hyperband" and trials % per_round:
        console.print(
            f"[yellow]a round of hyperband over {epochs} epochs is {per_round} trials, and the last ones of a round "
            f"are the longest: {trials} trials end within one[/]",
            soft_wrap=True,
        )


def _print_trials(console: Console, trials: Sequence[SearchTrial]) -> None:
    """Print a table of the trials, the best first and failed ones last."""
    from components.tuner.trials import best_of, settings_text

    if not trials:
        return
    best = best_of(trials)
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    for column in ("trial", "epochs", "dev", "seconds"):
        table.add_column(column, justify="right")
    table.add_column("settings", overflow="fold")
    for one in sorted(trials, key=lambda one: (bool(one.trial.failed), -one.trial.dev_score, one.number)):
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


def _write_best(console: Console, settings: Settings, trials: Sequence[SearchTrial], target: Path) -> None:
    from components.tuner.trials import best_of, settings_text

    best = best_of(trials)
    assert best is not None, "a search without any success ends by an error"
    trial = best.trial
    score = f"{display_name(trial.metric)} {trial.dev_score:.4f} on dev"
    trial_settings = settings_text(trial.settings)
    tuned.write(
        target,
        tuned.tuned(settings, trial.settings, epochs=trial.hyperparameters.epochs),
        about=f"The best settings that `tagline tune` found: trial {best.number} of {len(trials)}, {score} in epoch "
        f"{trial.best_epoch} of {trial.hyperparameters.epochs}.\n"
        f"Chosen: {trial_settings}.\n"
        "All other settings are those of the search.",
    )
    seconds = sum(one.trial.seconds for one in trials if not one.known)
    reused = sum(one.known for one in trials)
    console.print()
    console.print(
        f"{len(trials)} trials, {reused} of them trained before; the others trained for {seconds:.1f} s"
    )
    console.print(f"[green]best[/]     {score}: {escape(trial_settings)}", soft_wrap=True)
    console.print(f"written  {escape(short_path(target))}", soft_wrap=True)
    console.print(f"train with it by  tagline run --config {escape(short_path(target))}", soft_wrap=True)
