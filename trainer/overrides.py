"""Settings of the training with some of them replaced, by dotted names such as `crf.constrained`; no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from trainer.hyperparameters import Hyperparameters

# What keras-tuner's Hyperband says of a trial beside its settings, all below this prefix.
_OF_THE_SEARCH = "tuner/"
_EPOCHS = "tuner/epochs"


def value_at(hyperparameters: Hyperparameters, name: str) -> Any:
    """The setting of a dotted name.

    Raises:
        KeyError: there is none; with the names that there are.
    """
    names = _names(msgspec.to_builtins(hyperparameters))
    if name not in names:
        raise KeyError(names)
    found: Any = hyperparameters
    for key in name.split("."):
        found = getattr(found, key)
    return found


def with_values(hyperparameters: Hyperparameters, values: Mapping[str, Any]) -> Hyperparameters:
    """`hyperparameters` with `values` in their places.

    Raises:
        ValueError: a value that the setting does not take.
    """
    tree = msgspec.to_builtins(hyperparameters)
    for name, value in values.items():
        *sections, key = name.split(".")
        within = tree
        for section in sections:
            within = within[section]
        within[key] = value
    try:
        return msgspec.convert(tree, Hyperparameters)
    except msgspec.ValidationError as error:
        reason, _, _ = str(error).partition(" - at ")
        found = ", ".join(
            f"{name} {value!r}" if len(values) > 1 else repr(value) for name, value in values.items()
        )
        raise ValueError(f"{reason[:1].lower()}{reason[1:]}; found {found}") from error


def with_trial(hyperparameters: Hyperparameters, values: Mapping[str, Any]) -> Hyperparameters:
    """`hyperparameters` with the values of a trial of keras-tuner, Hyperband's number of epochs among them.

    Raises:
        ValueError: a value that the setting does not take.
    """
    settings = {name: value for name, value in values.items() if not name.startswith(_OF_THE_SEARCH)}
    if _EPOCHS in values:
        settings["epochs"] = values[_EPOCHS]
    return with_values(hyperparameters, settings)


def _names(tree: Mapping[str, Any], above: str = "") -> list[str]:
    """Dotted names of every leaf."""
    names = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            names += _names(value, f"{above}{key}.")
        else:
            names.append(above + key)
    return sorted(names)
