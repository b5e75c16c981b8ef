"""Exports the trained model as a SavedModel that stock TensorFlow Serving loads."""

from __future__ import annotations

import os

import tensorflow as tf

from tagging.characters import TokenizerName
from tagging.schemes import Scheme
from trainer.export import limits, recorded_tokenizer, transitions, warmup
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
    tokenizer: TokenizerName = "words",
    *,
    directory: str,
    n_best: int,
    extra: dict[str, str],
) -> None:
    """Save a model with the signatures of `trainer.export.signatures` to `directory`.

    Args:
        model: trained.
        vocabulary, scheme: of the model.
        tokenizer: of the signatures that take a text.
        directory: of the SavedModel.
        n_best: paths that the signatures `decode_nbest` and `explain` return.
        extra: texts by file name, written to `assets.extra` beside the CRF's scores, the tokenizer's name, the
            limits of a request and the warm-up requests.
    """
    served = Served(model, vocabulary, scheme, tokenizer, n_best=n_best)
    # A served model is not trained: without gradients the graph is smaller and loads faster.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(served, directory, signatures=served.functions, options=options)
    scores = transitions.to_json(
        tags=vocabulary.tags,
        transitions=model.transitions,
        start=model.start,
        end=model.end,
        constrained=model.constrained,
    )
    extra_dir = os.path.join(directory, "assets.extra")
    tf.io.gfile.makedirs(extra_dir)
    own = {
        transitions.FILE_NAME: scores,
        recorded_tokenizer.FILE_NAME: recorded_tokenizer.to_json(tokenizer),
        limits.FILE_NAME: limits.to_json(served.limits),
    }
    for name, text in {**own, **extra}.items():
        with tf.io.gfile.GFile(os.path.join(extra_dir, name), "w") as file:
            file.write(text)
    warmup.write(served.functions, directory)
