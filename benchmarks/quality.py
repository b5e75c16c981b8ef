"""How well models tag: every corpus of a folder, trained by the pipeline's own code, scored on dev and test.

    python -m benchmarks.quality --data DIR [--corpora a,b] [--seeds N] [--set trainer.epochs=8] [--json]

DIR has a folder for each corpus, each with train, dev and test files. All are trained with the same defaults:
the tag scheme is recognised, the best epoch is chosen on dev. The rest of the pipeline is left out: examples
are made in memory, and nothing is exported.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from corpus.options import SPLITS, ReadOptions
from corpus.reading.sentences import records
from corpus.reading.training_tags import training_tags
from corpus.recognition.reading import reading_of, target_scheme
from corpus.splits.by_hash import split_of, text_key
from corpus.splits.layout import find
from pipeline.settings import load
from tagging.schemes import Scheme
from tagging.scoring import token_accuracy
from trainer.features import token_features
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.input_pipeline import batches
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training import loop
from trainer.training.dev_score import predictor
from trainer.training.devices import strategy_for_visible_devices

Sentence = tuple[Sequence[str], Sequence[str]]


class Corpus(NamedTuple):
    """A corpus as the training needs it: the scheme of its tags, the vocabularies of train, sentences by split."""

    scheme: Scheme
    vocabulary: Vocabulary
    splits: dict[str, tf.data.Dataset]


def read(folder: Path) -> Corpus:
    """Read a folder as CorpusGen and Transform would.

    Raises:
        CorpusError: a line that cannot be read.
    """
    options = ReadOptions()
    layout = find(folder, options)
    notation, options, _ = reading_of(layout, options)
    target = target_scheme(notation, options)
    sentences: dict[str, list[Sentence]] = {split: [] for split in SPLITS}
    for path, split in layout.files():
        for _, record in records(path, options):
            if record.sentence is None:
                continue
            tokens = record.sentence.tokens
            cut = split_of(text_key(tokens), layout.shares) if layout.shares and split is None else split
            sentences[str(cut)].append((tokens, training_tags(record, notation, target)[0]))
    vocabulary = _vocabulary(sentences["train"])
    return Corpus(
        target, vocabulary, {split: _dataset(rows, vocabulary) for split, rows in sentences.items()}
    )


def _normalised(tokens: Iterable[str]) -> list[bytes]:
    return token_features.normalise(tf.constant(list(tokens), tf.string)).numpy().tolist()


def _vocabulary(sentences: Sequence[Sentence]) -> Vocabulary:
    """Count words and tags, most frequent first as in Transform."""
    words = Counter(_normalised(token for tokens, _ in sentences for token in tokens))
    tags = Counter(tag for _, tags in sentences for tag in tags)
    ranked = sorted(words.items(), key=lambda item: (item[1], item[0]), reverse=True)
    return Vocabulary(
        words=tuple(word for word, _ in ranked),
        counts=tuple(count for _, count in ranked),
        tags=tuple(sorted(tags, key=lambda tag: (tags[tag], tag), reverse=True)),
    )


def _dataset(sentences: Sequence[Sentence], vocabulary: Vocabulary) -> tf.data.Dataset:
    """Make the dataset that `batches.sentences` reads from Transform's files."""
    ids = {tag: number for number, tag in enumerate(vocabulary.tags)}
    tokens = tf.ragged.constant([list(tokens) for tokens, _ in sentences], tf.string, ragged_rank=1)
    tags = tokens.with_values(tf.constant([tag for _, tags in sentences for tag in tags], tf.string))
    labels = tf.constant([ids.get(tag, -1) for _, tags in sentences for tag in tags], tf.int64)
    words = vocabulary.word_table().lookup(token_features.normalise(tokens.values))
    batch = batches.Batch(
        tokens=tokens,
        tags=tags,
        words=tokens.with_values(words),
        cases=tokens.with_values(token_features.case_ids(tokens.values)),
        labels=tokens.with_values(labels),
        lengths=tf.cast(tokens.row_lengths(), tf.int32),
    )

    def dense(*row: tf.RaggedTensor) -> batches.Batch:
        return batches.Batch(*row)

    return tf.data.Dataset.from_tensor_slices(tuple(batch)).map(dense)


class Scores(NamedTuple):
    """In percent; `f1` is None for plain tags."""

    f1: float | None
    accuracy: float


def train(corpus: Corpus, hp: Hyperparameters) -> dict[str, Scores]:
    """Train once, and score the weights of the best epoch, by split."""
    with tempfile.TemporaryDirectory() as folder:
        model, _ = loop.train(
            build=lambda: BiLstmCrf(hp, corpus.vocabulary, corpus.scheme),
            train_sentences=corpus.splits["train"],
            dev_sentences=corpus.splits["dev"],
            vocabulary=corpus.vocabulary,
            scheme=corpus.scheme,
            hyperparameters=hp,
            strategy=strategy_for_visible_devices(),
            checkpoint_dir=folder,
        )
    predict = predictor(model, corpus.vocabulary)
    scores = {}
    for split in ("dev", "test"):
        predictions = predict(batches.ordered_batches(corpus.splits[split], batch_size=128))
        f1 = None if corpus.scheme.is_plain else 100 * predictions.score(corpus.scheme)
        scores[split] = Scores(f1, 100 * token_accuracy(*predictions))
    return scores


class Result(NamedTuple):
    """The trainings of a corpus, one per seed."""

    runs: list[dict[str, Scores]]
    seconds: float

    def mean(self, split: str) -> dict[str, float]:
        """Average each metric over the seeds, in percent."""
        return {name: statistics.fmean(values) for name, values in self.values(split).items()}

    def values(self, split: str) -> dict[str, list[float]]:
        """List each metric's value for each seed; entity F1 only for tags of entities."""
        scores = [run[split] for run in self.runs]
        named = {name: [getattr(score, name) for score in scores] for name in Scores._fields}
        return {name: values for name, values in named.items() if None not in values}


def measure(folder: Path, hp: Hyperparameters, *, seeds: int, console: Console) -> Result:
    """Train with seeds 1, 2, ..., and print the scores of each."""
    began = time.monotonic()
    corpus = read(folder)
    runs = []
    for seed in range(1, seeds + 1):
        console.print(f"{folder.name}, seed {seed} of {seeds} ...")
        runs.append(train(corpus, msgspec.structs.replace(hp, seed=seed)))
        dev, test = runs[-1]["dev"], runs[-1]["test"]
        console.print(f"  dev {_main(dev):.2f}, test {_main(test):.2f}")
    return Result(runs, time.monotonic() - began)


def _main(scores: Scores) -> float:
    return scores.accuracy if scores.f1 is None else scores.f1


def show(results: dict[str, Result], console: Console) -> None:
    """Print a row for each corpus: mean and spread over the seeds."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("corpus", "metric", "dev", "test", "test, least to most", "seconds"):
        table.add_column(column, justify="left" if column in ("corpus", "metric") else "right")
    for name, result in results.items():
        test = result.values("test")
        metric = "f1" if "f1" in test else "accuracy"
        table.add_row(
            name,
            "entity F1 (strict)" if metric == "f1" else "token accuracy",
            f"{result.mean('dev')[metric]:.2f}",
            f"{result.mean('test')[metric]:.2f}",
            f"{min(test[metric]):.2f} to {max(test[metric]):.2f}",
            f"{result.seconds:.0f}",
        )
    console.print(table)


def corpora_of(data: Path, names: str | None) -> list[Path]:
    """List the folders named, or all.

    Raises:
        SystemExit: a named folder is missing, or `data` has no folder.
    """
    if not data.is_dir():
        raise SystemExit(
            f"--data {data}: no such folder; expected a folder of corpora, each a folder of its own"
        )
    if names:
        folders = [data / name for name in names.split(",")]
        if missing := [folder.name for folder in folders if not folder.is_dir()]:
            raise SystemExit(f"--corpora: found no folder {', '.join(missing)} in {data}")
        return folders
    folders = sorted(path for path in data.iterdir() if path.is_dir())
    if not folders:
        raise SystemExit(f"--data {data}: found no folder in it; expected one for each corpus")
    return folders


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the corpora that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder with a folder for each corpus")
    parser.add_argument("--corpora", help="only these, separated by commas")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each corpus")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="such as trainer.epochs=8"
    )
    parser.add_argument("--json", action="store_true", help="print the means as JSON")
    parser.add_argument("--verbose", "-v", action="store_true", help="log every epoch")
    options = parser.parse_args(arguments)
    if options.seeds < 1:
        parser.error(f"--seeds: found {options.seeds}; expected 1 or more")
    if options.verbose:
        logging.basicConfig(level=logging.INFO, format="    %(message)s", stream=sys.stderr)
    hp = load(assignments=options.set).trainer
    console = Console(stderr=options.json, highlight=False)
    results = {
        folder.name: measure(folder, hp, seeds=options.seeds, console=console)
        for folder in corpora_of(options.data, options.corpora)
    }
    if options.json:
        means: dict[str, dict[str, Any]] = {
            name: {
                "test": result.mean("test"),
                "dev": result.mean("dev"),
                "seconds": round(result.seconds, 1),
            }
            for name, result in results.items()
        }
        print(json.dumps(means, indent=2))
    else:
        show(results, console)


if __name__ == "__main__":
    main()
