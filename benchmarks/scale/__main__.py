"""Growth of time and memory with the corpus: `python -m benchmarks.scale [--sentences N,N] [--workers 1,2]`.

Generated sentences go through the pipeline up to Transform (`--training`: up to the Trainer, one epoch of a small
model) and then, as plain input, through `tagline predict`, with a model trained on 1,000 sentences. The dev
and test splits have 500 sentences at any size. Each command runs in a process of its own, measured with its
child processes. Two workers are two processes of Beam in the components that use it, and two threads in bulk
prediction.

Measurements are kept in benchmarks/results/scale.json and not repeated (unless `--again`), so that a long
series can be interrupted; the tables and the picture show everything in that file.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from benchmarks.measuring import results
from benchmarks.measuring.command_line import parser_of
from benchmarks.measuring.process_tree import Usage, Watched, watch
from benchmarks.scale import corpus as scale_corpus
from benchmarks.scale.measured import Measured, Part
from benchmarks.scale.models import NAME, SMALL, model_to_predict_with
from benchmarks.scale.picture import picture_of
from benchmarks.scale.tables import SHOWN, show
from components.report.run_page.timings import timings
from files import atomic
from pipeline.runs.lineage import Lineage
from pipeline.settings import load

RESULTS = results.RESULTS / "scale.json"


def main() -> None:
    """Measure what is missing, print the tables and draw the picture; exit 1 if a bound is not met."""
    parser = parser_of("scale", __doc__)
    parser.add_argument("--sentences", type=_numbers, default=[1_000, 10_000, 100_000], metavar="N,N")
    parser.add_argument("--workers", type=_numbers, default=[1, 2], metavar="N,N")
    parser.add_argument("--training", action="store_true", help="the Trainer too, with one worker")
    parser.add_argument(
        "--price", type=float, default=0.04, help="price of a core for an hour, in any currency"
    )
    parser.add_argument("--again", action="store_true", help="repeat measurements that exist")
    parser.add_argument(
        "--picture", type=Path, default=RESULTS.with_suffix(".svg"), help="file of the picture"
    )
    parser.add_argument("--home", type=Path, help="folder for corpora and runs (default: temporary)")
    options = parser.parse_args()
    for sentences in options.sentences:
        for workers in options.workers:
            until = "Trainer" if options.training and workers == 1 else "Transform"
            existing = {
                part.name for each in _results() if each.size == (sentences, workers) for part in each.parts
            }
            missing = [part for part in (until, "predict") if options.again or part not in existing]
            if missing:
                # If a measurement fails, the folder with its logs stays.
                home = Path(tempfile.mkdtemp(prefix="tagline-scale-", dir=options.home))
                _measure(home, sentences, workers, missing)
                shutil.rmtree(home)
    met = show(_results(), price=options.price)
    options.picture.write_text(picture_of(_results(), SHOWN), encoding="utf-8")
    print(f"picture  {options.picture}")
    sys.exit(0 if met else 1)


def _numbers(text: str) -> list[int]:
    return [int(number.replace("_", "")) for number in text.split(",")]


def _results() -> list[Measured]:
    return msgspec.json.decode(RESULTS.read_bytes(), type=list[Measured]) if RESULTS.exists() else []


def _keep(sentences: int, workers: int, parts: Iterable[Part]) -> None:
    """Add the measurements of a size to the results, or replace those of the same parts."""
    # Read again: another series may have written in the meantime.
    measurements = _results()
    existing = {
        part.name: part for each in measurements if each.size == (sentences, workers) for part in each.parts
    }
    machine = f"{os.cpu_count()} cores, {platform.processor() or platform.machine()}"
    merged = [*(existing | {part.name: part for part in parts}).values()]
    measured = Measured(sentences=sentences, workers=workers, parts=merged, machine=machine)
    measurements = [*(each for each in measurements if each.size != measured.size), measured]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    measurements.sort(key=lambda each: (each.workers, each.sentences))
    atomic.write(RESULTS, msgspec.json.format(msgspec.json.encode(measurements)))


def _measure(home: Path, sentences: int, workers: int, missing: Sequence[str]) -> None:
    """Measure the missing parts: the pipeline up to one component, and bulk prediction."""
    corpus = home / "corpus"
    scale_corpus.write(corpus, sentences=sentences)
    size = f"{sentences:,} sentences, {workers} worker{'s' * (workers > 1)}"
    for until in (part for part in missing if part != "predict"):
        assignments = [
            f"name={NAME}",
            f"data={corpus}",
            f"pipeline.root={home}/runs",
            *SMALL,
            *_beam(workers),
        ]
        line = [sys.executable, "-m", "benchmarks.scale.line", until, *assignments]
        ran = _watched(f"line, {size}", line)
        parts = [_part(name, usage) for name, usage in _components(assignments, ran)]
        _keep(sentences, workers, [*parts, _part("line", ran.usage())])
    if "predict" in missing:
        bulk = ["--input", f"{corpus}/train.conll", "--output", f"{home}/tagged", "--workers", str(workers)]
        places = _set(f"name={NAME}", f"serving.models={model_to_predict_with(home)}", "corpus.scheme=BIO")
        tagged = _watched(f"predict, {size}", [*_TAGLINE, "predict", *places, *bulk])
        _keep(sentences, workers, [_part("predict", tagged.usage())])


_TAGLINE = (sys.executable, "-m", "pipeline.cli.app")


def _set(*assignments: str) -> list[str]:
    return [argument for assignment in assignments for argument in ("--set", assignment)]


def _beam(workers: int) -> list[str]:
    if workers == 1:
        return []
    return [f"beam.direct.workers={workers}", "beam.direct.mode=processes"]


def _components(assignments: list[str], ran: Watched) -> list[tuple[str, Usage]]:
    """Measure the usage of each component between its start and end in the metadata."""
    database = load(assignments=assignments).run_dir / "metadata.db"
    (run_id,) = Lineage(database).run_ids()
    return [
        (timing.component, ran.usage(timing.began.timestamp(), timing.began.timestamp() + timing.seconds))
        for timing in timings(database, run_id)
        if timing.seconds is not None
    ]


def _part(name: str, usage: Usage) -> Part:
    return Part(
        name=name,
        wall=round(usage.wall, 2),
        unhindered=round(usage.unhindered, 2),
        cpu=round(usage.cpu, 2),
        memory=round(usage.memory, 1),
    )


def _watched(what: str, command: list[str]) -> Watched:
    ran = watch(command, cwd=results.ROOT)
    if ran.status:
        output = re.sub(r".*\r", "", ran.output)[-3000:]
        raise SystemExit(f"{what} failed with status {ran.status}:\n{output}")
    usage = ran.usage()
    print(
        f"{what}: {usage.wall:.1f} s, {usage.unhindered:.1f} s without waiting for a core, "
        f"CPU {usage.cpu:.1f} s, {usage.memory:,.0f} MB",
        file=sys.stderr,
        flush=True,
    )
    return ran


if __name__ == "__main__":
    main()
