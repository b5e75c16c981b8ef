"""How long each target takes to compile: `python -m benchmarks.compile [--runs N] [--config FILE]`.

Each compilation is the command itself in a process of its own, from the same settings file, in turn. The bound is on
wall time; CPU time can be compared between busy machines too.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measuring.command import Cost, run
from benchmarks.measuring.command_line import parser_of
from benchmarks.measuring.results import ROOT
from pipeline.runners.targets import TARGETS

# Most seconds of wall time.
BOUND = 30.0

# Settings that a target needs beside the file's.
_BUCKET = ("pipeline.root=gs://bucket/runs", "serving.models=gs://bucket/models", "data=gs://bucket/corpus")
NEEDS: dict[str, Sequence[str]] = {
    "kubeflow": (),
    "kubeflow-v2": ("pipeline.root=s3://bucket/runs",),
    "vertex": _BUCKET,
    "tfjob": ("trainer.workers=2",),
    "trainjob": ("trainer.workers=2",),
}


def main() -> None:
    """Print a table of medians beside the bound; exit code 1 if one is above it."""
    parser = parser_of("compile", __doc__)
    parser.add_argument("--runs", type=int, default=1, help="how often each is measured; medians are printed")
    parser.add_argument("--config", default="configs/sample.yaml", help="the settings file")
    options = parser.parse_args()
    measured: dict[str, list[Cost]] = {target: [] for target in TARGETS}
    with tempfile.TemporaryDirectory(prefix="tagline-bench-") as home:
        for _ in range(options.runs):
            for target, values in measured.items():
                cost, _ = run(command(target, config=options.config, output=Path(home, "out.json")))
                values.append(cost)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("target", "wall s", "bound s", "CPU s", "memory MB", ""):
        table.add_column(column, justify="left" if column == "target" else "right")
    met = True
    for target, values in measured.items():
        wall = statistics.median(cost.wall for cost in values)
        cpu = statistics.median(cost.cpu for cost in values)
        memory = max(cost.memory for cost in values)
        met = met and wall <= BOUND
        word = "met" if wall <= BOUND else "not met"
        table.add_row(target, f"{wall:.1f}", f"{BOUND:g}", f"{cpu:.1f}", f"{memory:.0f}", word)
    Console(width=110).print(table)
    print(f"{os.cpu_count()} cores, {options.runs} of each")
    sys.exit(0 if met else 1)


def command(target: str, *, config: str, output: Path) -> list[str]:
    """Build the command that compiles for a target."""
    assignments = [word for need in NEEDS[target] for word in ("--set", need)]
    program = [sys.executable, "-m", "pipeline.cli.app", "compile", "--config", str(ROOT / config)]
    return [*program, "--target", target, *assignments, "--output", str(output)]


if __name__ == "__main__":
    main()
