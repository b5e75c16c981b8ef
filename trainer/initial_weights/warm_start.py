"""Warm start: the weights of an exported model, taken over by name into a model of other words and tags.

An embedding's rows are matched by word and affix, a projection's columns and the CRF's scores by tag. New
rows keep their untrained values, rows that disappeared are dropped. A variable without row names is copied if
its shape is the same. A variable of another size is left untrained, without an error: a setting changed on
purpose must not fail tonight's training.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import tensorflow as tf

from trainer import remote_files
from trainer.features.vocabulary import Vocabulary
from trainer.initial_weights import row_names
from trainer.initial_weights.row_names import AXES, RESERVED, RowNames, named_variables
from trainer.model.bilstm_crf import BiLstmCrf

# Below a SavedModel's `assets.extra`.
FILE_NAME = "warm_start.json"

_SINGULAR = {"words": "word", "affixes": "affix", "tags": "tag"}

log = logging.getLogger("tagline.trainer")


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """How many names of one kind (words, affixes, tags) were in both models, only in the new one, only in the old."""

    carried: int
    new: int
    dropped: int


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """What a warm start carried over.

    Attributes:
        base_model: the exported model; empty if there was none.
        reason: why nothing was carried over; empty otherwise.
        kinds: counts by `words`, `affixes` and `tags`.
        new_tags, dropped_tags: their names.
        whole: variables without row names that were copied.
        not_carried: variables left untrained, each with the reason.
    """

    base_model: str = ""
    reason: str = ""
    kinds: dict[str, Kind] = {}
    new_tags: list[str] = []
    dropped_tags: list[str] = []
    whole: list[str] = []
    not_carried: dict[str, str] = {}

    def to_json(self) -> str:
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    def __str__(self) -> str:
        """Summarise in one line."""
        if self.reason:
            return f"no warm start: {self.reason}; training from scratch"
        parts = [
            f"{what} "
            + ", ".join(_counted(getattr(counts, what), kind) for kind, counts in self.kinds.items())
            for what in ("carried", "new", "dropped")
        ]
        if self.not_carried:
            names = ", ".join(f"{name} ({why})" for name, why in self.not_carried.items())
            parts.append(f"not carried, so untrained: {names}")
        return f"warm start from {self.base_model}: {'; '.join(parts)}"


class WarmStart:
    """An exported model whose weights others start from.

    Args:
        base_model: the folder of its SavedModel; None if no model is blessed yet.

    Attributes:
        carried: what the latest `assign_to` carried over; None before the first.
    """

    def __init__(self, base_model: str | None) -> None:
        self._base_model = base_model
        self.carried: Carried | None = None

    def assign_to(self, model: BiLstmCrf, vocabulary: Vocabulary) -> None:
        """Assign the exported weights to the variables of an untrained `model`; logs what was carried over, once."""
        is_first = self.carried is None
        self.carried = _carry(self._base_model, model, vocabulary)
        if is_first:
            log.info("%s", self.carried)


def _carry(base_model: str | None, model: BiLstmCrf, vocabulary: Vocabulary) -> Carried:
    if base_model is None or not tf.saved_model.contains_saved_model(base_model):
        return Carried(reason="there is no blessed model to start from yet")
    path = os.path.join(base_model, "assets.extra", row_names.FILE_NAME)
    try:
        with tf.io.gfile.GFile(path, "rb") as file:
            before = RowNames.from_json(file.read())
    except (tf.errors.NotFoundError, msgspec.DecodeError) as error:
        return Carried(base_model=base_model, reason=f"the names of its rows cannot be read: {error}")
    now = row_names.row_names(model, vocabulary)
    weights = _Weights(base_model, before.variables)
    copied: list[str] = []
    not_carried: dict[str, str] = {}
    for name, variable in named_variables(model).items():
        axes = AXES.get(name, (None,) * variable.shape.rank)
        if reason := _mismatch(weights.shape(name), variable.shape.as_list(), axes):
            not_carried[name] = reason
            continue
        rows = [
            _rows(kind, before, now) if kind else (np.arange(size), np.arange(size))
            for size, kind in zip(variable.shape, axes, strict=True)
        ]
        values = variable.numpy()
        values[np.ix_(*(here for _, here in rows))] = weights[name][np.ix_(*(there for there, _ in rows))]
        variable.assign(values)
        if not any(axes):
            copied.append(name)
    names = {kind: (set(before.of(kind)), set(now.of(kind))) for kind in RESERVED}
    return Carried(
        base_model=base_model,
        kinds={
            kind: Kind(carried=len(old & new), new=len(new - old), dropped=len(old - new))
            for kind, (old, new) in names.items()
            if old or new
        },
        new_tags=sorted(names["tags"][1] - names["tags"][0]),
        dropped_tags=sorted(names["tags"][0] - names["tags"][1]),
        whole=copied,
        not_carried=not_carried,
    )


class _Weights:
    """The variables of an exported model by name, each read on access."""

    def __init__(self, base_model: str, names: Sequence[str]) -> None:
        self._reader = tf.train.load_checkpoint(os.path.join(base_model, "variables", "variables"))
        self._keys = {
            name: f"model_variables/{place}/.ATTRIBUTES/VARIABLE_VALUE" for place, name in enumerate(names)
        }

    def shape(self, name: str) -> list[int] | None:
        """Return the shape of a variable; None if the model has no such variable."""
        key = self._keys.get(name)
        return self._reader.get_variable_to_shape_map().get(key)

    def __getitem__(self, name: str) -> np.ndarray:
        return self._reader.get_tensor(self._keys[name])


def _mismatch(there: Sequence[int] | None, here: Sequence[int], axes: Sequence[str | None]) -> str:
    """Explain why a variable cannot be carried over; empty if all its axes without names are equal."""
    if there is None:
        return "the base model has none"
    if len(there) == len(here) and all(
        kind is not None or old == new for old, new, kind in zip(there, here, axes, strict=True)
    ):
        return ""
    return f"{_shown(there)} there, {_shown(here)} here"


def _rows(kind: str, before: RowNames, now: RowNames) -> tuple[np.ndarray, np.ndarray]:
    """Pair the rows of the names that both models have: int64[n] there, int64[n] here."""
    reserved = RESERVED[kind]
    places = {name: place for place, name in enumerate(before.of(kind), start=reserved)}
    both = [(row, row) for row in range(reserved)]
    both += [
        (places[name], place) for place, name in enumerate(now.of(kind), start=reserved) if name in places
    ]
    there, here = np.array(both, np.int64).reshape(-1, 2).T
    return there, here


def _counted(count: int, kind: str) -> str:
    return f"1 {_SINGULAR[kind]}" if count == 1 else f"{count:,} {kind}"


def _shown(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def content(base_model: str) -> Iterator[bytes]:
    """Read the files that identify a base model's weights, wherever the model is stored."""
    names = os.path.join(base_model, "assets.extra", row_names.FILE_NAME)
    for path in (names, *sorted(tf.io.gfile.glob(os.path.join(base_model, "variables", "*")))):
        if tf.io.gfile.exists(path):
            yield from remote_files.chunks(path)
