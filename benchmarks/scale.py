"""How time and memory grow with the corpus: `python -m benchmarks.scale [--sentences 10000,100000] [--workers 1,2]`.

Generated sentences go through `tagline run` (one epoch of a small model; the dev and the test split have 500
sentences at any size) and then, as plain input, through `tagline predict`. Each is a process of its own, looked at
with all it starts. Two workers are two processes of Beam, in the components that use it and in bulk prediction.

What was measured is kept in benchmarks/results/scale.json and not measured again (`--again` does), so that a long
series can be interrupted; a table and benchmarks/results/scale.svg show all that the file holds. CPU time is what
a machine busy with other work leaves comparable.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks import scale_corpus
from benchmarks.process_tree import Usage, Watched, watch
from benchmarks.scale_show import Measured, Part, show
from components.report.timings import timings
from pipeline.lineage import Lineage
from pipeline.settings import load

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "scale.json"
NAME = "scale"

SMALL = (
    "trainer.epochs=1", "trainer.lstm_units=50", "trainer.word_embedding=50", "trainer.batch_size=32",
    "evaluation.floor=0", "evaluation.resamples=1000", "serving.check_requests=4", "corpus.scheme=BIO",
)  # fmt: skip


def main() -> None:
    """Measure what is missing, and show all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sentences", type=_numbers, default=[1_000, 10_000, 100_000], metavar="N,N")
    parser.add_argument("--workers", type=_numbers, default=[1, 2], metavar="N,N")
    parser.add_argument("--price", type=float, default=0.04, help="of a core for an hour, in any currency")
    parser.add_argument("--again", action="store_true", help="measure what is known too")
    parser.add_argument("--home", type=Path, help="folder for corpora and runs; a temporary one without it")
    options = parser.parse_args()
    known = [] if not RESULTS.exists() else msgspec.json.decode(RESULTS.read_bytes(), type=list[Measured])
    for sentences in options.sentences:
        for workers in options.workers:
            same = [m for m in known if (m.sentences, m.workers) == (sentences, workers)]
            if same and not options.again:
                continue
            # If it fails, the folder stays: its logs say why.
            home = Path(tempfile.mkdtemp(prefix="tagline-scale-", dir=options.home))
            measured = _measured(home, sentences, workers)
            shutil.rmtree(home)
            known = sorted(
                [*(m for m in known if m not in same), measured], key=lambda m: (m.workers, m.sentences)
            )
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(known)))
    sys.exit(0 if show(known, price=options.price, picture=RESULTS.with_suffix(".svg")) else 1)


def _numbers(text: str) -> list[int]:
    return [int(number.replace("_", "")) for number in text.split(",")]


def _measured(home: Path, sentences: int, workers: int) -> Measured:
    corpus = home / "corpus"
    scale_corpus.write(corpus, sentences=sentences)
    beam = "[]"
    if workers > 1:
        beam = f"[--direct_num_workers={workers}, --direct_running_mode=multi_processing]"
    places = (f"name={NAME}", f"data={corpus}", f"pipeline.root={home}/runs", f"serving.models={home}/models")
    assignments = [*places, *SMALL, f"pipeline.beam_args={beam}"]
    given = [argument for assignment in assignments for argument in ("--set", assignment)]
    tagline = [sys.executable, "-m", "pipeline.cli"]
    ran = _watched(f"run, {sentences:,} sentences, {workers} workers", [*tagline, "run", *given])
    parts = [_part(found, used) for found, used in _components(home, assignments, ran)]
    parts.append(_part("run", ran.usage()))
    bulk = ["--input", str(corpus / "train.conll"), "--output", f"{home}/tagged", "--workers", str(workers)]
    tagged = _watched(f"predict, {sentences:,}, {workers} workers", [*tagline, "predict", *given, *bulk])
    parts.append(_part("predict", tagged.usage()))
    machine = f"{os.cpu_count()} cores, {platform.processor() or platform.machine()}"
    return Measured(sentences=sentences, workers=workers, parts=parts, machine=machine)


def _components(home: Path, assignments: list[str], ran: Watched) -> list[tuple[str, Usage]]:
    """What each component took, by the times that the metadata have of it."""
    database = load(assignments=assignments).run_dir / "metadata.db"
    (run_id,) = Lineage(database).run_ids()
    return [
        (timing.component, ran.usage(timing.began.timestamp(), timing.began.timestamp() + timing.seconds))
        for timing in timings(database, run_id)
        if timing.seconds is not None
    ]


def _part(name: str, used: Usage) -> Part:
    return Part(name=name, wall=round(used.wall, 2), cpu=round(used.cpu, 2), memory=round(used.memory, 1))


def _watched(what: str, command: list[str]) -> Watched:
    ran = watch(command, cwd=ROOT)
    if ran.status:
        told = re.sub(r".*\r", "", ran.said)[-3000:]
        raise SystemExit(f"{what} failed with status {ran.status}:\n{told}")
    used = ran.usage()
    print(
        f"{what}: {used.wall:.1f} s, CPU {used.cpu:.1f} s, {used.memory:,.0f} MB", file=sys.stderr, flush=True
    )
    return ran


if __name__ == "__main__":
    main()
