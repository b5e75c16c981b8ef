"""Costs of batch prediction and its rivals: `python -m benchmarks.predict [--sentences N] [--model FOLDER]`.

Sentences of the sample's grammar, none of them in the shipped corpus. Each way of tagging them runs in a
process of its own, measured from start to end; a run over 10 sentences shows what importing TensorFlow and
Beam and loading the model cost. Wall time depends on the machine's other load; CPU time and memory hardly do.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from benchmarks.measuring import results
from benchmarks.measuring.command import Cost, run
from benchmarks.measuring.command_line import parser_of
from benchmarks.measuring.figures import Figure, show
from benchmarks.pushed_model import newest
from sample.generate import splits

SEED = 11
FEW = 10
# Sentences around one of 2,000 tokens.
LONG = 5_000
NAME = "sample"


def main() -> None:
    """Print each figure with its bound, and write them as JSON; exit status 1 if a bound is not met."""
    options = _options()
    model = (options.model or newest()).resolve()
    many, tenth = options.sentences, options.sentences // 10
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="tagline-bench-") as home:
        inputs = _inputs(Path(home), {FEW, tenth, many})
        base = Path(home, "models", NAME)
        base.mkdir(parents=True)
        shutil.copytree(model, base / "1")

        def bulk(count: int, workers: int) -> Cost:
            output = Path(home, f"out-{count}-{workers}")
            command = [
                sys.executable, "-m", "pipeline.cli.app", "predict", "--set", f"name={NAME}",
                "--set", f"serving.models={home}/models", "--input", str(inputs[count]),
                "--output", str(output), "--workers", str(workers),
            ]  # fmt: skip
            return _measured(f"bulk, {count:,} sentences, {workers} workers", command)

        def other(way: str, count: int) -> Cost:
            program = [sys.executable, "-m", "benchmarks.rivals.predict_rivals"]
            command = [*program, way, str(model), str(inputs[count]), NAME]
            return _measured(f"{way}, {count:,} sentences", command)

        begin = bulk(FEW, 1)
        small, large = bulk(tenth, 1), bulk(many, 1)
        side_by_side = bulk(many, options.workers)
        figures += _figures(f"bulk, {many:,} sentences, 1 worker", many - FEW, begin, large)
        figures += _figures(f"bulk, {many:,}, {options.workers} workers", many - FEW, begin, side_by_side)
        figures.append(Figure("(bulk, to begin)", begin.wall, "s"))
        figures.append(Figure(f"(bulk, memory of {tenth:,})", small.memory, "MB"))
        figures.append(Figure(f"(bulk, memory of {many:,})", large.memory, "MB"))
        grown = large.memory - small.memory
        figures.append(Figure(f"bulk, memory of {many:,} less that of {tenth:,}", grown, "MB", most=100))
        for way in ("server", "tfx_bsl"):
            # A tenth of the sentences is enough to measure the cost of one.
            start, cost = other(way, FEW), other(way, tenth)
            figures += _figures(f"{way}, {tenth:,} sentences", tenth - FEW, start, cost)
            figures.append(Figure(f"({way}, memory of {tenth:,})", cost.memory, "MB"))
            ours = (large.cpu - begin.cpu) / (many - FEW)
            theirs = (cost.cpu - start.cpu) / (tenth - FEW)
            figures.append(Figure(f"(CPU of a sentence, {way} over bulk)", theirs / ours, "x"))
        inputs[LONG] = _with_a_long_one(Path(home), inputs[FEW])
        for what, cost in (("bulk", bulk(LONG, 1)), ("tfx_bsl", other("tfx_bsl", LONG))):
            figures.append(Figure(f"({what}, memory of {LONG:,}, one of 2,000 tokens)", cost.memory, "MB"))
    show(figures)
    results.write("predict", figures=[asdict(figure) for figure in figures])
    sys.exit(0 if all(figure.is_met for figure in figures) else 1)


def _options() -> argparse.Namespace:
    parser = parser_of("predict", __doc__)
    parser.add_argument(
        "--model", type=Path, help="a version's folder; default: the newest of serving_models/sample"
    )
    parser.add_argument("--sentences", type=int, default=100_000, help="of the larger run")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="of the larger run")
    return parser.parse_args()


def _figures(what: str, sentences: int, begin: Cost, cost: Cost) -> Iterable[Figure]:
    """Compute speed and CPU time a sentence, without the cost of the start."""
    yield Figure(f"({what})", sentences / (cost.wall - begin.wall), "sentences/s")
    yield Figure(f"({what}, CPU of a sentence)", 1e3 * (cost.cpu - begin.cpu) / sentences, "ms")


def _inputs(home: Path, counts: set[int]) -> dict[int, Path]:
    """Write a CoNLL file for each number of sentences."""
    corpus = splits(SEED, max(counts) * 5 // 4 + 10)["train"]
    paths = {}
    for count in counts:
        paths[count] = home / f"{count}.conll"
        with paths[count].open("w", encoding="utf-8") as file:
            for line in corpus[:count]:
                rows = zip(line.tokens, line.tags, strict=True)
                file.write("".join(f"{token}\t{tag}\n" for token, tag in rows) + "\n")
    return paths


def _with_a_long_one(home: Path, few: Path) -> Path:
    """Write a file of `LONG` sentences with one of 2,000 tokens in the middle."""
    path, block = home / "long.conll", few.read_text(encoding="utf-8")
    half = block * (LONG // FEW // 2)
    path.write_text(half + "word\tO\n" * 2_000 + "\n" + half, encoding="utf-8")
    return path


def _measured(what: str, command: list[str]) -> Cost:
    """Measure a command and print its cost to stderr."""
    cost, _ = run(command)
    print(
        f"{what}: {cost.wall:.1f} s, CPU {cost.cpu:.1f} s, {cost.memory:.0f} MB", file=sys.stderr, flush=True
    )
    return cost


if __name__ == "__main__":
    main()
