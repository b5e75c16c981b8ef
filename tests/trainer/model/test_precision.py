from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
import tensorflow as tf

from tagging.schemes import BIOES
from tests.trainer.tiny_training import NO_DROPOUT, train
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.input_pipeline import batches as inputs
from trainer.input_pipeline.batches import Batch
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.model.precision import LossScale, all_finite, compute_type, loss_scale_for
from trainer.training.optimizer import Adam
from trainer.training.steps import Steps

MIXED = ["mixed_bfloat16", "mixed_float16"]
# Half a unit in the last place, times a few steps of the LSTM.
TOLERANCE = {"mixed_bfloat16": 0.03, "mixed_float16": 0.004}
SEED = tf.constant([1, 2])


def _model(vocabulary: Vocabulary, precision: str, hp: Hyperparameters = NO_DROPOUT) -> BiLstmCrf:
    return BiLstmCrf(msgspec.structs.replace(hp, precision=precision), vocabulary, BIOES)


@pytest.fixture(scope="module")
def batch(tiny_sentences: tf.data.Dataset) -> Batch:
    return next(iter(inputs.ordered_batches(tiny_sentences, batch_size=4)))


@pytest.mark.parametrize("precision", MIXED)
def test_loss_and_gradients_are_float32_and_close_to_those_in_float32(
    precision: str, batch: Batch, vocabulary: Vocabulary
) -> None:
    found = {}
    for name in ("float32", precision):
        model = _model(vocabulary, name)
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(model.log_likelihood(batch.inputs, batch.labels, seed=SEED))
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, model.trainable_variables)]
        assert {tensor.dtype for tensor in (loss, *gradients)} == {tf.float32}
        assert all_finite(gradients)
        found[name] = [loss.numpy(), *(gradient.numpy() for gradient in gradients)]
    for exact, mixed in zip(found["float32"], found[precision], strict=True):
        scale = max(float(np.abs(exact).max()), 1e-3)
        np.testing.assert_allclose(mixed, exact, atol=4 * TOLERANCE[precision] * scale)
    assert found["float32"][0] != found[precision][0], "nothing was computed in another type"


@pytest.mark.parametrize("precision", MIXED)
def test_variables_and_emissions_are_float32(precision: str, batch: Batch, vocabulary: Vocabulary) -> None:
    model = _model(vocabulary, precision)
    assert {variable.dtype for variable in model.variables} == {tf.float32}
    for fused in (False, True):
        assert model.encoder(batch.inputs, fused=fused).dtype == tf.float32


@pytest.mark.parametrize("precision", MIXED)
def test_what_is_exported_computes_in_float32(precision: str, batch: Batch, vocabulary: Vocabulary) -> None:
    mixed, exact = _model(vocabulary, precision), _model(vocabulary, "float32")
    np.testing.assert_array_equal(
        mixed.encoder(batch.inputs, fused=True), exact.encoder(batch.inputs, fused=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("precision", MIXED)
def test_training_learns_and_what_is_exported_gives_nearly_the_same_tags(
    precision: str, tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    hp = msgspec.structs.replace(NO_DROPOUT, precision=precision, epochs=20)

    model, history = train(tiny_sentences, vocabulary, tmp_path, hp)
    assert history.epochs[-1].loss < history.epochs[0].loss / 3
    same = total = 0
    for batch in inputs.ordered_batches(tiny_sentences, batch_size=4):
        present = tf.sequence_mask(batch.lengths, batch.tokens.shape[1])
        trained, exported = model.predict(batch.inputs), model.decode(batch.inputs).tags
        same += int(tf.reduce_sum(tf.cast(tf.logical_and(trained == exported, present), tf.int32)))
        total += int(tf.reduce_sum(batch.lengths))
    assert same >= 0.95 * total
    # A second call finds all of the state, the loss scale too, and has nothing left to do.
    assert train(tiny_sentences, vocabulary, tmp_path, hp)[1].to_json() == history.to_json()


@pytest.mark.parametrize("finite", [True, False])
def test_a_step_that_overflows_changes_no_weight(
    finite: bool, tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary
) -> None:
    hp = msgspec.structs.replace(NO_DROPOUT, precision="mixed_float16")
    model = BiLstmCrf(hp, vocabulary, BIOES)
    scale = LossScale()
    optimizer = Adam(model.trainable_variables, learning_rate=0.1, steps=10, clip_norm=5.0, loss_scale=scale)
    if not finite:
        scale.value.assign(1e38)
    before = [variable.numpy() for variable in model.trainable_variables]
    batches = inputs.training_batches(tiny_sentences, epochs=range(1), batch_size=4, buffer_size=9, seed=1)
    Steps(model, optimizer, tf.distribute.get_strategy(), seed=1).take(iter(batches), 1)

    changed = any(
        (old != variable.numpy()).any()
        for old, variable in zip(before, model.trainable_variables, strict=True)
    )
    assert changed == finite
    assert optimizer.iterations.numpy() == 1
    assert scale.good_steps.numpy() == int(finite)


def test_the_scale_halves_at_an_overflow_and_doubles_after_two_thousand_good_steps() -> None:
    scale = LossScale()
    first = scale.value.numpy()
    for _ in range(3):
        scale.update(tf.constant(False))
    assert scale.value.numpy() == first / 8
    scale.good_steps.assign(1998)
    scale.update(tf.constant(True))
    assert scale.value.numpy() == first / 8
    scale.update(tf.constant(True))
    assert (scale.value.numpy(), scale.good_steps.numpy()) == (first / 4, 0)


def test_the_scale_stays_between_1_and_2_to_the_24() -> None:
    scale = LossScale()
    scale.value.assign(1.0)
    scale.update(tf.constant(False))
    assert scale.value.numpy() == 1.0
    scale.value.assign(2.0**24)
    scale.good_steps.assign(1999)
    scale.update(tf.constant(True))
    assert scale.value.numpy() == 2.0**24


def test_only_float16_needs_a_scale() -> None:
    needed = {name: loss_scale_for(name) is not None for name in ("float32", *MIXED)}
    assert needed == {"float32": False, "mixed_bfloat16": False, "mixed_float16": True}
    assert compute_type("mixed_bfloat16") == tf.bfloat16


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_one_value_that_is_not_finite_is_found(odd: float) -> None:
    assert all_finite([tf.constant([1.0, -2.0]), tf.zeros([2, 2])])
    assert not all_finite([tf.constant([1.0, -2.0]), tf.constant([[0.0, odd]])])
