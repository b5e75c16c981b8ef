"""Measured figures beside their bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """A measured figure with its upper bound `most` or its lower bound `least`."""

    what: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def is_met(self) -> bool:
        return (self.most is None or self.value <= self.most) and (
            self.least is None or self.value >= self.least
        )


def show(figures: Sequence[Figure]) -> None:
    """Print figures as a table."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("what", "measured", "bound", ""):
        table.add_column(column, justify="left" if column == "what" else "right")
    for figure in figures:
        bound = "" if figure.most is None else f"<= {figure.most:g}"
        bound = bound if figure.least is None else f">= {figure.least:g}"
        word = "" if not bound else "met" if figure.is_met else "not met"
        table.add_row(figure.what, f"{figure.value:,.3g} {figure.unit}", bound, word)
    Console(width=110).print(table)
