"""A real BiLSTM-CRF with random weights, exported as by the pipeline: its answers are arbitrary but exact."""

from __future__ import annotations

from pathlib import Path

import msgspec
import tensorflow as tf

from tagging.schemes import BIOES
from trainer.export import saved_model
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.model.bilstm_crf import BiLstmCrf

WORDS = ("anna", "berg", "left", "rome", "in", "the", "bank", "of", "new", "york", "0", "said", ".")
TAGS = ("O", "S-PER", "B-PER", "E-PER", "I-PER", "S-LOC", "B-LOC", "I-LOC", "E-LOC")
SMALL = Hyperparameters(
    word_embedding=8, case_embedding=4, byte_embedding=6, byte_filters=6, lstm_units=8, n_best=2
)


def export_tagger(folder: Path) -> None:
    """Write the model to `folder`."""
    vocabulary = Vocabulary(
        words=tuple(word.encode() for word in WORDS), counts=tuple(range(len(WORDS), 0, -1)), tags=TAGS
    )
    model = BiLstmCrf(SMALL, vocabulary, BIOES)
    for seed, variable in enumerate(model.trainable_variables):
        variable.assign(tf.random.stateless_normal(variable.shape, [seed, 3], stddev=0.7))
    settings = msgspec.json.encode(SMALL).decode()
    saved_model.export(
        model,
        vocabulary,
        BIOES,
        directory=str(folder),
        n_best=2,
        extra={saved_model.TRAINING_SETTINGS: settings},
    )
