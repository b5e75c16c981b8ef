"""Training on two replicas, which are two logical CPU devices here: they must be asked for before any other."""

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

from tests.trainer import conftest
from tagging.schemes import BIOES
from trainer.input_pipeline import batches
from trainer.training import devices, loop
from trainer.model.bilstm_crf import BiLstmCrf

path, vocabulary_json, out = sys.argv[1:]
from trainer.features.vocabulary import Vocabulary
vocabulary = msgspec.json.decode(vocabulary_json, type=Vocabulary)
# Dropout draws other masks on each replica: without it both ways must come to the same.
off = dict.fromkeys(("input_dropout", "output_dropout", "byte_dropout", "singleton_dropout"), 0.0)
hp = msgspec.structs.replace(conftest.SMALL, scaling="none", **off)

losses = {}
both = devices.strategy_for_visible_devices()
for name, strategy in (("one", tf.distribute.OneDeviceStrategy("cpu:0")), ("two", both)):
    sentences = batches.sentences([path])
    _, history = loop.train(
        build=lambda: BiLstmCrf(hp, vocabulary, BIOES), train_sentences=sentences, dev_sentences=sentences,
        vocabulary=vocabulary, scheme=BIOES, hyperparameters=hp, strategy=strategy, checkpoint_dir=f"{out}/{name}",
    )
    losses[name] = [epoch.loss for epoch in history.epochs]
assert both.num_replicas_in_sync == 2, both
np.testing.assert_allclose(losses["one"], losses["two"], rtol=1e-4)
"""


@pytest.mark.slow
def test_two_replicas_learn_what_one_does(transformed, vocabulary, tmp_path) -> None:  # type: ignore[no-untyped-def]
    import msgspec

    arguments = [str(transformed), msgspec.json.encode(vocabulary).decode(), str(tmp_path)]
    subprocess.run([sys.executable, "-c", PROGRAM, *arguments], check=True)
