"""`tagline run`."""

from __future__ import annotations

import datetime
import logging
import os
import sys
import traceback
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from corpus.checks import check as checks
from corpus.errors import CorpusError
from pipeline.beam.checks import require_engine, require_reachable
from pipeline.cli.console import output
from pipeline.cli.findings import count_errors, print_findings
from pipeline.runs.library_logs import quiet_libraries, send_logs
from pipeline.runs.lineage import Lineage
from pipeline.runs.only_run import AnotherRun, only_run
from pipeline.runs.outcome import Outcome, counted, describe, refusals
from pipeline.runs.progress import Progress
from pipeline.runs.required_floors import require_floors
from pipeline.settings import Settings, SettingsError
from serving.registry import model_config
from serving.registry.errors import Refused

OK, BROKEN, BAD_INPUT, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130


def run(settings: Settings, *, verbose: bool, force_bless: str | None = None) -> None:
    """Run the line, show it, and exit with what came of it.

    Args:
        settings: all of them.
        verbose: show the raw logs.
        force_bless: why to push a model that ModelGate refuses; None to let the gates decide.
    """
    if force_bless is not None and not force_bless.strip():
        raise SettingsError(
            "--force-bless: found no reason; expected one, which the manifest keeps, such as "
            '--force-bless "the test split is known to be mislabelled"'
        )
    console = output()
    settings.require_inputs()
    settings.require_vectors()
    require_reachable(settings, target="run")
    require_engine(settings.beam)
    settings = settings.with_absolute_paths()
    log_path = settings.run_dir / "logs" / f"{datetime.datetime.now():%Y%m%d-%H%M%S}.log"
    console.print(f"[bold]{settings.name}[/]  {escape(_short(settings.data))}", soft_wrap=True)
    # The gate checks the same in the line; asked first, bad input is told at once and all of it, before
    # anything is imported or written.
    report = checks.check(settings.data, settings.corpus, settings.checks)
    if not report.ok:
        print_findings(console, report)
        errors = count_errors(report)
        console.print(
            f"\n[red]bad input:[/] {errors} error{'s' * (errors != 1)} in the corpus; nothing was run"
        )
        sys.exit(BAD_INPUT)
    require_floors(settings, report)
    quiet_libraries(verbose)
    sys.exit(_run(settings, console, log_path, verbose, (force_bless or "").strip()))


def _run(settings: Settings, console: Console, log_path: Path, verbose: bool, force_bless: str) -> int:
    from components.corpus_gate.verdict import CorpusRefused
    from components.model_gate.floors import FloorWithoutData
    from pipeline.factory import METADATA
    from pipeline.runners import local

    database = settings.run_dir / METADATA

    def came_out(component: str) -> str:
        lineage = Lineage(database)
        step = lineage.step(lineage.run_ids()[-1], component)
        return describe(step) if step else ""

    progress = Progress(console, came_out)
    try:
        with only_run(settings.run_dir):
            send_logs(progress, log_path, verbose)
            local.run(settings, force_bless=force_bless)
            outcome = _outcome(settings, Lineage(database), progress, log_path)
            return _conclude(console, settings, outcome, force_bless)
    except AnotherRun as error:
        console.print(f"[red]not run:[/] {escape(str(error))}", soft_wrap=True)
        return BAD_INPUT
    except (CorpusError, CorpusRefused, FloorWithoutData) as error:
        progress.fail()
        console.print(f"\n[red]bad input:[/] {escape(str(error))}\nNothing was pushed.", soft_wrap=True)
        return BAD_INPUT
    except KeyboardInterrupt:
        progress.fail()
        console.print("\ninterrupted; the next `tagline run` goes on where this one stopped")
        return INTERRUPTED
    except Exception as error:
        component = progress.fail()
        logging.getLogger("tagline").error("%s", traceback.format_exc())
        console.print(
            f"\n[red]{component or 'The pipeline'} failed:[/] {escape(_first_line(error))}\n"
            f"The whole story is in {escape(_short(log_path))}. What ended before is kept: the next run begins here.",
            soft_wrap=True,
        )
        return BROKEN


def _outcome(settings: Settings, lineage: Lineage, progress: Progress, log_path: Path) -> Outcome:
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


def _conclude(console: Console, settings: Settings, outcome: Outcome, force_bless: str) -> int:
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column("component")
    table.add_column("seconds", justify="right")
    table.add_column("what came out", overflow="fold")
    for component, seconds in outcome.seconds.items():
        took = "cached" if component in outcome.cached else f"{seconds:.1f}"
        table.add_row(component, took, escape(_short(outcome.came_out[component])))
    console.print()
    console.print(table)
    console.print()
    total = sum(outcome.seconds.values())
    console.print(f"{len(outcome.seconds)} components in {total:.1f} s, {len(outcome.cached)} of them cached")
    for component, words in outcome.counted.items():
        console.print(f"counted {component}: {escape(words)}", soft_wrap=True)
    console.print(f"report  {escape(_short(outcome.report))}", soft_wrap=True)
    console.print(f"log     {escape(_short(outcome.log))}", soft_wrap=True)
    if outcome.pushed_to:
        _say_where(console, settings, outcome, force_bless)
        return OK
    # A gate that gives no reason is still a gate.
    for reason in outcome.refusals or ["a gate did not bless the model; the log and the report tell more"]:
        console.print(f"[red]refused[/] {escape(reason)}", soft_wrap=True)
    if outcome.not_forced:
        console.print(f"[red]not forced[/] {escape(outcome.not_forced)}", soft_wrap=True)
    return REFUSED


def _say_where(console: Console, settings: Settings, outcome: Outcome, force_bless: str) -> None:
    """Where the model is, and what was pushed against."""
    for reason in outcome.refusals:
        console.print(f"[red]refused[/] {escape(reason)}", soft_wrap=True)
    if force_bless and not outcome.refusals:
        console.print("--force-bless: no gate refused the model; there was nothing to force")
    word = "[green]pushed[/]"
    if outcome.forced:
        word = "[yellow]forced[/]"
        console.print(
            f"[yellow]pushed against the verdict[/], as its manifest says for ever: {escape(outcome.forced)}",
            soft_wrap=True,
        )
    if outcome.duplicate:
        word = "[yellow]in place already[/], nothing new to push "
        if force_bless and outcome.refusals:
            console.print("--force-bless: nothing was forced, and the reason is written nowhere")
    console.print(f"{word}  {escape(_short(outcome.pushed_to))}", soft_wrap=True)
    if note := _note_on_labels(settings, Path(outcome.pushed_to).name):
        console.print(note, soft_wrap=True, markup=False)


def _note_on_labels(settings: Settings, version: str) -> str:
    """What is left to do before clients see what was pushed."""
    try:
        if not model_config.read(settings.models_dir, settings.name).labels:
            return ""
    except Refused as error:
        return f"whether it is served is not known: {error}"
    return (
        f"labels are set: it is served once `tagline models promote {version}` or `canary {version}` says so"
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


def _short(path: str | Path) -> str:
    """Relative to the current folder where that is shorter."""
    text = str(path)
    here = os.getcwd() + os.sep
    return text.removeprefix(here)
