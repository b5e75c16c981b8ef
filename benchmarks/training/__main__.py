"""How fast we train, beside others: `python -m benchmarks.training [--data DIR] [--corpora a,b] [--set trainer.KEY=V]`.

Tokens of real text, padding not counted, per second of CPU. All train the same batches of sentences at the
same sizes, in turn, so that a disturbance affects all alike. Ours is the pipeline's own steps over gzipped
examples, including the making of features and batches; the others get all ids ready-made.

keras: a Keras BiLSTM with the CRF of TensorFlow Addons and Keras's Adam. Each batch is padded to the length
that 95 of 100 sentences of the corpus do not exceed; longer ones are cut to it, but all their tokens are
counted. torch: PyTorch's nn.LSTM with pytorch-crf and its fused Adam, one thread; a batch holds sentences of
similar length, longest first, packed.

DIR has a folder for each corpus; without it, the shipped sample.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from benchmarks.measuring import results
from benchmarks.measuring.command_line import parser_of
from benchmarks.measuring.figures import Figure, show
from benchmarks.measuring.results import RESULTS, ROOT
from benchmarks.quality import Corpus, corpora_of, read
from benchmarks.rivals.training_rivals import (
    Turn,
    arrays_of,
    cpu_seconds,
    keras_turn,
    padded_to,
    sizes_of,
    torch_turn,
)
from benchmarks.training.input import waiting_share, written
from pipeline.settings import load
from trainer.export import saved_model
from trainer.hyperparameters import Hyperparameters
from trainer.input_pipeline import cache
from trainer.input_pipeline.batches import training_batches
from trainer.input_pipeline.epochs import Epochs
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training.optimizer import Adam
from trainer.training.steps import Steps


class Times(NamedTuple):
    """Seconds of wall and of this process's CPU."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Times:
        return cls(time.monotonic(), time.process_time())

    def __sub__(self, other: Times) -> Times:
        return Times(self.wall - other.wall, self.cpu - other.cpu)

    def figures(self, what: str, *, most: float) -> list[Figure]:
        """Make both figures; the bound is on wall time, which a user waits for."""
        return [Figure(what, self.wall, "s", most=most), Figure(f"{what}, CPU", self.cpu, "s")]


class Ours:
    """The pipeline's own training of a corpus, with its examples in a file."""

    def __init__(
        self, corpus: Corpus, hp: Hyperparameters, file: Path, *, turns: int, stack: ExitStack
    ) -> None:
        began = Times.now()
        self.sentences = stack.enter_context(cache.cached([str(file)], folder=f"{file}.kept"))
        epochs = Epochs(self.sentences, tags=corpus.vocabulary.tags, scheme=corpus.scheme, hyperparameters=hp)
        self.counts = epochs.counts
        self.model = BiLstmCrf(hp, corpus.vocabulary, corpus.scheme)
        optimizer = Adam(
            self.model.trainable_variables,
            learning_rate=hp.learning_rate,
            steps=turns * self.counts.batches,
            clip_norm=hp.clip_norm,
        )
        strategy = tf.distribute.get_strategy()
        self._steps = Steps(self.model, optimizer, strategy, seed=hp.seed)
        self._stream = iter(epochs.batches(range(1, turns + 1)))
        self.train(1)
        # From the examples to the end of the first step.
        self.to_first_step = Times.now() - began
        self.train(self.counts.batches - 1)

    def train(self, steps: int) -> None:
        """Take the next `steps` steps."""
        float(self._steps.take(self._stream, steps)[0])

    def turn(self) -> float:
        """Train an epoch; returns its CPU seconds."""
        return cpu_seconds(lambda: self.train(self.counts.batches))


def measure(corpus: Corpus, hp: Hyperparameters, *, name: str, sentences: int, turns: int) -> list[Figure]:
    """Measure the training on a corpus; return figures with their bounds."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tagline-bench-")))
        train = corpus.splits["train"]
        full = Ours(corpus, hp, written(train, home / "full.gz"), turns=2, stack=stack)
        waiting = waiting_share(lambda: full.train(full.counts.batches))

        ours = Ours(
            corpus, hp, written(train.take(sentences), home / "some.gz"), turns=turns + 2, stack=stack
        )
        batches = training_batches(
            ours.sentences,
            epochs=range(1, 2),
            batch_size=hp.batch_size,
            buffer_size=hp.shuffle_buffer,
            seed=hp.seed,
        )
        arrays = [arrays_of(batch, ours.model, hp) for batch in batches]
        tokens = sum(int(each["lengths"].sum()) for each in arrays)
        sizes = sizes_of(ours.model, hp, len(arrays))
        lengths = [int(length) for length in train.map(lambda sentence: sentence.lengths)]
        width = int(np.ceil(np.percentile(lengths, 95)))
        contestants: dict[str, Turn] = {
            "ours": ours.turn,
            "keras": keras_turn(sizes, [padded_to(each, width) for each in arrays]),
            "torch": stack.enter_context(torch_turn(sizes, arrays, home, RESULTS / "peers")),
        }
        rates = {contestant: tokens / seconds for contestant, seconds in in_turn(contestants, turns).items()}
        exported, loaded = export_and_load(ours.model, corpus, hp, home / "saved")
    print(
        f"\n{name}: {len(arrays)} batches of {hp.batch_size} sentences, {tokens:,} tokens a turn, mean length "
        f"{np.mean(lengths):.1f}, keras pads to {width}"
    )
    return [
        *(Figure(f"{contestant}, tokens", rate, "/ CPU s") for contestant, rate in rates.items()),
        Figure("ours / keras", rates["ours"] / rates["keras"], "x", least=2.0),
        Figure("ours / torch", rates["ours"] / rates["torch"], "x", least=1.25),
        Figure("a step's wait for its batch", waiting * 100, "%", most=2.0),
        *full.to_first_step.figures("first step done after examples are ready", most=5.0),
        *exported.figures("export", most=12.0),
        *loaded.figures("load, until the first answer", most=3.0),
    ]


def in_turn(contestants: dict[str, Turn], turns: int) -> dict[str, float]:
    """Run all contestants in turn; returns the median CPU seconds of each, without the first turn."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(turns + 1):
        for name, turn in contestants.items():
            seconds = turn()
            if number:
                taken[name].append(seconds)
    return {name: statistics.median(values) for name, values in taken.items()}


def export_and_load(
    model: BiLstmCrf, corpus: Corpus, hp: Hyperparameters, directory: Path
) -> tuple[Times, Times]:
    """Time the export, and loading it up to the first prediction."""

    def save() -> None:
        saved_model.export(
            model, corpus.vocabulary, corpus.scheme, directory=str(directory), n_best=hp.n_best, extra={}
        )

    def answer() -> None:
        signature = tf.saved_model.load(str(directory)).signatures["decode_tokens"]
        signature(tokens=tf.constant([["Anna", "met", "Ben"]]))["tags"].numpy()

    return times_of(save), times_of(answer)


def times_of(run: Callable[[], object]) -> Times:
    began = Times.now()
    run()
    return Times.now() - began


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if every bound is met, else 1."""
    parser = parser_of("training", __doc__)
    parser.add_argument("--data", type=Path, help="a folder with a folder for each corpus")
    parser.add_argument("--corpora", default="wnut17,snips", help="of DIR, separated by commas")
    parser.add_argument("--sentences", type=int, default=1000, help="per turn")
    parser.add_argument("--turns", type=int, default=5, help="of each contestant; medians are reported")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="such as trainer.lstm_units=200"
    )
    options = parser.parse_args(arguments)
    hp = load(assignments=options.set).trainer
    folders = corpora_of(options.data, options.corpora) if options.data else [ROOT / "sample" / "corpus"]
    corpora: dict[str, dict[str, float]] = {}
    all_met = True
    for folder in folders:
        name = folder.name if options.data else "sample"
        figures = measure(read(folder), hp, name=name, sentences=options.sentences, turns=options.turns)
        show(figures)
        all_met &= all(figure.is_met for figure in figures)
        corpora[name] = {figure.what: figure.value for figure in figures}
    results.write("training", tensorflow=tf.__version__, corpora=corpora)
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
