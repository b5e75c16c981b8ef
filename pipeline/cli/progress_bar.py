"""How far a long command is, on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

_A_LINE_EVERY = 10.0  # seconds


class ProgressBar:
    """Counts up to `total`, with a rate; what an earlier run has done counts, but not for the rate.

    Args:
        console: where to.
        what: what is counted, in the plural.
        total: how many there will be.
    """

    def __init__(self, console: Console, what: str, total: int) -> None:
        self._console = console
        self._what = what
        self._total = total
        self._count = self._before = 0
        self._began = self._printed = time.monotonic()
        self._first = True
        columns = (
            SpinnerColumn(), BarColumn(), MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
        )  # fmt: skip
        self._bar = Progress(*columns, console=console, transient=True) if console.is_terminal else None
        self._task = self._bar.add_task(what, total=total, rate="") if self._bar else None

    def __enter__(self) -> ProgressBar:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    @property
    def rate(self) -> float:
        """How many a second, since the first call of `add`."""
        seconds = time.monotonic() - self._began
        return (self._count - self._before) / seconds if seconds else 0.0

    def add(self, count: int) -> None:
        """Count so many more; the first call counts those that an earlier run has done."""
        self._count += count
        if self._first:
            self._first, self._before = False, count
            self._began = self._printed = time.monotonic()
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self._count, rate=self._rate_text())
        elif time.monotonic() - self._printed >= _A_LINE_EVERY:
            self._printed = time.monotonic()
            self._console.print(
                f"{self._count:,} of {self._total:,} {self._what}, {self._rate_text()}", soft_wrap=True
            )

    def _rate_text(self) -> str:
        return f"{self.rate:,.0f}/s"
