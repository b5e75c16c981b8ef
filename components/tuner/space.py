"""The search space: the settings of the training to try, and the values of each. Imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from trainer.hyperparameters import Hyperparameters, value_at, with_values

Value: TypeAlias = bool | int | float | str

# Settings that a search may not try, each with the reason and the remedy.
_EXCLUDED = {
    "epochs": "the search trains for tuning.epochs; leave it out",
    "seed": "another seed is luck, not a better setting; leave it out",
    "seeds": "a trial trains once; leave it out",
    "warm_start": "a trial begins with new weights; leave it out",
    "vectors": "a search reads one file of vectors, that of trainer.vectors; leave it out",
    "vectors_extra_words": "a search reads one file of vectors once; leave it out",
    "workers": "it depends on the machines, not on the model; leave it out",
}

# Significant digits of a drawn float: enough to distinguish two settings, few enough to read.
_DIGITS = 4


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Values from `min` to `max`, both included.

    Attributes:
        min, max: the ends.
        step: between two values, counted from `min`; None: 1 for whole numbers, any value for floats.
        scale: whether the value is drawn uniformly, or its logarithm.
    """

    min: int | float
    max: int | float
    step: int | float | None = None
    scale: Literal["linear", "log"] = "linear"


# None removes a setting of the default space.
Entry: TypeAlias = Range | tuple[Value, ...] | None
Space: TypeAlias = dict[str, Entry]


def default_space() -> Space:
    """Return the settings that matter most for a BiLSTM-CRF on a small corpus, in sizes that a CPU can train."""
    return {
        "learning_rate": Range(min=0.0005, max=0.008, scale="log"),
        "batch_size": (8, 16, 32),
        "lstm_units": Range(min=50, max=300, step=50),
        "word_embedding": Range(min=50, max=200, step=50),
        "byte_filters": Range(min=50, max=250, step=50),
        "input_dropout": Range(min=0.0, max=0.6),
        "output_dropout": Range(min=0.0, max=0.6),
        "singleton_dropout": Range(min=0.0, max=0.8),
    }


def require_legal(space: Space) -> None:
    """Check a space.

    Raises:
        ValueError: a name is not a setting of the trainer, or a value is not one that the setting takes.
    """
    for name, entry in space.items():
        if entry is None:
            continue
        default = _default_of(name)
        if name in _EXCLUDED:
            raise ValueError(f"space: {name}: {_EXCLUDED[name]}")
        if isinstance(entry, Range):
            _require_range(name, entry, default)
        else:
            _require_choices(name, entry, default)


def tried(space: Space) -> dict[str, Range | tuple[Value, ...]]:
    """Return the settings to try, without the removed ones."""
    return {name: entry for name, entry in space.items() if entry is not None}


def values_of(entry: Range | tuple[Value, ...]) -> tuple[Value, ...] | None:
    """List the values to try, in their order; None for a range without steps, which has too many."""
    if not isinstance(entry, Range):
        # A whole number among floats becomes a float: keras-tuner needs values of one type.
        return tuple(map(float, entry)) if any(isinstance(value, float) for value in entry) else entry
    if entry.step is None:
        return None
    # The tolerance is for the last step of floats, which rounding may put just above the maximum.
    steps = int((entry.max - entry.min) / entry.step + 1e-9)
    values = [entry.min + number * entry.step for number in range(steps + 1)]
    return tuple(dict.fromkeys(value if isinstance(value, int) else _significant(value) for value in values))


def is_integer(name: str) -> bool:
    """Whether the setting takes whole numbers only."""
    return isinstance(_default_of(name), int)


def contains(space: Space, values: Mapping[str, Any]) -> bool:
    """Whether a search could try these `values`."""
    for name, entry in tried(space).items():
        listed = values_of(entry)
        if listed is not None:
            if values[name] not in listed:
                return False
        elif isinstance(entry, Range) and not entry.min <= values[name] <= entry.max:
            return False
    return True


def rounded(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """Round drawn floats to a few digits, within their range, as they are trained with and recorded."""
    result = dict(values)
    for name, entry in tried(space).items():
        if isinstance(entry, Range) and isinstance(result[name], float):
            result[name] = min(max(_significant(result[name]), float(entry.min)), float(entry.max))
    return result


def _significant(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _default_of(name: str) -> Any:
    try:
        return value_at(Hyperparameters(), name)
    except KeyError as error:
        raise ValueError(
            f"space: {name}: no such setting of trainer; expected one of {', '.join(error.args[0])}"
        ) from error


def _require_range(name: str, entry: Range, default: Any) -> None:
    where = f"space: {name}"
    if isinstance(default, bool) or not isinstance(default, int | float):
        raise ValueError(f"{where}: found a range; expected a list, since {name} is not a number")
    bounds = {"min": entry.min, "max": entry.max, "step": entry.step}
    if isinstance(default, int):
        for key, value in bounds.items():
            if value is not None and not isinstance(value, int):
                raise ValueError(f"{where}: {key}: found {value}; expected a whole number, as {name} is one")
    if not entry.min < entry.max:
        raise ValueError(f"{where}: found min {entry.min} and max {entry.max}; expected min below max")
    _require_value(f"{where}: min", name, entry.min)
    _require_value(f"{where}: max", name, entry.max)
    if entry.scale == "log" and entry.min <= 0:
        raise ValueError(f"{where}: found min {entry.min} with scale log; expected a min above 0")
    if entry.step is None:
        return
    if entry.scale == "log":
        raise ValueError(
            f"{where}: found step {entry.step} with scale log; expected a list of the values instead"
        )
    if not 0 < entry.step <= entry.max - entry.min:
        raise ValueError(
            f"{where}: found step {entry.step}; expected one above 0, and {entry.max - entry.min} at most, "
            "which is all from min to max"
        )


def _require_choices(name: str, entry: tuple[Value, ...], default: Any) -> None:
    where = f"space: {name}"
    if not entry:
        raise ValueError(f"{where}: found an empty list; expected the values to try, or null to try none")
    if len(set(entry)) < len(entry):
        raise ValueError(f"{where}: found {list(entry)}; expected each value once")
    for value in entry:
        _require_value(where, name, value)
    if len({float if isinstance(default, float) else type(value) for value in entry}) > 1:
        raise ValueError(f"{where}: found {list(entry)}; expected values of one type")


def _require_value(where: str, name: str, value: Value) -> None:
    try:
        with_values(Hyperparameters(), {name: value})
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
