"""Sentences a second on this machine's GPUs.

    python -m benchmarks.gpu [--corpus DIR] [--epochs N] [--set trainer.KEY=V]

Training and decoding of a corpus (the shipped one without --corpus) in each precision, on all GPUs together,
beside NCRF++'s published figures for its BiLSTM-CRF (https://github.com/jiesutd/NCRFpp): 1,000 sentences a
second in training, 2,000 in decoding. The first epoch traces and is left out. Without a GPU it measures
nothing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from benchmarks.measuring.command_line import parser_of
from benchmarks.measuring.results import ROOT
from benchmarks.quality import Corpus, read
from pipeline.settings import load
from trainer.hyperparameters import Hyperparameters
from trainer.input_pipeline import batches as inputs
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training import loop
from trainer.training.dev_score import predictor
from trainer.training.devices import strategy_for_visible_devices, take_gpu_memory_as_needed

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
PUBLISHED = {"training": 1000.0, "decoding": 2000.0}
# Batch and repetitions of the decoding.
BATCH, ROUNDS = 128, 3


class Speed(NamedTuple):
    """Sentences a second."""

    training: float
    decoding: float


def names_of_gpus() -> list[str]:
    """List the names of the GPUs."""
    devices = tf.config.list_physical_devices("GPU")
    return [tf.config.experimental.get_device_details(d).get("device_name", d.name) for d in devices]


def measure(corpus: Corpus, hp: Hyperparameters) -> Speed:
    """Train and decode by the pipeline's own code, on the devices of this machine.

    Args:
        corpus: its train split is trained on, its test split decoded.
        hp: with 2 epochs or more.
    """
    train, test = corpus.splits["train"].cache(), corpus.splits["test"].cache()
    strategy = strategy_for_visible_devices()
    with tempfile.TemporaryDirectory() as folder:
        model, history = loop.train(
            build=lambda: BiLstmCrf(hp, corpus.vocabulary, corpus.scheme),
            train_sentences=train,
            dev_sentences=corpus.splits["dev"],
            vocabulary=corpus.vocabulary,
            scheme=corpus.scheme,
            hyperparameters=hp,
            strategy=strategy,
            checkpoint_dir=folder,
        )
    sentences = inputs.count(train, batch_size=hp.batch_size).sentences
    tokens = int(train.reduce(tf.constant(0), lambda total, sentence: total + sentence.lengths))
    return Speed(
        training=max(epoch.tokens_per_second for epoch in history.epochs[1:]) * sentences / tokens,
        decoding=_decoding(model, corpus, test),
    )


def _decoding(model: BiLstmCrf, corpus: Corpus, test: tf.data.Dataset) -> float:
    predict = predictor(model, corpus.vocabulary)
    batches = inputs.ordered_batches(test, batch_size=BATCH).cache()
    fastest = 0.0
    for _ in range(ROUNDS + 1):  # the first traces, and is the slowest
        started = time.monotonic()
        sentences = len(predict(batches).predicted)
        fastest = max(fastest, sentences / (time.monotonic() - started))
    return fastest


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 0, also without a GPU."""
    parser = parser_of("gpu", __doc__)
    parser.add_argument("--corpus", type=Path, default=ROOT / "sample" / "corpus", help="a corpus's folder")
    parser.add_argument("--epochs", type=int, default=3, help="2 or more; the first is not counted")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting")
    options = parser.parse_args(arguments)
    if options.epochs < 2:
        parser.error(f"--epochs: found {options.epochs}; expected 2 or more, as the first is not counted")
    take_gpu_memory_as_needed()
    gpus = names_of_gpus()
    if not gpus:
        print("no GPU here: not run")
        return 0
    base = load(assignments=options.set).trainer
    corpus = read(options.corpus)
    table = Table(title=f"{' + '.join(gpus)}: sentences a second, batch {base.batch_size} a GPU")
    for heading in ("precision", "training", "of NCRF++'s", "decoding", "of NCRF++'s"):
        table.add_column(heading, justify="left" if heading == "precision" else "right")
    for precision in PRECISIONS:
        hp = msgspec.structs.replace(base, precision=precision, epochs=options.epochs, patience=0)
        speed = measure(corpus, hp)._asdict()
        cells = [
            (f"{speed[kind]:,.0f}", f"{speed[kind] / published:.2f}x")
            for kind, published in PUBLISHED.items()
        ]
        table.add_row(precision, *(text for pair in cells for text in pair))
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
