"""A real tagger, untrained, exported as the Trainer exports it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagging.schemes import BIOES


@pytest.fixture(scope="session")
def exported_tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # TensorFlow takes seconds, which the corpora do not need.
    from tests.trainer.conftest import SENTENCES, SMALL, vocabulary_of
    from trainer.export import saved_model
    from trainer.model.bilstm_crf import BiLstmCrf

    vocabulary = vocabulary_of(SENTENCES)
    path = tmp_path_factory.mktemp("exported")
    model = BiLstmCrf(SMALL, vocabulary, BIOES)
    saved_model.export(model, vocabulary, BIOES, directory=str(path), n_best=SMALL.n_best, extra={})
    return path
