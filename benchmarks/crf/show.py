"""The CRF's benchmark as tables, each figure beside its bound, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.rivals.crf_problems import Shape

Peers = Mapping[str, str | Mapping[Shape, Mapping[str, Any]]]  # why it was not run, or its figures


class Row(NamedTuple):
    """Ours against TensorFlow Addons at one shape."""

    what: str
    how: str
    shape: Shape
    addons_ms: float
    ours_ms: float
    target: float | None  # at least

    @property
    def times(self) -> float:
        return self.addons_ms / self.ours_ms

    @property
    def met(self) -> bool | None:
        return None if self.target is None else self.times >= self.target


class Multiple(NamedTuple):
    """One of our functions as a multiple of another's time."""

    what: str
    base: str
    how: str
    shape: Shape
    ms: float
    base_ms: float
    target: float  # at most

    @property
    def times(self) -> float:
        return self.ms / self.base_ms

    @property
    def met(self) -> bool:
        return self.times <= self.target


def show(console: Console, title: str, rows: Sequence[Row], floors: Mapping[Shape, float]) -> None:
    """Print rows as a table; the floor is the time of the machine's matrix products and copies alone."""
    columns = ["B,T,K", "how", "addons ms", "ours ms", "times", "at least", "met"]
    body = []
    for row in rows:
        cells = [_name(row.shape), row.how, f"{row.addons_ms:.3f}", f"{row.ours_ms:.3f}", f"{row.times:.2f}"]
        cells += ["" if row.target is None else f"{row.target:g}", _met(row.met)]
        if floors:
            cells += [f"{floors[row.shape]:.3f}", f"{row.ours_ms / floors[row.shape]:.1f}"]
        body.append(cells)
    _table(console, title, columns + (["floor ms", "times floor"] if floors else []), body)


def show_multiples(console: Console, rows: Sequence[Multiple]) -> None:
    body = [
        [
            f"{row.what} / {row.base}",
            _name(row.shape),
            row.how,
            f"{row.ms:.3f}",
            f"{row.times:.2f}",
            f"{row.target:g}",
            _met(row.met),
        ]
        for row in rows
    ]
    _table(
        console,
        "multiples of our own loss and Viterbi",
        ["what", "B,T,K", "how", "ms", "times", "at most", "met"],
        body,
    )


def show_peers(console: Console, shapes: Sequence[Shape], peers: Peers) -> None:
    """Print the peers' speeds as multiples of TensorFlow Addons', in graph mode on one thread; a dash: too large."""
    body = []
    for name, cells in peers.items():
        if isinstance(cells, str):
            body.append([name, cells, *[""] * (len(shapes) - 1)])
        else:
            body.append(
                [name, *(f"{cells[shape]['times']:.2f}" if shape in cells else "-" for shape in shapes)]
            )
    _table(
        console,
        "others: loss and gradient, times the speed of addons",
        ["", *(_name(shape) for shape in shapes)],
        body,
    )


def picture(rows: Sequence[Row], peers: Peers, path: Path) -> None:
    """Draw how many times as fast, by shape, as bars on a logarithmic axis; black lines are the bounds."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4), width_ratios=(2, 1), layout="constrained")
    for axis, what in zip(axes, ("loss and gradient", "decode"), strict=True):
        chosen = [row for row in rows if row.what == what]
        shapes = list(dict.fromkeys(row.shape for row in chosen))
        bars: dict[str, dict[Shape, float]] = {
            how: {row.shape: row.times for row in chosen if row.how == how} for how in ("xla", "graph")
        }
        if what == "loss and gradient":
            for name, cells in peers.items():
                if not isinstance(cells, str):
                    bars[name] = {shape: cell["times"] for shape, cell in cells.items()}
        width = 0.8 / len(bars)
        for place, (name, times) in enumerate(bars.items()):
            left = [index - 0.4 + width * (place + 0.5) for index in range(len(shapes))]
            # A bar begins at 1, so that what is slower than TensorFlow Addons hangs below the line.
            heights = [times.get(shape, 1.0) - 1 for shape in shapes]
            drawn = axis.bar(left, heights, width, bottom=1, label=name)
            axis.bar_label(
                drawn, [f"{times[shape]:.2g}" if shape in times else "" for shape in shapes], fontsize=7
            )
            for row in chosen:
                if row.how == name and row.target is not None:
                    middle = left[shapes.index(row.shape)]
                    axis.hlines(row.target, middle - width / 2, middle + width / 2, colors="black")
        axis.set_xticks(range(len(shapes)), [_name(shape) for shape in shapes], fontsize=8)
        axis.axhline(1, color="grey", linewidth=0.8)
        axis.set(title=what, xlabel="B,T,K", ylabel="times the speed of TensorFlow Addons", yscale="log")
        axis.margins(y=0.15)
    axes[0].legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)


def _name(shape: Shape) -> str:
    return ",".join(map(str, shape))


def _met(met: bool | None) -> str:
    return "" if met is None else ("yes" if met else "NO")


def _table(console: Console, title: str, columns: Sequence[str], body: Sequence[Sequence[str]]) -> None:
    table = Table(title=title)
    for column in columns:
        table.add_column(column, justify="right")
    for cells in body:
        table.add_row(*cells)
    console.print(table)
