"""`tagline execute`."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from components.verdict import FILE_NAME, Verdict
from pipeline.cli.console import errors, output, short_path
from pipeline.cli.exit_codes import BROKEN, INTERRUPTED, REFUSED
from pipeline.cli.options import require_writable
from pipeline.execution.containers import Containers, containers
from pipeline.execution.graph import Graph, read
from pipeline.execution.image import Processes, copy_code, remove_code
from pipeline.execution.launch import Result
from pipeline.execution.mounts import Mounts
from pipeline.execution.record import Record
from pipeline.execution.schedule import Execution, Failure, Happened, Outcome
from pipeline.runs.run_lock import AlreadyRunning, run_lock
from pipeline.settings import SettingsError
from serving.container_engine import ENGINES

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


def execute(
    spec: Annotated[Path, typer.Option(help="What `compile --target kubeflow-v2` wrote.")],
    work: Annotated[
        Path | None,
        typer.Option(help="The folder of logs and finished steps; default: build/execute/<pipeline>."),
    ] = None,
    mount: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=DIR", help="A folder of this machine for a volume, or a bucket, of the cluster."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Steps side by side.")] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new run in the same --work.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the copy of the code that steps import.")
    ] = False,
    image: Annotated[
        str | None, typer.Option(metavar="NAME", help="Run each step in a container of this image.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="docker or podman, with --image; default: the first that answers.")
    ] = None,
) -> None:
    """Run a compiled pipeline without a cluster: each step a process, with the command its container would have.

    A step sees the environment that the spec sets, and a read-only copy of the code; --mount /tagline=DIR
    replaces /tagline by DIR wherever a parameter or an argument names a path below it.

    With --image each step is a container, as on a cluster: no network, a read-only root, the image's user.

    The same command again resumes after the last finished step. Exit code 3 if a gate refuses the model.
    """
    mounts = Mounts(mount or [])
    graph = read(spec, translate=mounts.translate)
    work = Path(os.path.abspath(work or _WORK / graph.name))
    if set("*?[") & set(str(work)):
        raise SettingsError(
            f"--work: found {work}; expected a path without *, ? and [, which Beam reads as a pattern"
        )
    require_writable("--work", work)
    folders = [work, *map(Path, mounts.folders.values())]
    if graph.root.startswith("/"):
        folders.append(Path(graph.root))
    surroundings = _containers(image, engine, keep, folders)
    again = shlex.join(["tagline", *sys.argv[1:]]).replace(" --fresh", "")
    try:
        with run_lock(work), _interrupted_by(signal.SIGTERM):
            record = Record(work, graph, image=image or "", fresh=fresh)
            outcome = _execute(graph, record, work, surroundings, jobs=jobs, keep=keep)
    except AlreadyRunning as error:
        raise SettingsError(
            f"--work: another `tagline execute` runs in {work}; wait for it, or give this one another folder"
        ) from error
    except KeyboardInterrupt:
        print(f"interrupted; the same command resumes after the last finished step: {again}", file=sys.stderr)
        sys.exit(INTERRUPTED)
    if outcome.failures:
        _print_failures(outcome, again)
        sys.exit(BROKEN)
    _print_pushed(outcome.results)


def _containers(
    image: str | None, engine: str | None, keep: bool, folders: Iterable[Path]
) -> Containers | None:
    """What starts steps in containers, if an image is named.

    Raises:
        SettingsError: options that do not go together, or as `containers`.
    """
    if image is None:
        if engine is not None:
            raise SettingsError(f"--engine: found {engine} without --image; expected both")
        return None
    if keep:
        raise SettingsError(
            "--keep: found it with --image, whose steps import the image's code; expected one"
        )
    if engine is not None and engine not in ENGINES:
        raise SettingsError(f"--engine: found {engine!r}; expected one of {', '.join(ENGINES)}")
    return containers(image, engine=engine, folders=folders)


def _execute(
    graph: Graph, record: Record, work: Path, surroundings: Containers | None, *, jobs: int, keep: bool
) -> Outcome:
    if all(step.name in record.finished for step in graph.steps):
        print(f"all {len(graph.steps)} steps of {graph.name} are finished; --fresh begins a new run")
        return Outcome(results=record.finished)
    with contextlib.ExitStack() as stack:
        starting = surroundings or Processes(stack.enter_context(_copy_of_code(work, keep=keep)))
        execution = Execution(
            graph, record, work=work, surroundings=starting, jobs=jobs, report=_printer(graph)
        )
        return execution.run()


@contextlib.contextmanager
def _copy_of_code(work: Path, *, keep: bool) -> Iterator[Path]:
    """A copy of the code that steps import, for as long as they run."""
    folder = Path(tempfile.mkdtemp(prefix="tagline-code-"))
    try:
        copy_code(folder)
        yield folder
    finally:
        if keep:
            print(f"the steps' code is in {folder}, their inputs in {work / 'steps'}", file=sys.stderr)
        else:
            remove_code(folder)


@contextlib.contextmanager
def _interrupted_by(number: signal.Signals) -> Iterator[None]:
    """Turn a signal that ends a process into Ctrl-C, so that no step is left running."""

    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def _printer(graph: Graph) -> Callable[[Happened, str, str], None]:
    console, width = output(), max(len(step.name) for step in graph.steps)

    def print_event(happened: Happened, step: str, detail: str) -> None:
        words, style = _WORDS[happened], _STYLES.get(happened)
        event = f"[{style}]{words}[/]" if style else words
        detail = f"  {escape(detail)}" if detail else ""
        console.print(f"{time.strftime('%H:%M:%S')}  {step:<{width}}  {event}{detail}", soft_wrap=True)

    return print_event


def _print_failures(outcome: Outcome, again: str) -> None:
    console = errors()
    for failure in outcome.failures:
        console.print(f"[red]error:[/] {escape(_in_words(failure))}", soft_wrap=True)
    if outcome.not_reached:
        console.print(f"not reached: {', '.join(outcome.not_reached)}", soft_wrap=True, markup=False)
    console.print(
        f"correct it, then resume after the last finished step: {again}\n"
        "if the settings were wrong, compile again and add --fresh",
        soft_wrap=True,
        markup=False,
    )


def _in_words(failure: Failure) -> str:
    tail = "".join(f"\n    {line}" for line in failure.tail) or "\n    (nothing)"
    return f"step {failure.step} {failure.reason}\n  the end of {failure.log}:{tail}"


def _print_pushed(results: Mapping[str, Result]) -> None:
    """Print where the model is; exit code 3 if a gate refused it."""
    artifacts = [artifact for result in results.values() for artifact in result.artifacts.values()]
    pushes = [artifact["metadata"] for artifact in artifacts if "pushed" in artifact["metadata"]]
    for push in pushes:
        if not push["pushed"]:
            for reason in _reasons(artifacts):
                print(f"refused: {reason}", file=sys.stderr)
            print("not pushed: a gate refused the model", file=sys.stderr)
            sys.exit(REFUSED)
        folder = Path(push["pushed_destination"])
        options = [f"name={folder.parent.name}", f"serving.models={short_path(folder.parent.parent)}"]
        decode = ["tagline", "decode", *(word for option in options for word in ("--set", option))]
        print(f'pushed {short_path(folder)}; ask it:\n  {shlex.join(decode)} "A sentence of yours."')
    if not pushes:
        print("done; no step pushed a model")


def _reasons(artifacts: list[Mapping[str, Any]]) -> list[str]:
    """Why gates did not bless the model, each reason once."""
    files = [Path(artifact["uri"], FILE_NAME) for artifact in artifacts]
    texts = [file.read_text(encoding="utf-8") for file in files if file.is_file()]
    return list(dict.fromkeys(reason for text in texts for reason in _reasons_in(text)))


def _reasons_in(verdict: str) -> list[str]:
    """The reasons of whichever gate wrote a verdict: ModelGate's are those of its failed rules."""
    kept: dict[str, Any] = json.loads(verdict)
    reasons: list[str] = kept["reasons"] if "reasons" in kept else Verdict.from_json(verdict).reasons
    return reasons
