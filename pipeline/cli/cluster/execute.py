"""`tagline execute`."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from components.verdict import FILE_NAME, Verdict
from pipeline.cli.console import output
from pipeline.execution import image
from pipeline.execution.graph import Graph, read
from pipeline.execution.launch import Result
from pipeline.execution.mounts import Mounts
from pipeline.execution.record import Record
from pipeline.execution.schedule import Execution, Failure, Happened, Outcome
from pipeline.runs.only_run import AnotherRun, only_run
from pipeline.settings import SettingsError

_WORK = Path("build", "execute")
_STYLES: dict[str, str] = {
    "finished": "green",
    "again": "yellow",
    "failed": "red",
    "kept": "dim",
    "skipped": "dim",
}
_WORDS: dict[Happened, str] = {
    "kept": "finished before", "started": "started", "finished": "finished", "skipped": "skipped",
    "again": "failed once more", "failed": "failed",
}  # fmt: skip


def execute(*, spec: Path, work: Path | None, mounts: list[str], jobs: int, fresh: bool, keep: bool) -> None:
    """Run every step; exit code 1 if one fails, 3 if the gates refuse the model, 130 if interrupted."""
    graph = read(spec, translate=Mounts(mounts).translate)
    work = Path(os.path.abspath(work or _WORK / graph.name))
    if set("*?[") & set(str(work)):
        raise SettingsError(
            f"--work: found {work}; expected a path without *, ? and [, which Beam reads as a pattern"
        )
    again = shlex.join(["tagline", *sys.argv[1:]]).replace(" --fresh", "")
    try:
        with only_run(work), _interrupted_by(signal.SIGTERM):
            record = Record(work, graph, fresh=fresh)
            if _all_done(graph, record):
                print(f"all {len(graph.steps)} steps of {graph.name} are finished; --fresh begins a new run")
                _say_what_was_pushed(record.finished)
                return
            with _code(work, keep=keep) as code:
                outcome = Execution(graph, record, work=work, code=code, jobs=jobs, tell=_teller(graph)).run()
    except AnotherRun as error:
        raise SettingsError(
            f"--work: another `tagline execute` runs in {work}; wait for it, or give this one another folder"
        ) from error
    except KeyboardInterrupt:
        print(f"interrupted; the same command goes on after the last finished step: {again}", file=sys.stderr)
        sys.exit(130)
    if outcome.failures:
        _explain(outcome, again)
        sys.exit(1)
    _say_what_was_pushed(outcome.results)


def _all_done(graph: Graph, record: Record) -> bool:
    return all(step.name in record.finished for step in graph.steps)


@contextlib.contextmanager
def _code(work: Path, *, keep: bool) -> Iterator[Path]:
    """A copy of the code for as long as steps run."""
    folder = Path(tempfile.mkdtemp(prefix="tagline-code-"))
    try:
        image.copy_code(folder)
        yield folder
    finally:
        if keep:
            print(f"the steps' code is in {folder}, their inputs in {work / 'steps'}", file=sys.stderr)
        else:
            image.remove_code(folder)


@contextlib.contextmanager
def _interrupted_by(number: signal.Signals) -> Iterator[None]:
    """A signal that ends a process ends it as Ctrl-C does, so that no step is left running."""

    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def _teller(graph: Graph) -> Callable[[Happened, str, str], None]:
    console, width = output(), max(len(step.name) for step in graph.steps)

    def tell(happened: Happened, step: str, detail: str) -> None:
        words, style = _WORDS[happened], _STYLES.get(happened)
        said = f"[{style}]{words}[/]" if style else words
        detail = f"  {escape(detail)}" if detail else ""
        console.print(f"{time.strftime('%H:%M:%S')}  {step:<{width}}  {said}{detail}", soft_wrap=True)

    return tell


def _explain(outcome: Outcome, again: str) -> None:
    console = Console(stderr=True, highlight=False)
    for failure in outcome.failures:
        console.print(f"[red]error:[/] {escape(_in_words(failure))}", soft_wrap=True)
    if outcome.not_reached:
        console.print(f"not reached: {', '.join(outcome.not_reached)}", soft_wrap=True, markup=False)
    console.print(
        f"put it right, then go on after the last finished step: {again}\n"
        "if what was wrong is in the settings, compile again and add --fresh",
        soft_wrap=True,
        markup=False,
    )


def _in_words(failure: Failure) -> str:
    tail = "".join(f"\n    {line}" for line in failure.tail) or "\n    (nothing)"
    return f"step {failure.step} {failure.reason}\n  the end of {failure.log}:{tail}"


def _say_what_was_pushed(results: Mapping[str, Result]) -> None:
    """The last lines; exit code 3 if a model was to be pushed and was not."""
    made = [one for result in results.values() for one in result.artifacts.values()]
    pushes = [one for one in made if "pushed" in one["metadata"]]
    for push in pushes:
        if not push["metadata"]["pushed"]:
            for reason in _reasons(made):
                print(f"refused: {reason}", file=sys.stderr)
            print("not pushed: a gate refused the model", file=sys.stderr)
            sys.exit(3)
        folder = Path(push["metadata"]["pushed_destination"])
        given = [f"name={folder.parent.name}", f"serving.models={_from_here(folder.parent.parent)}"]
        ask = ["tagline", "decode", *(word for one in given for word in ("--set", one))]
        print(f'pushed {_from_here(folder)}; ask it:\n  {shlex.join(ask)} "A sentence of yours."')
    if not pushes:
        print("done; no step pushed a model")


def _from_here(folder: Path) -> str:
    """The path as a person in this folder would write it."""
    relative = os.path.relpath(folder)
    return str(folder) if relative.startswith("..") else relative


def _reasons(artifacts: list[Mapping[str, Any]]) -> list[str]:
    """What the gates that did not bless say, each thing once."""
    found: dict[str, None] = {}
    for one in artifacts:
        file = Path(one["uri"], FILE_NAME)
        if file.is_file():
            found |= dict.fromkeys(Verdict.from_json(file.read_text(encoding="utf-8")).reasons)
    return list(found)
