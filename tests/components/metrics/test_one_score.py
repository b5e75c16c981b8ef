"""One definition of entity F1: seqeval, `tagging.scoring`, TFMA, Predictor's file and the training's scorer agree."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma
from seqeval.metrics import f1_score
from seqeval.scheme import IOBES
from tfx.types import artifact_utils, standard_artifacts

from components.artifacts import Predictions
from components.metrics import results
from components.metrics.evaluation import eval_config
from components.predictor.answer import CANDIDATE, read
from components.predictor.executor import Executor
from tagging.schemes import BIOES
from tagging.scoring import entity_f1_conlleval, entity_f1_strict, token_accuracy
from tests.components.recorded import Row, examples_in, model_in
from tests.trainer.conftest import SMALL, tiny_model, tiny_sentences, transformed, vocabulary
from trainer.export import saved_model
from trainer.features.vocabulary import Vocabulary
from trainer.input_pipeline import batches
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training.dev_score import predictor

# Fixtures of the trainer's tests: a real, if untrained, BiLSTM-CRF and its sentences.
__all__ = ["tiny_model", "tiny_sentences", "transformed", "vocabulary"]

# Faults of every kind, and tags that the scheme does not allow.
ROWS = [
    Row("Anna/S-PER met/O Bob/S-PER", answers={"candidate": "S-PER O S-LOC"}),
    Row("New/B-LOC York/E-LOC is/O big/O", answers={"candidate": "B-LOC I-LOC O O"}),
    Row("The/O Bank/B-ORG of/I-ORG Japan/E-ORG", answers={"candidate": "O O O S-LOC"}),
    Row("it/O rains/O", answers={"candidate": "O E-PER"}),
    Row("Rome/S-LOC Paris/S-LOC", answers={"candidate": "S-LOC S-LOC"}),
    Row(
        "Real/B-creative-work Life/E-creative-work", answers={"candidate": "I-creative-work E-creative-work"}
    ),
]


def answers_of(
    folder: Path, examples: Any, model: Any
) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Gold and predicted tags as Predictor writes them."""
    predictions = Predictions()
    predictions.uri = str(folder)
    Executor().Do(
        {"examples": [examples], "model": [model]},
        {"predictions": [predictions]},
        {"scheme": "BIOES", "split": "test", "slice_by": "[]", "code": ""},
    )
    answers = list(read(folder / CANDIDATE))
    return [answer.gold for answer in answers], [answer.predicted for answer in answers]


def by_tfma(folder: Path, records: str, model: str) -> dict[str, float]:
    """A real analysis, by the configuration that the pipeline's Evaluator is given."""
    config = eval_config(scheme="BIOES", floor=0.0, slice_by=())
    tfma.run_model_analysis(
        eval_shared_model=tfma.default_eval_shared_model(model, eval_config=config),
        eval_config=config,
        data_location=records,
        output_path=str(folder),
    )
    return results.read(str(folder)).overall


def test_every_computation_gives_the_same_scores(tmp_path: Path) -> None:
    examples = examples_in(tmp_path / "examples", {"train": ROWS, "test": ROWS}, shards=1)
    model = model_in(tmp_path / "model", "candidate")
    from_file = answers_of(tmp_path / "predictions", examples, model)
    plain = tmp_path / "records"
    with tf.io.TFRecordWriter(str(plain)) as writer:
        shards = tf.io.gfile.glob(f"{examples.uri}/Split-test/*")
        for record in tf.data.TFRecordDataset(shards, compression_type="GZIP").as_numpy_iterator():
            writer.write(record)
    analysed = by_tfma(tmp_path / "analysis", str(plain), str(tmp_path / "model" / "Format-Serving"))

    gold = [list(row.gold) for row in ROWS]
    predicted = [row.answers["candidate"].split() for row in ROWS]
    strict = f1_score(gold, predicted, mode="strict", scheme=IOBES)
    lenient = f1_score(gold, predicted)
    assert 0 < strict < lenient < 1
    assert entity_f1_strict(gold, predicted, BIOES) == pytest.approx(strict)
    assert entity_f1_strict(*from_file, BIOES) == pytest.approx(strict)
    assert analysed["entity_f1_strict"] == pytest.approx(strict)
    assert entity_f1_conlleval(gold, predicted, BIOES) == pytest.approx(lenient)
    assert entity_f1_conlleval(*from_file, BIOES) == pytest.approx(lenient)
    assert analysed["entity_f1_conlleval"] == pytest.approx(lenient)
    assert token_accuracy(*from_file) == pytest.approx(analysed["token_accuracy"])


def test_training_scores_a_model_as_its_answers_are_scored(
    tmp_path: Path,
    tiny_model: BiLstmCrf,
    tiny_sentences: tf.data.Dataset,
    transformed: Path,
    vocabulary: Vocabulary,
) -> None:
    serving = tmp_path / "model" / "Format-Serving"
    saved_model.export(tiny_model, vocabulary, BIOES, directory=str(serving), n_best=SMALL.n_best, extra={})
    for split in ("train", "test"):
        (tmp_path / "examples" / f"Split-{split}").mkdir(parents=True)
        shutil.copy(transformed, tmp_path / "examples" / f"Split-{split}")
    examples, model = standard_artifacts.Examples(), standard_artifacts.Model()
    examples.uri, model.uri = str(tmp_path / "examples"), str(tmp_path / "model")
    examples.split_names = artifact_utils.encode_split_names(["train", "test"])

    answers = predictor(tiny_model, vocabulary)(batches.ordered_batches(tiny_sentences, batch_size=4))
    in_training = answers.score(BIOES)
    gold, predicted = answers_of(tmp_path / "predictions", examples, model)
    assert 0 < in_training < 1
    assert entity_f1_strict(gold, predicted, BIOES) == pytest.approx(in_training)
    strict = f1_score([list(t) for t in gold], [list(t) for t in predicted], mode="strict", scheme=IOBES)
    assert strict == pytest.approx(in_training)
