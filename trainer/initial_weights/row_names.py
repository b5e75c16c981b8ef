"""Names of the rows and columns of a model's variables, by which another training can take over their weights.

The file is exported beside the model. Weights are found by position: `Served` tracks a model's variables in
the order of `BiLstmCrf.variables`, which is the order of `RowNames.variables`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import tensorflow as tf

from trainer.features import spelling, token_features
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf

# Below a SavedModel's `assets.extra`.
FILE_NAME = "row_names.json"

# What each axis of a variable runs over; None: a size, which must be equal for weights to be taken over.
AXES: dict[str, tuple[str | None, ...]] = {
    "encoder.word_embedding": ("words", None),
    "encoder.affix_embedding": ("affixes", None),
    "encoder.projection": (None, "tags"),
    "encoder.sentence_projection": (None, "tags"),
    "encoder.projection_bias": ("tags",),
    "transitions": ("tags", "tags"),
    "start": ("tags",),
    "end": ("tags",),
}
# Rows before the first named one (padding, unknown, ...): the same in every model.
RESERVED = {"words": token_features.FIRST_WORD_ID, "affixes": spelling.affix_rows(()), "tags": 0}


class RowNames(msgspec.Struct, frozen=True, kw_only=True):
    """Names in the order of their rows.

    Attributes:
        words, affixes, tags: the names, without the reserved rows before them.
        variables: the variables' names by `named_variables`, in the order of `model.variables`.
    """

    words: list[str]
    affixes: list[str]
    tags: list[str]
    variables: list[str]

    def of(self, kind: str) -> list[str]:
        """Return the names of `kind`, a key of `RESERVED`."""
        return {"words": self.words, "affixes": self.affixes, "tags": self.tags}[kind]

    def to_json(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> RowNames:
        """Decode the names.

        Raises:
            msgspec.DecodeError: the text is not JSON of this form.
        """
        return msgspec.json.decode(text, type=cls)


def row_names(model: BiLstmCrf, vocabulary: Vocabulary) -> RowNames:
    """Name the rows of a model with this vocabulary.

    Raises:
        ValueError: a variable has more or fewer rows than names.
    """
    named = named_variables(model)
    name_of = {variable.ref(): name for name, variable in named.items()}
    names = RowNames(
        words=[word.decode("utf-8", "backslashreplace") for word in (*vocabulary.words, *vocabulary.extra)],
        affixes=[affix.decode("utf-8", "backslashreplace") for affix in vocabulary.affixes]
        if "encoder.affix_embedding" in named
        else [],
        tags=list(vocabulary.tags),
        variables=[name_of[variable.ref()] for variable in model.variables],
    )
    for name, variable in named.items():
        for axis, kind in enumerate(AXES.get(name, ())):
            rows = RESERVED[kind] + len(names.of(kind)) if kind else variable.shape[axis]
            if variable.shape[axis] != rows:
                raise ValueError(
                    f"axis {axis} of {name}: found {variable.shape[axis]} rows, expected {rows} for its {kind}; "
                    "AXES in trainer/initial_weights/row_names.py must describe this variable"
                )
    return names


def named_variables(model: BiLstmCrf) -> dict[str, tf.Variable]:
    """Name each variable of the model by its attribute path, such as `encoder.forward.kernel`.

    Raises:
        ValueError: only private attributes hold a variable.
    """
    named: dict[Any, tuple[str, tf.Variable]] = {}
    for name, variable in _walk(model, ""):
        named.setdefault(variable.ref(), (name, variable))
    nameless = [variable.name for variable in model.variables if variable.ref() not in named]
    if nameless:
        raise ValueError(f"variables {nameless}: expected each in a public attribute, to name it by")
    return dict(named[variable.ref()] for variable in model.variables)


def _walk(value: Any, place: str) -> Iterator[tuple[str, tf.Variable]]:
    if isinstance(value, tf.Variable):
        yield place, value
        return
    if isinstance(value, tf.Module):
        parts = [(name, part) for name, part in sorted(vars(value).items()) if not name.startswith("_")]
    elif isinstance(value, (list, tuple)):
        parts = [(str(number), part) for number, part in enumerate(value)]
    else:
        return
    for name, part in parts:
        yield from _walk(part, f"{place}.{name}" if place else name)
