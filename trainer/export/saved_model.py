"""Writes the trained model as a SavedModel that stock TensorFlow Serving loads."""

from __future__ import annotations

import os

import tensorflow as tf

from tagging.schemes import Scheme
from trainer.export import transitions, warmup
from trainer.export.signatures import Served
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf

# Below a SavedModel's `assets.extra`, which TensorFlow Serving leaves alone.
TRAINING_HISTORY = "training_history.json"
TRAINING_SETTINGS = "training_settings.json"


def export(
    model: BiLstmCrf,
    vocabulary: Vocabulary,
    scheme: Scheme,
    *,
    directory: str,
    n_best: int,
    extra: dict[str, str],
) -> None:
    """Save the signatures of `trainer.export.signatures` to `directory`, and the texts of `extra` by file name.

    What the CRF has learned of tags beside each other and requests to warm a server up are recorded with it.
    """
    served = Served(model, vocabulary, scheme, n_best=n_best)
    # Nobody trains what is served: without gradients the graph is smaller and sooner loaded.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(served, directory, signatures=served.functions, options=options)
    learned = transitions.to_json(
        tags=vocabulary.tags,
        transitions=model.transitions,
        start=model.start,
        end=model.end,
        constrained=model.constrained,
    )
    extra_dir = os.path.join(directory, "assets.extra")
    tf.io.gfile.makedirs(extra_dir)
    for name, text in {transitions.FILE_NAME: learned, **extra}.items():
        with tf.io.gfile.GFile(os.path.join(extra_dir, name), "w") as file:
            file.write(text)
    warmup.write(served.functions, directory)
