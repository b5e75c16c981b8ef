"""The pipeline beside TFX's own penguin example: `python -m benchmarks.penguin [--runs N] [--shipped]`.

Each is a command in a process of its own, in a new folder for every first run, and both take turns: a first run of
one, then of the other, then the same again with nothing changed. The pipeline reads 3,000 sentences, trains a
BiLSTM-CRF, checks a server and writes a report; the example reads 344 rows and trains three small layers. Without
`--shipped` it is cut down to its minimum (see benchmarks/rivals/penguin_example.py). CPU time, of the process and its
children, can be compared between busy machines, unlike wall time.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile

from rich.console import Console
from rich.table import Table

from benchmarks.measuring.command import Cost, run
from benchmarks.measuring.command_line import parser_of
from benchmarks.measuring.figures import Figure, show

# Bounds, as parts of the example's wall time.
FIRST_BOUND, SECOND_BOUND = 1.0, 0.6

_LINE, _EXAMPLE = "tagline run", "penguin example"
_ORDER = ("first run", "second run")

Measured = dict[tuple[str, str], list[Cost]]


def main() -> None:
    """Print medians, and the ratios beside their bounds."""
    parser = parser_of("penguin", __doc__)
    parser.add_argument("--runs", type=int, default=1, help="how often each is measured; medians are printed")
    parser.add_argument("--shipped", action="store_true", help="the example as TFX ships it")
    options = parser.parse_args()
    runs = options.runs
    measured: Measured = {(what, which): [] for which in _ORDER for what in (_EXAMPLE, _LINE)}
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="tagline-bench-") as home:
            for (what, which), values in measured.items():
                cost, _ = run(_commands(home, shipped=options.shipped)[what])
                values.append(cost)
                print(
                    f"{what}, {which}: {cost.wall:.1f} s, CPU {cost.cpu:.1f} s", file=sys.stderr, flush=True
                )
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("what", "wall s", "CPU s"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for (what, which), values in measured.items():
        table.add_row(f"{what}, {which}", *(f"{_median(values, at):.1f}" for at in ("wall", "cpu")))
    Console(width=110).print(table)
    print()
    show(ratios(measured))
    print(
        f"{os.cpu_count()} cores, {runs} of each, the example {'as shipped' if options.shipped else 'cut down'}"
    )


def ratios(measured: Measured) -> list[Figure]:
    """Divide the pipeline's times by the example's; only wall time has a bound."""
    figures = []
    for which, bound in zip(_ORDER, (FIRST_BOUND, SECOND_BOUND), strict=True):
        line, example = measured[_LINE, which], measured[_EXAMPLE, which]
        for at, name, most in (("wall", "wall", bound), ("cpu", "CPU", None)):
            ratio = _median(line, at) / _median(example, at)
            figures.append(Figure(f"{which}, {name}: line / example", ratio, "x", most=most))
    return figures


def _median(costs: list[Cost], field: str) -> float:
    return statistics.median(getattr(cost, field) for cost in costs)


def _commands(home: str, *, shipped: bool) -> dict[str, list[str]]:
    places = ["--set", f"pipeline.root={home}/runs", "--set", f"serving.models={home}/models"]
    options = ["--shipped"] if shipped else []
    return {
        _EXAMPLE: [sys.executable, "-m", "benchmarks.rivals.penguin_example", *options, f"{home}/penguin"],
        _LINE: [sys.executable, "-m", "pipeline.cli.app", "run", "--config", "configs/sample.yaml", *places],
    }


if __name__ == "__main__":
    main()
