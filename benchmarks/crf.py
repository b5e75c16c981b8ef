"""The CRF against TensorFlow Addons: `python -m benchmarks.crf [--quick] [--grid] [--out FOLDER]`.

Prints a table, and writes it with every number into crf.json and as a picture into crf.png. Each figure is how
many times as fast as TensorFlow Addons inside a tf.function, at the same shape in the same process: "xla" is ours
compiled against theirs traced with that shape (theirs does not compile), "graph" is both with B and T dynamic.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore")  # the farewell of TensorFlow Addons, once an import

import tensorflow as tf  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from benchmarks.crf_timing import Contestant, floor, medians, problem, rates  # noqa: E402
from trainer import crf  # noqa: E402

Shape = tuple[int, int, int]  # B, T, K

LOSS_SHAPES: tuple[Shape, ...] = (
    (32, 50, 9),
    (256, 50, 9),
    (32, 50, 25),
    (32, 50, 128),
    (1, 512, 9),
    (128, 128, 50),
)
DECODE_SHAPES: tuple[Shape, ...] = ((1, 20, 9), (32, 50, 9), (256, 50, 9))
GRID: tuple[Shape, ...] = tuple(itertools.product((1, 32, 256), (1, 20, 50, 128, 512), (2, 9, 25, 50, 128)))


class Row(NamedTuple):
    """One cell of the tables."""

    what: str
    how: str
    shape: Shape
    addons_ms: float
    ours_ms: float
    target: float | None

    @property
    def times(self) -> float:
        return self.addons_ms / self.ours_ms


LOSS_TARGETS = {
    "xla": dict(zip(LOSS_SHAPES, (6.5, 6.5, 8, 20, 60, 15), strict=True)),
    "graph": dict(zip(LOSS_SHAPES, (1.6, 2.2, 2.3, 13, 2.9, 10), strict=True)),
}
DECODE_TARGETS: dict[str, dict[Shape, float]] = {"xla": {(32, 50, 9): 6, (256, 50, 9): 4}, "graph": {}}


def with_gradient(likelihood: Callable[..., tf.Tensor]) -> Contestant:
    def run(emissions: tf.Tensor, tags: tf.Tensor, transitions: tf.Tensor, lengths: tf.Tensor) -> list:
        with tf.GradientTape() as tape:
            tape.watch([emissions, transitions])
            loss = -tf.reduce_sum(likelihood(emissions, tags, transitions, lengths))
        return [loss, *tape.gradient(loss, [emissions, transitions])]

    return run


def addons_likelihood(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tf.Tensor:
    from tensorflow_addons.text import crf_log_likelihood

    return crf_log_likelihood(emissions, tags, lengths, transitions)[0]


def addons_decode(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tuple:
    from tensorflow_addons.text import crf_decode

    return crf_decode(emissions, transitions, lengths)


def our_likelihood(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tf.Tensor:
    return crf.log_likelihood(emissions, tags, transitions, lengths=lengths)


def our_decode(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tuple:
    return crf.viterbi(emissions, transitions, lengths=lengths)


def our_marginals(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tf.Tensor:
    return crf.marginals(emissions, transitions, lengths=lengths)


def our_k_best(emissions: Any, tags: Any, transitions: Any, lengths: Any) -> tuple:
    return crf.k_best(emissions, transitions, k=5, lengths=lengths)


def in_graph(run: Contestant, tags: int) -> Contestant:
    """B and T dynamic: what a trace that serves every batch costs."""
    spec = tf.TensorSpec
    return tf.function(
        run,
        input_signature=[
            spec([None, None, tags]),
            spec([None, None], tf.int32),
            spec([tags, tags]),
            spec([None], tf.int32),
        ],
    )


def compiled(run: Contestant) -> Contestant:
    return tf.function(run, jit_compile=True)


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
    """One row a shape and way; `everywhere` is the target where `targets` has none."""
    rows = []
    for shape in shapes:
        given = problem(*shape)
        found = medians(
            {
                "xla addons": tf.function(theirs),
                "xla": compiled(ours),
                "graph addons": in_graph(theirs, shape[2]),
                "graph": in_graph(ours, shape[2]),
            },
            given,
            seconds=seconds,
        )
        for how in ("xla", "graph"):
            target = targets.get(how, {}).get(shape, everywhere)
            rows.append(Row(what, how, shape, found[f"{how} addons"] * 1e3, found[how] * 1e3, target))
        console.print(f"{what} {shape}: {rows[-2].times:.1f}x (XLA), {rows[-1].times:.1f}x (graph)")
    return rows


def relative(seconds: float, shapes: Sequence[Shape]) -> list[dict[str, Any]]:
    """Marginals against the loss's gradient and k_best(5) against Viterbi, as multiples of their time."""
    rows = []
    for shape in shapes:
        given = problem(*shape)
        for how in ("xla", "graph"):
            make = compiled if how == "xla" else (lambda run, tags=shape[2]: in_graph(run, tags))
            found = medians(
                {
                    "loss": make(with_gradient(our_likelihood)),
                    "marginals": make(our_marginals),
                    "viterbi": make(our_decode),
                    "k_best": make(our_k_best),
                },
                given,
                seconds=seconds,
            )
            rows.append(
                {
                    "how": how,
                    "shape": shape,
                    "marginals over loss": found["marginals"] / found["loss"],
                    "k_best(5) over viterbi": found["k_best"] / found["viterbi"],
                    "ms": {name: value * 1e3 for name, value in found.items()},
                }
            )
    return rows


def show(console: Console, title: str, rows: Sequence[Row], floors: dict[Shape, float]) -> None:
    table = Table(title=title)
    for column in ("B,T,K", "how", "addons ms", "ours ms", "times", "at least", "met", "floor ms"):
        table.add_column(column, justify="right")
    for row in rows:
        met = "" if row.target is None else ("yes" if row.times >= row.target else "NO")
        table.add_row(
            ",".join(map(str, row.shape)),
            row.how,
            f"{row.addons_ms:.2f}",
            f"{row.ours_ms:.2f}",
            f"{row.times:.2f}",
            "" if row.target is None else f"{row.target:g}",
            met,
            f"{floors[row.shape]:.3f}" if row.shape in floors else "",
        )
    console.print(table)


def picture(rows: Sequence[Row], path: Path) -> None:
    """Bars: how many times as fast, by shape, on a logarithmic axis."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(13, 4.5))
    for axis, what in zip(axes, ("loss and gradient", "decode"), strict=True):
        for offset, how in ((-0.2, "xla"), (0.2, "graph")):
            chosen = [row for row in rows if row.what == what and row.how == how]
            places = [place + offset for place in range(len(chosen))]
            bars = axis.bar(places, [row.times for row in chosen], 0.4, label=how)
            axis.bar_label(bars, fmt="%.1f", fontsize=8)
            for place, row in zip(places, chosen, strict=True):
                if row.target is not None:
                    axis.hlines(row.target, place - 0.2, place + 0.2, colors="black")
        axis.set_xticks(range(len(chosen)), [",".join(map(str, row.shape)) for row in chosen])
        axis.axhline(1, color="grey", linewidth=0.8)
        axis.set(title=what, xlabel="B,T,K", ylabel="times TensorFlow Addons' speed", yscale="log")
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every target is met, 1 where one is not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crf", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the measuring time")
    parser.add_argument("--grid", action="store_true", help="decode on the whole grid of 75 shapes as well")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="where files go")
    options = parser.parse_args(arguments)
    console, seconds = Console(width=110), 1.0 if options.quick else 5.0

    measured = rates()
    loss = with_gradient(our_likelihood), with_gradient(addons_likelihood)
    losses = against_addons("loss and gradient", *loss, LOSS_SHAPES, LOSS_TARGETS, seconds, console)
    decodes = against_addons(
        "decode", our_decode, addons_decode, DECODE_SHAPES, DECODE_TARGETS, seconds, console, everywhere=1.0
    )
    grid: list[Row] = []
    if options.grid:
        grid = against_addons(
            "decode grid", our_decode, addons_decode, GRID, {}, seconds / 5, console, everywhere=1.0
        )
    others = relative(seconds, ((32, 50, 9), (256, 50, 9)))

    floors = {shape: floor(*shape, measured) * 1e3 for shape in LOSS_SHAPES}
    show(console, "loss and gradient", losses, floors)
    show(console, "decode", [*decodes, *grid], {})
    for other in others:
        console.print(
            f"{other['how']} {other['shape']}: marginals {other['marginals over loss']:.2f} of the loss and gradient "
            f"(at most 1.5), k_best(5) {other['k_best(5) over viterbi']:.1f} times viterbi (at most 8)"
        )
    rows = [*losses, *decodes, *grid]
    missed = [row for row in rows if row.target is not None and row.times < row.target]
    options.out.mkdir(parents=True, exist_ok=True)
    record = {
        "tensorflow": tf.__version__,
        "rates": measured,
        "rows": [{**row._asdict(), "times": row.times} for row in rows],
        "floor_ms": [{"shape": shape, "ms": value} for shape, value in floors.items()],
        "relative": others,
    }
    (options.out / "crf.json").write_text(json.dumps(record, indent=1) + "\n")
    picture(rows, options.out / "crf.png")
    console.print(f"{len(missed)} of {len(rows)} figures under their target; written to {options.out}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
