"""`tagline run`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.cli.console import output, short_path
from pipeline.cli.exit_codes import OK, REFUSED
from pipeline.cli.line.following import follow, require_corpus, require_inputs, with_tokenizer
from pipeline.cli.options import Assignments, Config, Data, Verbose, require_writable, settings_of
from pipeline.runs.library_logs import quiet_libraries
from pipeline.runs.progress import Progress
from pipeline.settings import METADATA, Settings, SettingsError

if TYPE_CHECKING:
    from pipeline.runs.outcome import Outcome


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
    verbose: Verbose = False,
) -> None:
    """Run the pipeline: corpus to pushed model. Exit code 3 if a gate refuses the model."""
    settings = settings_of(config, data, assignments)
    if force_bless is not None and not force_bless.strip():
        raise SettingsError(
            "--force-bless: found no reason; expected one, which the manifest keeps, such as "
            '--force-bless "the test split is known to be mislabelled"'
        )
    force_bless = (force_bless or "").strip()
    require_inputs(settings)
    require_writable("serving.models", settings.models_dir)
    settings = settings.with_absolute_paths()
    console = output()
    report = require_corpus(settings, console, skipped="nothing was run")
    settings = with_tokenizer(settings, report)
    from pipeline.runs.required_floors import require_floors

    require_floors(settings, report)
    quiet_libraries(verbose)
    log_path = settings.run_dir / "logs" / f"{datetime.datetime.now():%Y%m%d-%H%M%S}.log"

    def run_line(progress: Progress) -> int:
        from pipeline.runners import local

        local.run(settings, force_bless=force_bless)
        outcome = _record(settings, progress, log_path)
        _print_outcome(console, outcome)
        if not outcome.pushed_to:
            _print_refusal(console, outcome)
            return REFUSED
        _print_pushed(console, settings, outcome, force_bless)
        return OK

    code = follow(
        run_line,
        console,
        settings.run_dir,
        log_path,
        writes=[settings.models_dir],
        verbose=verbose,
        on_interrupt=lambda: console.print(
            "\ninterrupted; the next `tagline run` resumes where this one stopped"
        ),
        name="The pipeline",
        bad_input="\nNothing was pushed.",
        kept="Finished components are kept: the next run resumes here.",
    )
    sys.exit(code)


def _record(settings: Settings, progress: Progress, log_path: Path) -> Outcome:
    """Save the outcome of the run that has just ended as the pipeline's last."""
    from pipeline.runs.lineage import Lineage
    from pipeline.runs.outcome import Outcome, counted, describe, refusals

    lineage = Lineage(settings.run_dir / METADATA)
    run_id = lineage.run_ids()[-1]
    steps = lineage.steps(run_id, ("CorpusGen", "AtomicPusher", "Report"))
    pushed = steps["AtomicPusher"].only("pushed_model").properties
    outcome = Outcome(
        run_id=run_id,
        seconds=progress.seconds,
        cached=progress.cached,
        came_out=progress.came_out,
        pushed_to=str(pushed.get("pushed_destination", "")),
        duplicate=bool(pushed.get("duplicate", 0)),
        refusals=refusals(lineage, run_id),
        report=describe(steps["Report"]),
        log=str(log_path),
        forced=str(pushed.get("forced", "")),
        not_forced=str(pushed.get("not_forced", "")),
        counted={component: words for component, step in steps.items() if (words := counted(step))},
    )
    outcome.save(settings.run_dir)
    return outcome


def _print_outcome(console: Console, outcome: Outcome) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column("component")
    table.add_column("seconds", justify="right")
    table.add_column("what came out", overflow="fold")
    for component, seconds in outcome.seconds.items():
        took = "cached" if component in outcome.cached else f"{seconds:.1f}"
        table.add_row(component, took, escape(short_path(outcome.came_out[component])))
    console.print()
    console.print(table)
    console.print()
    total = sum(outcome.seconds.values())
    console.print(f"{len(outcome.seconds)} components in {total:.1f} s, {len(outcome.cached)} of them cached")
    for component, words in outcome.counted.items():
        console.print(f"counted {component}: {escape(words)}", soft_wrap=True)
    console.print(f"report  {escape(short_path(outcome.report))}", soft_wrap=True)
    console.print(f"log     {escape(short_path(outcome.log))}", soft_wrap=True)


def _print_refusal(console: Console, outcome: Outcome) -> None:
    # A gate that gives no reason is still a gate.
    for reason in outcome.refusals or ["a gate did not bless the model; see the log and the report"]:
        console.print(f"[red]refused[/] {escape(reason)}", soft_wrap=True)
    if outcome.not_forced:
        console.print(f"[red]not forced[/] {escape(outcome.not_forced)}", soft_wrap=True)


def _print_pushed(console: Console, settings: Settings, outcome: Outcome, force_bless: str) -> None:
    """Print where the model is, and the refusals that it was pushed against."""
    for reason in outcome.refusals:
        console.print(f"[red]refused[/] {escape(reason)}", soft_wrap=True)
    if force_bless and not outcome.refusals:
        console.print("--force-bless: no gate refused the model; there was nothing to force")
    word = "[green]pushed[/]"
    if outcome.forced:
        word = "[yellow]forced[/]"
        console.print(
            f"[yellow]pushed against the verdict[/]; the manifest keeps the reason: {escape(outcome.forced)}",
            soft_wrap=True,
        )
    if outcome.duplicate:
        word = "[yellow]in place already[/], nothing new to push "
        if force_bless and outcome.refusals:
            console.print("--force-bless: nothing was forced, and the reason is not recorded")
    console.print(f"{word}  {escape(short_path(outcome.pushed_to))}", soft_wrap=True)
    if note := _note_on_labels(settings, Path(outcome.pushed_to).name):
        console.print(note, soft_wrap=True, markup=False)


def _note_on_labels(settings: Settings, version: str) -> str:
    """What remains to be done before clients get the pushed version."""
    from serving.registry import model_config
    from serving.registry.errors import Refused

    try:
        if not model_config.read(settings.models_dir, settings.name).labels:
            return ""
    except Refused as error:
        return f"cannot tell whether it is served: {error}"
    return f"labels are set: it is served after `tagline models promote {version}` or `tagline models canary {version}`"
