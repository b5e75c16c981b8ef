"""The CRF with and without XLA, on this machine's device: `python -m benchmarks.xla [--rounds N] [--json]`.

A training step's part of it (log-likelihood and gradients) and Viterbi's path, at a fixed shape. Both ways run in turn,
so that what disturbs one disturbs both; the median counts. The complete model cannot be compiled: XLA has no strings,
of which the byte features are made, and would compile again for every batch's length. So training has no setting for
it; this measures what one would be worth.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf
from rich.console import Console
from rich.table import Table

from benchmarks.measuring.command_line import parser_of
from trainer import crf

# Sentences, tokens, tags.
SHAPES = ((16, 20, 17), (128, 40, 17), (16, 20, 80))


class Times(NamedTuple):
    """Milliseconds of a call."""

    plain: float
    xla: float


def computations(batch: int, tokens: int, tags: int) -> dict[str, Callable[[], Any]]:
    """Make the computations to measure, by name, on random scores."""
    emissions = tf.Variable(tf.random.stateless_normal([batch, tokens, tags], [1, 2]))
    transitions = tf.Variable(tf.random.stateless_normal([tags, tags], [1, 3]))
    labels = tf.random.stateless_uniform([batch, tokens], [1, 4], 0, tags, tf.int32)
    lengths = tf.fill([batch], tokens)

    def step() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            chain = crf.LinearChain(emissions, transitions, lengths=lengths)
            loss = -tf.reduce_mean(chain.log_likelihood(labels))
        return [loss, *tape.gradient(loss, [emissions, transitions])]

    def path() -> Any:
        return crf.LinearChain(emissions, transitions, lengths=lengths).viterbi()

    return {"training": step, "decoding": path}


def measure(computation: Callable[[], Any], *, rounds: int) -> Times:
    """Measure the median times of a computation with and without XLA; compiling is not counted."""
    ways = [tf.function(computation, jit_compile=jit) for jit in (False, True)]
    times: list[list[float]] = [[], []]
    for way in ways:
        way()
    for _ in range(rounds):
        for way, milliseconds in zip(ways, times, strict=True):
            started = time.perf_counter()
            # Taken to the host: a GPU answers before it is done.
            tf.nest.map_structure(lambda tensor: tensor.numpy(), way())
            milliseconds.append(1e3 * (time.perf_counter() - started))
    return Times(*map(statistics.median, times))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all computations at all shapes and print their times."""
    parser = parser_of("xla", __doc__)
    parser.add_argument(
        "--rounds", type=int, default=100, help="measurements of each; their median is printed"
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    options = parser.parse_args(arguments)
    gpus = tf.config.list_physical_devices("GPU")
    device = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU") if gpus else "CPU"
    measured = {
        (shape, name): measure(computation, rounds=options.rounds)
        for shape in SHAPES
        for name, computation in computations(*shape).items()
    }
    if options.json:
        rows = [
            {"shape": shape, "computation": name, **times._asdict()}
            for (shape, name), times in measured.items()
        ]
        print(json.dumps({"device": device, "milliseconds": rows}))
        return
    table = Table(title=f"The CRF on {device}: milliseconds a call")
    for heading in ("sentences x tokens x tags", "computation", "plain", "XLA", "plain / XLA"):
        table.add_column(heading, justify="right" if heading in ("plain", "XLA", "plain / XLA") else "left")
    for (shape, name), times in measured.items():
        sizes = " x ".join(map(str, shape))
        table.add_row(sizes, name, f"{times.plain:.2f}", f"{times.xla:.2f}", f"{times.plain / times.xla:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
