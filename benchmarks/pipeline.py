"""How long the line takes on the shipped corpus: `python -m benchmarks.pipeline [--runs N]`.

Each run is the command itself in a process of its own, in a new folder for every first run. CPU time, of the process
and its children, can be compared between busy machines, unlike wall time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "pipeline.json"

# Bounds in seconds of wall time, on two cores.
BOUNDS = {"first run": 120.0, "second run": 30.0, "tagline check": 3.0, "tagline --help": 0.5}
MEMORY_BOUND_GB = 2.5


def main() -> None:
    """Print a table of medians beside their bounds, and keep it as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1, help="how often each is measured; medians are printed")
    runs = parser.parse_args().runs
    measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in BOUNDS}
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
                measured[name].append(measure([sys.executable, "-m", "pipeline.cli.app", *arguments]))
                print(f"{name}: {measured[name][-1][0]:.1f} s", file=sys.stderr, flush=True)
    rows = [
        {
            "what": name,
            "wall_s": round(statistics.median(wall for wall, _, _ in values), 2),
            "cpu_s": round(statistics.median(cpu for _, cpu, _ in values), 2),
            "memory_gb": round(max(memory for _, _, memory in values), 2),
            "bound_s": BOUNDS[name],
        }
        for name, values in measured.items()
    ]
    print(f"{'what':<16} {'wall s':>8} {'bound s':>8} {'CPU s':>8} {'memory GB':>10}")
    for row in rows:
        print(
            f"{row['what']:<16} {row['wall_s']:>8} {row['bound_s']:>8} {row['cpu_s']:>8} {row['memory_gb']:>10}"
        )
    print(f"memory: the largest process; bound {MEMORY_BOUND_GB} GB")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    machine = {"cores": os.cpu_count(), "processor": platform.processor() or platform.machine()}
    RESULTS.write_text(json.dumps({"machine": machine, "runs": runs, "rows": rows}, indent=2) + "\n")


def measure(command: list[str]) -> tuple[float, float, float]:
    """Run a command in the repository, which must succeed: (wall seconds, CPU seconds, peak memory in GB)."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    if status:
        raise SystemExit(f"{' '.join(command)} failed with status {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20


if __name__ == "__main__":
    main()
