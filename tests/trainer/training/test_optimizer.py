from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.training.optimizer import Adam

SHAPES = ([7, 3], [4], [2, 3, 2])
# Norms of some are over the clip and of others under it; the rate falls to 0 and stays there.
STEPS, MORE, CLIP = 6, 2, 3.0


def _variables() -> list[tf.Variable]:
    return [tf.Variable(tf.random.stateless_normal(shape, [1, len(shape)])) for shape in SHAPES]


def _gradients(step: int) -> list[tf.Tensor | tf.IndexedSlices]:
    """The first as rows, one of them twice."""
    random = np.random.default_rng(step)
    rows = tf.IndexedSlices(
        tf.constant(random.normal(size=[3, 3]) * step, tf.float32),
        tf.constant([5, step % 4, 5], tf.int64),
        tf.constant([7, 3], tf.int64),
    )
    return [rows, *(tf.constant(random.normal(size=shape) * 0.3, tf.float32) for shape in SHAPES[1:])]


def _adam(variables: list[tf.Variable]) -> Adam:
    return Adam(variables, learning_rate=0.1, steps=STEPS, clip_norm=CLIP)


def test_it_is_adam_as_keras_has_it_on_dense_gradients() -> None:
    ours, theirs = _variables(), _variables()
    adam = _adam(ours)
    schedule = tf.keras.optimizers.schedules.PolynomialDecay(0.1, STEPS, 0.0)
    keras = tf.keras.optimizers.Adam(schedule, global_clipnorm=CLIP)
    norms = set()
    for step in range(STEPS + MORE):
        gradients = _gradients(step)
        dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
        norms.add(float(tf.linalg.global_norm(dense)) > CLIP)
        np.testing.assert_allclose(adam.learning_rate, schedule(step), rtol=1e-6)
        adam.apply_gradients(zip(gradients, ours, strict=True))
        keras.apply_gradients(zip(dense, theirs, strict=True))
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=2e-5, atol=1e-6)
    assert norms == {True, False}
    assert int(adam.iterations) == STEPS + MORE
    assert float(adam.learning_rate) == 0.0


def test_a_checkpoint_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    whole = _variables()
    adam = _adam(whole)
    for step in range(2):
        adam.apply_gradients(zip(_gradients(step), whole, strict=True))
    path = tf.train.Checkpoint(weights=whole, optimizer=adam).save(str(tmp_path / "c"))
    again = _variables()
    other = _adam(again)
    tf.train.Checkpoint(weights=again, optimizer=other).restore(path).assert_consumed()
    for step in range(2, 4):
        adam.apply_gradients(zip(_gradients(step), whole, strict=True))
        other.apply_gradients(zip(_gradients(step), again, strict=True))
    for one, two in zip(whole, again, strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_variable_of_another_model_is_an_error() -> None:
    adam = _adam(_variables())
    unknown = tf.Variable([1.0], name="unknown")
    with pytest.raises(ValueError, match=r"found a gradient of unknown:0; expected variables the optimiser"):
        adam.apply_gradients([(tf.constant([1.0]), unknown)])


TWO_REPLICAS = """
import numpy as np
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.trainer.training.test_optimizer import STEPS, _adam, _gradients, _variables

alone = _variables()
adam = _adam(alone)
for step in range(STEPS):
    both = [_gradients(step), _gradients(step + 10)]
    summed = [tf.convert_to_tensor(one) + tf.convert_to_tensor(two) for one, two in zip(*both)]
    adam.apply_gradients(zip(summed, alone))

strategy = tf.distribute.MirroredStrategy(["cpu:0", "cpu:1"])
with strategy.scope():
    mirrored = _variables()
    shared = _adam(mirrored)

@tf.function
def step_of(first, second):
    def replica():
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        pairs = zip(first, second)
        mine = [tf.where(number == 0, tf.convert_to_tensor(a), tf.convert_to_tensor(b)) for a, b in pairs]
        shared.apply_gradients(zip(mine, mirrored))
    strategy.run(replica)

for step in range(STEPS):
    step_of(_gradients(step), _gradients(step + 10))
assert int(shared.iterations.numpy()) == STEPS, shared.iterations
for one, two in zip(alone, mirrored):
    for replica in strategy.experimental_local_results(two):
        np.testing.assert_allclose(one.numpy(), replica.numpy(), rtol=1e-5, atol=1e-6)
"""


@pytest.mark.slow
def test_two_replicas_step_as_one_with_the_sum_of_their_gradients() -> None:
    subprocess.run([sys.executable, "-c", TWO_REPLICAS], check=True)
