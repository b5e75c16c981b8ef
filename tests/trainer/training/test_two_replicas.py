"""Training on two replicas, here two logical CPU devices, which must be configured before any other use."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import msgspec
import numpy as np
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

from tests.trainer.tiny_training import NO_DROPOUT, train
from trainer.features.vocabulary import Vocabulary
from trainer.input_pipeline import batches
from trainer.training import devices

path, vocabulary_json, out = sys.argv[1:]
vocabulary = msgspec.json.decode(vocabulary_json, type=Vocabulary)
losses = {}
both = devices.strategy_for_visible_devices()
for name, strategy in (("one", tf.distribute.OneDeviceStrategy("cpu:0")), ("two", both)):
    _, history = train(batches.sentences([path]), vocabulary, f"{out}/{name}", NO_DROPOUT, strategy=strategy)
    losses[name] = [epoch.loss for epoch in history.epochs]
assert both.num_replicas_in_sync == 2, both
np.testing.assert_allclose(losses["one"], losses["two"], rtol=1e-4)
"""


@pytest.mark.slow
def test_two_replicas_learn_what_one_does(transformed, vocabulary, tmp_path) -> None:  # type: ignore[no-untyped-def]
    import msgspec

    arguments = [str(transformed), msgspec.json.encode(vocabulary).decode(), str(tmp_path)]
    subprocess.run([sys.executable, "-c", PROGRAM, *arguments], check=True)
