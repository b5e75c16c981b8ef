"""The rivals of the training benchmark: batches as arrays, Keras in this process, PyTorch in another."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.rivals.crf_peers import environment
from benchmarks.rivals.training_keras import trainer_of
from trainer.features import spelling, token_features
from trainer.hyperparameters import Hyperparameters
from trainer.input_pipeline.batches import Batch
from trainer.model.bilstm_crf import BiLstmCrf

Arrays = dict[str, np.ndarray]
# CPU seconds of training on all batches once.
Turn = Callable[[], float]


def sizes_of(model: BiLstmCrf, hp: Hyperparameters, batches: int) -> dict[str, Any]:
    """Describe our sizes to a rival, as JSON."""
    encoder = model.encoder
    tables = {"words": encoder.word_embedding, "cases": encoder.case_embedding}
    if hp.affix_embedding:
        tables["affixes"] = encoder.affix_embedding
    if hp.shape_embedding:
        tables["shapes"] = encoder.shape_embedding
    return {
        "embeddings": {name: table.shape.as_list() for name, table in tables.items()},
        "byte_embedding": hp.byte_embedding,
        "byte_filters": [(hp.byte_filter_width, hp.byte_filters)],
        "width": encoder.forward.kernel.shape[0],
        "units": hp.lstm_units,
        "tags": model.transitions.shape[0],
        "byte_dropout": hp.byte_dropout,
        "input_dropout": hp.input_dropout,
        "output_dropout": hp.output_dropout,
        "learning_rate": hp.learning_rate,
        "clip_norm": hp.clip_norm,
        "batches": batches,
    }


def arrays_of(batch: Batch, model: BiLstmCrf, hp: Hyperparameters) -> Arrays:
    """Compute all ids of a batch, so that a rival need not; the longest sentence first."""
    ids = {
        "words": batch.words,
        "cases": batch.cases,
        "labels": batch.labels,
        "lengths": batch.lengths,
        "bytes": token_features.byte_ids(batch.tokens, hp.max_token_bytes),
    }
    if model.encoder.affix_table is not None:
        ids["affixes"] = model.encoder.affix_table.lookup(spelling.affixes_of(batch.tokens))
    if hp.shape_embedding:
        ids["shapes"] = spelling.shape_ids(batch.tokens)
    order = np.argsort(-batch.lengths.numpy(), kind="stable")
    return {name: value.numpy()[order] for name, value in ids.items()}


def padded_to(arrays: Arrays, tokens: int) -> Arrays:
    """Pad or cut every sentence to `tokens`."""
    padded = {}
    for name, value in arrays.items():
        if name == "lengths":
            padded[name] = np.minimum(value, tokens)
            continue
        cut = value[:, :tokens]
        missing = [(0, 0), (0, tokens - cut.shape[1]), *[(0, 0)] * (value.ndim - 2)]
        padded[name] = np.pad(cut, missing)
    return padded


def keras_turn(sizes: dict[str, Any], arrays: Sequence[Arrays]) -> Turn:
    """A Keras BiLSTM with the CRF of TensorFlow Addons."""
    batches = [{name: tf.constant(value) for name, value in each.items()} for each in arrays]
    train = trainer_of(sizes, batches)
    return lambda: cpu_seconds(train)


def cpu_seconds(run: Callable[[], object]) -> float:
    """Measure the CPU seconds of `run` in all threads of this process."""
    began = time.process_time()
    run()
    return time.process_time() - began


@contextmanager
def torch_turn(
    sizes: dict[str, Any], arrays: Sequence[Arrays], folder: Path, environments: Path
) -> Iterator[Turn]:
    """PyTorch's nn.LSTM with pytorch-crf, in a process that trains a turn on request.

    Raises:
        RuntimeError: its environment cannot be made, or it died.
    """
    environments.mkdir(parents=True, exist_ok=True)
    python = environment(environments / "pytorch-crf", "pytorch-crf")
    (folder / "sizes.json").write_text(json.dumps(sizes))
    for number, each in enumerate(arrays):
        np.savez(folder / f"{number}.npz", **each)
    command = [python, str(Path(__file__).with_name("training_torch.py")), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        orders, answers = child.stdin, child.stdout
        assert orders is not None
        assert answers is not None

        def answer() -> dict[str, float]:
            line = answers.readline()
            if not line:
                raise RuntimeError(f"{command[1]} ended with status {child.wait()}; its output is above")
            return json.loads(line)

        def turn() -> float:
            orders.write("\n")
            orders.flush()
            return answer()["seconds"]

        answer()
        try:
            yield turn
        finally:
            orders.close()
