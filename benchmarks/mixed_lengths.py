"""What hostile mixes of lengths cost an exported model: `python -m benchmarks.mixed_lengths [--set trainer.KEY=V]`.

Requests of 16 kB to each signature, in TensorFlow alone: a long sentence beside many short ones, which as one padded
batch would take gigabytes. Each is compared with the same tokens in one sentence, in CPU seconds and in the peak of
the process's memory; a request that the model refuses counts like any other. Then 100 sentences of mixed lengths
against the same ones sent sorted, in ten batches. The weights are untrained, which makes no difference to either.
"""

from __future__ import annotations

import bisect
import ctypes
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

from benchmarks.measuring import results
from benchmarks.measuring.command_line import parser_of
from benchmarks.measuring.figures import Figure, show
from benchmarks.measuring.timing import medians
from pipeline.settings import load
from tagging.schemes import BIOES
from trainer.export import saved_model
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.model.bilstm_crf import BiLstmCrf

SIGNATURES = ("decode", "decode_tokens", "decode_text", "decode_nbest", "explain", "evaluate")
REQUEST_BYTES = 16 << 10
MOST_SECONDS, MOST_MIB = 1.0, 200.0
# For the processes that measure: what is freed goes back at once, so that their memory is that in use.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_ARENA_MAX": "1"}

Lengths = list[int]


class Cost(NamedTuple):
    """CPU seconds, the peak of the process's memory, and whether the model refused the request."""

    seconds: float
    mib: float
    refused: bool


def export(directory: str, hp: Hyperparameters, labels: int = 9) -> None:
    """Export an untrained model of the sizes `hp` with so many entity labels."""
    words = tuple(f"word{number}".encode() for number in range(8_000))
    tags = ("O", *(f"{prefix}-L{label}" for label in range(labels) for prefix in "BIES"))
    vocabulary = Vocabulary(words=words, counts=(2,) * len(words), tags=tags)
    model = BiLstmCrf(hp, vocabulary, BIOES)
    saved_model.export(model, vocabulary, BIOES, directory=directory, n_best=hp.n_best, extra={})


def mixes(row_bytes: Callable[[int], int]) -> Iterator[tuple[str, Lengths]]:
    """Yield mixes of sentences as large as a request may be, given the bytes of a sentence of so many tokens."""

    def longest(left: int) -> int:
        return bisect.bisect_right(range(left), left, key=row_bytes) - 1

    for count, short in ((20, 1), (100, 0), (300, 1), (2_000, 0)):
        if (left := REQUEST_BYTES - count * row_bytes(short)) > 0:
            yield f"one long beside {count:,} of {short}", [short] * count + [longest(left)]
    yield (
        "each half as long as the one before",
        [length for turn in range(1, 15) if (length := longest(REQUEST_BYTES) >> turn)],
    )
    yield "as many of one token as fit", [1] * (REQUEST_BYTES // row_bytes(1))


def grids() -> Iterator[tuple[str, Lengths]]:
    """Yield the same for `decode_tokens`, whose request is itself padded, at two bytes for each string."""
    for rows in (9, 90, 900):
        yield f"one long beside {rows - 1} of 1", [REQUEST_BYTES // (2 * rows + 1)] + [1] * (rows - 1)


class Signature:
    """A signature of the model in a folder, called by lengths of sentences whose tokens are all `!`."""

    def __init__(self, directory: str, name: str) -> None:
        self._model = tf.saved_model.load(directory)
        self._call = self._model.signatures[name]
        (self._input,) = self._call.structured_input_signature[1]

    def mixes(self) -> Iterator[tuple[str, Lengths]]:
        """Yield hostile mixes of lengths."""
        # A string takes two bytes in a request besides its own.
        return grids() if self._input == "tokens" else mixes(lambda length: len(self._row(length)) + 2)

    def request(self, lengths: Lengths) -> tf.Tensor:
        """Make the input of a request."""
        if self._input == "tokens":
            return tf.where(tf.sequence_mask(lengths), "!", "")
        return tf.constant([self._row(length) for length in lengths], tf.string)

    def __call__(self, request: tf.Tensor) -> Any:
        return self._call(**{self._input: request})

    def cost(self, lengths: Lengths) -> Cost:
        """Send a request and measure it."""
        request = self.request(lengths)
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        began = time.process_time()
        try:
            answer = self(request)
            refused = False
            del answer
        except tf.errors.InvalidArgumentError:
            refused = True
        return Cost(time.process_time() - began, _mib("VmHWM"), refused)

    def _row(self, length: int) -> bytes:
        if self._input == "text":
            return b"!" * length
        example = tf.train.Example()
        example.features.feature["tokens"].bytes_list.value.extend([b"!"] * length)
        return example.SerializeToString()


def _mib(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def excesses(directory: str, name: str) -> list[tuple[str, Cost]]:
    """Measure what each mix costs a signature beyond the same tokens in one sentence."""
    signature = Signature(directory, name)
    for _ in range(2):  # traces, and fills the caches
        signature.cost([3, 2])
        signature.cost([1])
    found = []
    for what, lengths in signature.mixes():
        row, mixed = signature.cost([sum(lengths)]), signature.cost(lengths)
        found.append((what, Cost(mixed.seconds - row.seconds, mixed.mib - row.mib, mixed.refused)))
    return found


def mixed_over_sorted(directory: str) -> float:
    """Measure 100 sentences of 1 to 200 tokens in one request, over the same ones sorted, in ten requests."""
    signature = Signature(directory, "decode_text")
    lengths = [round(200 ** random.Random(row).random()) for row in range(100)]
    whole = signature.request(lengths)
    ascending = sorted(lengths)
    parts = [signature.request(ascending[start : start + 10]) for start in range(0, 100, 10)]
    cpu = medians(
        {"mixed": lambda: signature(whole), "sorted": lambda: [signature(part) for part in parts]}, []
    )
    return cpu["mixed"] / cpu["sorted"]


def measure(hp: Hyperparameters) -> list[Figure]:
    """Measure all signatures, each in a process of its own."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="tagline-bench-") as directory:
        export(directory, hp)
        os.environ.update(MALLOC)
        for name in SIGNATURES:
            with multiprocessing.get_context("spawn").Pool(1) as alone:
                found = alone.apply(excesses, (directory, name))
            refused = sum(cost.refused for _, cost in found)
            what, worst = max(found, key=lambda each: each[1].seconds)
            figures.append(
                Figure(
                    f"{name}, {refused} of {len(found)} refused; {what}",
                    worst.seconds,
                    "CPU s",
                    most=MOST_SECONDS,
                )
            )
            what, worst = max(found, key=lambda each: each[1].mib)
            figures.append(Figure(f"{name}; {what}", worst.mib, "MiB", most=MOST_MIB))
        ratio = mixed_over_sorted(directory)
        figures.append(Figure("100 sentences mixed / sorted", ratio, "x", most=1.25))
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every bound is met, else 1."""
    parser = parser_of("mixed_lengths", __doc__)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="such as trainer.lstm_units=200"
    )
    figures = measure(load(assignments=parser.parse_args(arguments).set).trainer)
    show(figures)
    results.write("mixed_lengths", figures={figure.what: figure.value for figure in figures})
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
