"""How long the pipeline takes on the shipped corpus: `python -m benchmarks.pipeline [--runs N]`.

Each run is the command itself in a process of its own, in a new folder for every first run. CPU time, of the process
and its children, can be compared between busy machines, unlike wall time.
"""

from __future__ import annotations

import statistics
import sys
import tempfile

from benchmarks.measuring import results
from benchmarks.measuring.command import Cost, run
from benchmarks.measuring.command_line import parser_of

# Bounds in seconds of wall time, on two cores.
BOUNDS = {"first run": 120.0, "second run": 30.0, "tagline check": 3.0, "tagline --help": 0.5}
MEMORY_BOUND_GB = 2.5


def main() -> None:
    """Print a table of medians beside their bounds, and write them as JSON."""
    parser = parser_of("pipeline", __doc__)
    parser.add_argument("--runs", type=int, default=1, help="how often each is measured; medians are printed")
    runs = parser.parse_args().runs
    measured: dict[str, list[Cost]] = {name: [] for name in BOUNDS}
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="tagline-bench-") as home:
            sample = ["--config", "configs/sample.yaml"]
            places = ["--set", f"pipeline.root={home}/runs", "--set", f"serving.models={home}/models"]
            commands = {
                "first run": ["run", *sample, *places],
                "second run": ["run", *sample, *places],
                "tagline check": ["check", *sample],
                "tagline --help": ["--help"],
            }
            for name, arguments in commands.items():
                cost, _ = run([sys.executable, "-m", "pipeline.cli.app", *arguments])
                measured[name].append(cost)
                print(f"{name}: {cost.wall:.1f} s", file=sys.stderr, flush=True)
    rows = [
        {
            "what": name,
            "wall_s": round(statistics.median(cost.wall for cost in costs), 2),
            "cpu_s": round(statistics.median(cost.cpu for cost in costs), 2),
            "memory_gb": round(max(cost.memory for cost in costs) / 1024, 2),
            "bound_s": BOUNDS[name],
        }
        for name, costs in measured.items()
    ]
    print(f"{'what':<16} {'wall s':>8} {'bound s':>8} {'CPU s':>8} {'memory GB':>10}")
    for row in rows:
        print(
            f"{row['what']:<16} {row['wall_s']:>8} {row['bound_s']:>8} {row['cpu_s']:>8} {row['memory_gb']:>10}"
        )
    print(f"memory: the largest process; bound {MEMORY_BOUND_GB} GB")
    results.write("pipeline", runs=runs, rows=rows)


if __name__ == "__main__":
    main()
