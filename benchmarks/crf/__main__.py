"""The CRF against TensorFlow Addons: `python -m benchmarks.crf [--quick] [--grid] [--peers] [--picture FILE]`.

Prints tables, and writes every number into crf.json. Each figure is how many times as fast as TensorFlow Addons
inside a tf.function, at the same shape in the same process: "xla" is ours compiled against theirs traced with that
shape (theirs does not compile), "graph" is both with B and T dynamic.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from rich.console import Console

from benchmarks.crf.contestants import (
    addons_decode,
    addons_likelihood,
    compiled,
    in_graph,
    our_decode,
    our_k_best,
    our_likelihood,
    our_marginals,
    with_gradient,
)
from benchmarks.crf.floor import floor, rates
from benchmarks.crf.show import (
    Multiple,
    Peers,
    Row,
    picture,
    show,
    show_multiples,
    show_peers,
)
from benchmarks.measuring.results import machine
from benchmarks.measuring.timing import Contestant, medians
from benchmarks.rivals.crf_peers import PEERS, compared, measured_apart
from benchmarks.rivals.crf_problems import Shape, problem

LOSS_SHAPES: tuple[Shape, ...] = (
    (32, 50, 9),
    (256, 50, 9),
    (32, 50, 25),
    (32, 50, 128),
    (1, 512, 9),
    (128, 128, 50),
)
DECODE_SHAPES: tuple[Shape, ...] = ((1, 20, 9), (32, 50, 9), (256, 50, 9))
MULTIPLE_SHAPES: tuple[Shape, ...] = ((32, 50, 9), (256, 50, 9), (32, 50, 128), (1, 512, 9))
GRID: tuple[Shape, ...] = tuple(itertools.product((1, 32, 256), (1, 20, 50, 128, 512), (2, 9, 25, 50, 128)))

LOSS_TARGETS = {
    "xla": dict(zip(LOSS_SHAPES, (6.5, 6.5, 8, 20, 60, 15), strict=True)),
    "graph": dict(zip(LOSS_SHAPES, (1.6, 2.2, 2.3, 13, 2.9, 10), strict=True)),
}
DECODE_TARGETS: dict[str, dict[Shape, float]] = {"xla": {(32, 50, 9): 6, (256, 50, 9): 4}, "graph": {}}


def against_addons(
    what: str,
    ours: Contestant,
    theirs: Contestant,
    shapes: Sequence[Shape],
    targets: dict[str, dict[Shape, float]],
    seconds: float,
    console: Console,
    *,
    everywhere: float | None = None,
) -> list[Row]:
    """Measure both at each shape; `everywhere` is the target where `targets` has none."""
    rows = []
    for shape in shapes:
        cpu = medians(
            {
                "xla addons": tf.function(theirs),
                "xla": compiled(ours),
                "graph addons": in_graph(theirs, shape[2]),
                "graph": in_graph(ours, shape[2]),
            },
            problem(*shape),
            seconds=seconds,
        )
        for how in ("xla", "graph"):
            theirs_s, ours_s = cpu[f"{how} addons"], cpu[how]
            target = targets.get(how, {}).get(shape, everywhere)
            rows.append(Row(what, how, shape, theirs_s * 1e3, ours_s * 1e3, target))
        console.print(f"{what} {shape}: {rows[-2].times:.1f}x (XLA), {rows[-1].times:.1f}x (graph)")
    return rows


def relative(seconds: float, shapes: Sequence[Shape]) -> list[Multiple]:
    """Measure marginals against the loss and its gradient, and k_best(5) against Viterbi."""
    rows = []
    for shape in shapes:
        for how in ("xla", "graph"):
            make = compiled if how == "xla" else (lambda run, tags=shape[2]: in_graph(run, tags))
            contestants = {
                "loss and gradient": make(with_gradient(our_likelihood)),
                "marginals": make(our_marginals),
                "viterbi": make(our_decode),
                "k_best(5)": make(our_k_best),
            }
            cpu = medians(contestants, problem(*shape), seconds=seconds)
            for what, base, most in (("marginals", "loss and gradient", 1.5), ("k_best(5)", "viterbi", 8.0)):
                rows.append(Multiple(what, base, how, shape, cpu[what] * 1e3, cpu[base] * 1e3, most))
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 0 if every target is met, else 1."""
    options = parser().parse_args(arguments)
    console, seconds = Console(width=110), 1.0 if options.quick else 5.0
    options.out.mkdir(parents=True, exist_ok=True)

    on, speeds = machine(), rates()
    loss = with_gradient(our_likelihood), with_gradient(addons_likelihood)
    losses = against_addons("loss and gradient", *loss, LOSS_SHAPES, LOSS_TARGETS, seconds, console)
    decoders = our_decode, addons_decode
    decodes = against_addons(
        "decode", *decoders, DECODE_SHAPES, DECODE_TARGETS, seconds, console, everywhere=1.0
    )
    grid: list[Row] = []
    if options.grid:
        grid = against_addons("decode grid", *decoders, GRID, {}, seconds / 10, console, everywhere=1.0)
    multiples = relative(seconds, MULTIPLE_SHAPES)
    apart = (
        measured_apart(options.out / "peers", LOSS_SHAPES, seconds)
        if options.peers
        else dict.fromkeys(PEERS, "not run: needs --peers")
    )
    peers = compared(apart, {row.shape: row.addons_ms for row in losses if row.how == "graph"})

    floors = {shape: floor(*shape, speeds) * 1e3 for shape in LOSS_SHAPES}
    console.print(
        f"{on['processor']}, {on['cores']} cores; measured: {speeds['operations'] / 1e9:.0f} GFLOP and "
        f"{speeds['bytes'] / 1e9:.1f} GB copied per CPU second"
    )
    show(console, "loss and gradient", losses, floors)
    show(console, "decode", [*decodes, *grid], {})
    show_multiples(console, multiples)
    show_peers(console, LOSS_SHAPES, peers)

    rows = [*losses, *decodes, *grid]
    record = {"machine": on, "tensorflow": tf.__version__, "rates": speeds}
    record |= figures(rows, multiples, floors, peers)
    (options.out / "crf.json").write_text(json.dumps(record, indent=1) + "\n")
    if options.picture:
        picture([*losses, *decodes], peers, options.picture)
    missed = sum(row.met is False for row in rows) + sum(not row.met for row in multiples)
    console.print(
        f"{missed} of {len(rows) + len(multiples)} figures miss their bound; see {options.out}/crf.json"
    )
    return 1 if missed else 0


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.crf", description=__doc__)
    add = arguments.add_argument
    add("--quick", action="store_true", help="a fifth of the measuring time")
    add("--grid", action="store_true", help="decode on the grid of 75 shapes as well")
    add("--peers", action="store_true", help=f"{' and '.join(PEERS)} as well; installs them apart")
    add("--picture", type=Path, help="where to draw the speeds")
    add("--out", type=Path, default=Path("benchmarks/results"), help="where crf.json goes")
    return arguments


def figures(
    rows: Sequence[Row], multiples: Sequence[Multiple], floors: dict[Shape, float], peers: Peers
) -> dict[str, Any]:
    """Collect every number for crf.json."""
    return {
        "rows": [{**row._asdict(), "times": row.times, "met": row.met} for row in rows],
        "floor_ms": [{"shape": shape, "ms": value} for shape, value in floors.items()],
        "multiples": [{**row._asdict(), "times": row.times, "met": row.met} for row in multiples],
        "peers": {
            name: cells
            if isinstance(cells, str)
            else [{"shape": shape, **cell} for shape, cell in cells.items()]
            for name, cells in peers.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
