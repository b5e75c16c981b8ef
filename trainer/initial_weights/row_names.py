"""What the rows and columns of a model's variables stand for, so that another training can take them over by name.

The file lies beside an exported model. Weights are found by their place: `Served` tracks a model's variables in the
order of `BiLstmCrf.variables`, which is the order of `RowNames.variables`.
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

# What each axis of a variable runs over; None: a size, which must be the same to be taken over.
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
RESERVED = {"words": token_features.FIRST_WORD_ID, "affixes": spelling.affix_ids(()), "tags": 0}


class RowNames(msgspec.Struct, frozen=True, kw_only=True):
    """Names in the order of their rows.

    Attributes:
        words, affixes, tags: the names, without the reserved rows before them.
        variables: what `named_variables` calls a model's variables, in the order of `model.variables`.
    """

    words: list[str]
    affixes: list[str]
    tags: list[str]
    variables: list[str]

    def of(self, kind: str) -> list[str]:
        """The names of `kind`, one of `RESERVED`'s."""
        return {"words": self.words, "affixes": self.affixes, "tags": self.tags}[kind]

    def to_json(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> RowNames:
        """Raises:
        msgspec.DecodeError: it is no such file.
        """
        return msgspec.json.decode(text, type=cls)


def row_names(model: BiLstmCrf, vocabulary: Vocabulary) -> RowNames:
    """Of a model with this vocabulary.

    Raises:
        ValueError: a variable has another number of rows than there are names for them.
    """
    named = named_variables(model)
    places = {variable.ref(): name for name, variable in named.items()}
    found = RowNames(
        words=[word.decode("utf-8", "backslashreplace") for word in (*vocabulary.words, *vocabulary.extra)],
        affixes=[affix.decode("utf-8", "backslashreplace") for affix in vocabulary.affixes]
        if "encoder.affix_embedding" in named
        else [],
        tags=list(vocabulary.tags),
        variables=[places[variable.ref()] for variable in model.variables],
    )
    for name, variable in named.items():
        for axis, kind in enumerate(AXES.get(name, ())):
            rows = RESERVED[kind] + len(found.of(kind)) if kind else variable.shape[axis]
            if variable.shape[axis] != rows:
                raise ValueError(
                    f"axis {axis} of {name}: found {variable.shape[axis]} rows, expected {rows} for its {kind}; "
                    "trainer/initial_weights/row_names.py must name what it has"
                )
    return found


def named_variables(model: BiLstmCrf) -> dict[str, tf.Variable]:
    """Each variable of the model under its place in the code, such as `encoder.forward.kernel`.

    Raises:
        ValueError: a variable is reached by private attributes alone.
    """
    found: dict[Any, tuple[str, tf.Variable]] = {}
    for name, variable in _walk(model, ""):
        found.setdefault(variable.ref(), (name, variable))
    nameless = [variable.name for variable in model.variables if variable.ref() not in found]
    if nameless:
        raise ValueError(f"variables {nameless}: expected a public attribute that holds each, to name it by")
    return dict(found[variable.ref()] for variable in model.variables)


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
