"""The commands that run the line and tell of its runs, declared; what it takes to answer is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli.options import Assignments, Config, Data, settings_of


def run(
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
    force_bless: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Push a model that ModelGate refuses; its manifest keeps the reason. Never one that "
            "does not answer as it should.",
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the raw logs.")] = False,
) -> None:
    """Run the whole line: corpus to pushed model. Exit code 3 if a gate refuses the model."""
    from pipeline.cli.line.run import run

    run(settings_of(config, data, assignments), verbose=verbose, force_bless=force_bless)


def tune(
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, help="Trainings at most; without it as tuning.trials says: a round of hyperband, or 20."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs of the longest training; trainer.epochs without it.")
    ] = None,
    algorithm: Annotated[
        Literal["hyperband", "bayesian", "random"] | None,
        typer.Option(help="How settings are chosen; tuning.algorithm without it."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write; runs/<name>/tuned.yaml without it."),
    ] = None,
    config: Config = None,
    data: Data = None,
    assignments: Assignments = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the raw logs.")] = False,
) -> None:
    """Search for better settings of the training, and write the best to a file that `run --config` takes.

    What is tried stands in the settings, below tuning.space; scores are those of the dev split.

    The same command again, after an interruption or to the end, trains no trial twice; more --trials go on from there.
    """
    from pipeline.cli.line.tune import tune

    given = {"trials": trials, "epochs": epochs, "algorithm": algorithm}
    extra = [f"tuning.{name}={value}" for name, value in given.items() if value is not None]
    settings = settings_of(config, data, [*(assignments or []), *extra])
    tune(settings, config=config, output_file=output, verbose=verbose)


def check(
    data: Annotated[Path | None, typer.Argument(help="The corpus: a folder or a file.")] = None,
    config: Config = None,
    assignments: Assignments = None,
    output_format: Annotated[
        str, typer.Option("--format", help="text (for people), json, or sarif (for code hosts).")
    ] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Show all findings listed, not the first few of a kind.")
    ] = False,
    fix: Annotated[
        Path | None,
        typer.Option(
            help="Write a repaired copy into this folder, with changes.diff; tell what is left in it."
        ),
    ] = None,
) -> None:
    """Check a corpus, every finding with file and line. Exit code 2 if there are errors."""
    from pipeline.cli.line.check import check

    check(
        settings_of(config, data, assignments),
        output_format="json" if as_json else output_format,
        everything=everything,
        fix=fix,
    )


def status(config: Config = None, assignments: Assignments = None) -> None:
    """The last run and the pushed versions."""
    from pipeline.cli.line.status import status

    status(settings_of(config, None, assignments))


def report(
    all_runs: Annotated[
        bool, typer.Option("--list", help="All runs: data, scores, what became of each.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list: as JSON.")] = False,
    compared: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--compare",
            metavar="RUN1 RUN2",
            help="Two runs side by side, as a page: ids or their beginnings, versions, last, previous.",
        ),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")] = False,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Where the last run's report lies; or a list of all runs; or a page about two of them."""
    from pipeline.cli.line.report import report

    report(
        settings_of(config, None, assignments),
        open_browser=open_browser,
        all_runs=all_runs,
        as_json=as_json,
        compared=compared,
    )


def tensorboard(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")] = 6006,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "localhost",
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Show the curves of all trainings in TensorBoard, until interrupted."""
    from pipeline.cli.line.tensorboard import tensorboard

    tensorboard(settings_of(config, None, assignments), port=port, host=host)
