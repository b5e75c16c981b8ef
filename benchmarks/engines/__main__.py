"""What a million sentences cost on each engine: `python -m benchmarks.engines [--engines flink] [--slots 1,2,4]`.

Generated sentences go through the line up to Transform and then through `tagline predict`, on DirectRunner and on
each engine with so many slots: task managers of Flink, workers of Spark, processes of DirectRunner. Each is
measured with a small and a large corpus; a line through both gives the cost of a start and of a million sentences,
and where it crosses DirectRunner's with one worker the engine begins to pay. CPU seconds are those of the
command, the cluster and its workers together. All of it runs on this machine, so slots beyond its cores gain
nothing here.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import psutil

from benchmarks.engines.cluster import Engine
from benchmarks.engines.flink import flink
from benchmarks.engines.parts import Missing
from benchmarks.engines.prism import prism
from benchmarks.engines.spark import spark
from benchmarks.engines.table import Measured, table
from benchmarks.measuring import results
from benchmarks.measuring.command_line import parser_of
from benchmarks.scale import corpus as generated
from benchmarks.scale.models import NAME, model_to_predict_with

ENGINES = ("direct", "prism", "flink", "spark")


def main() -> None:
    """Measure, print the table, and keep it in benchmarks/results/engines.json."""
    parser = parser_of("engines", __doc__)
    parser.add_argument("--engines", type=lambda text: text.split(","), default=ENGINES, metavar="NAME,NAME")
    parser.add_argument("--sentences", type=_numbers, default=[20_000, 100_000], metavar="SMALL,LARGE")
    parser.add_argument("--slots", type=_numbers, default=[1, 2, 4], metavar="N,N")
    options = parser.parse_args()
    if unknown := set(options.engines) - set(ENGINES):
        parser.error(f"--engines: found {', '.join(sorted(unknown))}; expected some of {', '.join(ENGINES)}")
    if len(options.sentences) != 2 or options.sentences[0] >= options.sentences[1]:
        parser.error("--sentences: expected a smaller and a larger number")
    measured: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="tagline-engines-") as name:
        home = Path(name)
        models = model_to_predict_with(home)
        for sentences in options.sentences:
            generated.write(home / f"corpus-{sentences}", sentences=sentences)
        for engine in options.engines:
            # Prism is one process, and has one worker.
            for slots in [1] if engine == "prism" else options.slots:
                scratch = home / f"{engine}-{slots}"
                scratch.mkdir()
                try:
                    measured += _measure(engine, slots, scratch, options.sentences, models)
                except Missing as missing:
                    print(f"not run: {missing}")
    results.write("engines", measured=msgspec.to_builtins(measured))
    print(table(measured))


def _numbers(text: str) -> list[int]:
    return [int(number.replace("_", "")) for number in text.split(",")]


def _opened(engine: str, slots: int, scratch: Path) -> AbstractContextManager[Engine]:
    starts: dict[str, Callable[[], AbstractContextManager[Engine]]] = {
        "prism": lambda: prism(scratch),
        "flink": lambda: flink(scratch, parallelism=slots, spare=0),
        "spark": lambda: spark(scratch, machines=slots),
    }
    return starts[engine]()


def _measure(
    engine: str, slots: int, scratch: Path, sizes: Sequence[int], models: Path
) -> Iterator[Measured]:
    began = time.monotonic()
    if engine == "direct":
        beam = f"beam.direct={{workers: {slots}, mode: processes}}"
        yield from _runs(engine, slots, beam, 0.0, scratch, sizes, models)
        return
    with _opened(engine, slots, scratch) as there:
        started = time.monotonic() - began
        yield from _runs(engine, slots, there.beam, started, scratch, sizes, models)


def _runs(
    engine: str, slots: int, beam: str, started: float, scratch: Path, sizes: Sequence[int], models: Path
) -> Iterator[Measured]:
    for sentences in sizes:
        corpus, out = scratch.parent / f"corpus-{sentences}", scratch / str(sentences)
        line = (
            "-m",
            "benchmarks.scale.line",
            "Transform",
            f"name={NAME}",
            f"data={corpus}",
            f"pipeline.root={out}",
        )
        bulk = (
            "-m",
            "pipeline.cli.app",
            "predict",
            "--input",
            f"{corpus}/train.conll",
            "--output",
            f"{out}-tagged",
        )
        places = ("--set", f"name={NAME}", "--set", f"serving.models={models}", "--set", beam)
        for part, command in (("line", (*line, beam)), ("predict", (*bulk, *places))):
            wall, cpu = _cost(command)
            measured = Measured(engine, slots, part, sentences, wall, cpu, started)
            print(measured, file=sys.stderr, flush=True)
            yield measured


def _cost(command: Sequence[str]) -> tuple[float, float]:
    """Seconds and CPU seconds of a command, with what the cluster and its workers did for it."""
    began, before = time.monotonic(), _cpu_seconds()
    done = subprocess.run(
        [sys.executable, *command], cwd=results.ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed with status {done.returncode}:\n{done.stderr[-3000:]}")
    return round(time.monotonic() - began, 1), round(_cpu_seconds() - before, 1)


def _cpu_seconds() -> float:
    """Of this process and of all that it has started, the cluster among them, so far."""
    own = psutil.Process()
    total = 0.0
    for process in [own, *own.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        # What a process has waited for counts with it.
        total += times.user + times.system + times.children_user + times.children_system
    return total


if __name__ == "__main__":
    main()
