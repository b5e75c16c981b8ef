from __future__ import annotations

import dataclasses

import msgspec
import pytest
import tensorflow as tf

from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from trainer.features.vocabulary import Vocabulary
from trainer.initial_weights.row_names import RowNames, named_variables, row_names
from trainer.model.bilstm_crf import BiLstmCrf


def test_every_variable_has_a_name(tiny_model: BiLstmCrf) -> None:
    named = named_variables(tiny_model)
    assert [variable.ref() for variable in named.values()] == [v.ref() for v in tiny_model.variables]
    assert named["transitions"] is tiny_model.transitions
    assert named["encoder.forward.kernel"] is tiny_model.encoder.forward.kernel
    assert named["encoder.backward.kernel"] is tiny_model.encoder.backward.kernel


def test_a_variable_that_no_name_reaches_is_an_error(vocabulary: Vocabulary) -> None:
    model = BiLstmCrf(SMALL, vocabulary, BIOES)
    model._hidden = tf.Variable(0.0, name="hidden")
    with pytest.raises(ValueError, match=r"variables \['hidden:0'\]: expected each in a public attribute"):
        named_variables(model)


def test_names_survive_json(tiny_model: BiLstmCrf, vocabulary: Vocabulary) -> None:
    names = row_names(tiny_model, vocabulary)
    assert RowNames.from_json(names.to_json()) == names
    assert names.words == [word.decode() for word in vocabulary.words]
    assert names.affixes == [affix.decode() for affix in vocabulary.affixes]
    assert names.variables == list(named_variables(tiny_model))


def test_words_that_only_a_file_of_vectors_has_are_named_too(vocabulary: Vocabulary) -> None:
    more = dataclasses.replace(vocabulary, extra=(b"vienna", b"prague"))
    assert row_names(BiLstmCrf(SMALL, more, BIOES), more).words[-2:] == ["vienna", "prague"]


def test_affixes_without_vectors_are_not_named(vocabulary: Vocabulary) -> None:
    hp = msgspec.structs.replace(SMALL, affix_embedding=0)
    assert row_names(BiLstmCrf(hp, vocabulary, BIOES), vocabulary).affixes == []


def test_another_number_of_rows_than_of_names_is_an_error(
    tiny_model: BiLstmCrf, vocabulary: Vocabulary
) -> None:
    less = dataclasses.replace(vocabulary, tags=vocabulary.tags[:-1])
    rows = len(vocabulary.tags)
    with pytest.raises(ValueError, match=f"found {rows} rows, expected {rows - 1} for its tags"):
        row_names(tiny_model, less)
