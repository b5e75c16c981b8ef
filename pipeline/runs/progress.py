"""The progress of a run on the console: a line when a component starts and ends, and its messages in between.

Everything arrives as log records: those of TFX's runner when components start and end, all others from loggers
below `tagline`. All records also go to a file.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.status import Status

log = logging.getLogger("tagline.progress")

# What TFX's LocalDagRunner logs, as format strings.
_STARTS = "Component %s is running."
_ENDS = "Component %s is finished."
_CACHED = "A cached execution %d is used."

# Loggers whose messages are shown as they come; other components only have a line at their end.
_SHOWN = ("tagline.trainer", "tagline.crfsuite", "tagline.tuner")

DOING = {
    "CorpusGen": "reading the corpus",
    "StatisticsGen": "computing statistics of the examples",
    "SchemaGen": "inferring the schema",
    "ImportSchemaGen": "importing the schema",
    "ExampleValidator": "comparing the examples with the schema",
    "BlessedStatistics": "looking for the statistics of the last blessed run",
    "CorpusGate": "checking the corpus",
    "Transform": "making vocabularies and ids",
    "BaseModel": "looking for a model to start from",
    "Tuner": "searching for better settings",
    "Trainer": "training",
    "Baseline": "looking for the latest blessed model",
    "Evaluator": "scoring on the test split",
    "Predictor": "answering the test split",
    "CrfsuiteBaseline": "training a CRF with hand-made features",
    "ServingCheck": "checking a served model",
    "ModelGate": "applying every rule to the model",
    "AtomicPusher": "pushing",
    "Report": "writing the report",
}
_WIDTH = max(map(len, DOING))


class Progress(logging.Handler):
    """Shows a run on the console.

    Args:
        console: where to.
        describe: returns a few words about the outputs of a component that has ended.

    Attributes:
        seconds: wall time of each component that has ended.
        cached: components answered from the cache.
        came_out: what `describe` returned for each.
    """

    def __init__(self, console: Console, describe: Callable[[str], str]) -> None:
        super().__init__(logging.INFO)
        self._console = console
        self._describe = describe
        self._component = ""
        self._started = 0.0
        self._cached = False
        self._status: Status | None = None
        self.seconds: dict[str, float] = {}
        self.cached: list[str] = []
        self.came_out: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == _STARTS and isinstance(record.args, tuple):
            self._start(str(record.args[0]))
        elif record.msg == _ENDS:
            self._end()
        elif record.msg == _CACHED:
            self._cached = True
        elif (record.name in _SHOWN and not self._is_epoch_of_a_trial(record)) or (
            record.name.startswith("tagline.") and record.levelno >= logging.WARNING
        ):
            self._note(record.getMessage(), record.levelno >= logging.WARNING)

    def _start(self, component: str) -> None:
        self._component, self._started, self._cached = component, time.monotonic(), False
        doing = DOING.get(component, "running")
        if self._console.is_terminal:
            self._status = self._console.status(f"[bold]{component}[/]  {doing}", spinner="dots")
            self._status.start()
        else:
            self._console.print(f"  {component:<{_WIDTH}} [dim]{doing} ...[/]")

    def _is_epoch_of_a_trial(self, record: logging.LogRecord) -> bool:
        """Epochs of a search's many trainings are in the log file alone; the end of each training is shown."""
        return self._component == "Tuner" and record.name == "tagline.trainer"

    def _note(self, message: str, warning: bool) -> None:
        style = "yellow" if warning else "dim"
        self._console.print(f"  {'':<{_WIDTH}} [{style}]{escape(message)}[/]", soft_wrap=True)

    def _end(self) -> None:
        self._stop_status()
        seconds = time.monotonic() - self._started
        self.seconds[self._component] = seconds
        if self._cached:
            self.cached.append(self._component)
        took = "cached" if self._cached else f"{seconds:.1f} s"
        try:
            words = self._describe(self._component)
        except Exception:
            # The runner logs between components: raised here, it would stop a run over a line of text.
            log.exception("cannot describe the outputs of %s", self._component)
            words = ""
        self.came_out[self._component] = words
        self._console.print(
            f"[green]✓[/] [bold]{self._component:<{_WIDTH}}[/] {escape(words)}  [dim]{took}[/]",
            soft_wrap=True,
        )
        self._component = ""

    def fail(self) -> str:
        """Mark the component that was running when the run stopped; returns its name, empty if none was."""
        self._stop_status()
        if self._component:
            self._console.print(f"[red]✗[/] [bold]{self._component:<{_WIDTH}}[/] stopped")
        return self._component

    def _stop_status(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


class _LogFile(logging.FileHandler):
    """Says once that the file cannot be written to, where logging would print a traceback for every record."""

    _told = False

    def handleError(self, record: logging.LogRecord) -> None:
        if not self._told:
            self._told = True
            print(f"the log is incomplete: {self.baseFilename}: {sys.exc_info()[1]}", file=sys.stderr)


def log_to_file(path: Path) -> logging.Handler:
    """A handler that writes every record to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = _LogFile(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
