"""The settings of the model and its training, and copies of them with some replaced: plain data, no TensorFlow.

`configs/default.yaml` repeats every default with a comment, and a test holds the two together. A dotted name,
such as `crf.constrained`, names a setting of a section.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

Rate = Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Natural = Annotated[int, msgspec.Meta(ge=0)]
PositiveFloat = Annotated[float, msgspec.Meta(gt=0.0)]

# keras-tuner's Hyperband adds values of its own to a trial's, all below this prefix.
_HYPERBAND = "tuner/"
_HYPERBAND_EPOCHS = "tuner/epochs"


class Crf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which linear-chain CRF scores the tags.

    `constrained` forbids transitions that the tag scheme forbids, in the loss and in decoding; only the
    native implementation can.
    """

    implementation: Literal["native", "addons"] = "native"
    constrained: bool = True


class Hyperparameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sizes of the BiLSTM-CRF and how it is trained."""

    seed: Natural = 1
    seeds: Positive = 1
    warm_start: bool = False
    # the encoder
    word_embedding: Positive = 100
    case_embedding: Positive = 10
    byte_embedding: Positive = 30
    byte_filters: Positive = 150
    byte_filter_width: Positive = 3
    affix_embedding: Natural = 16
    shape_embedding: Natural = 16
    max_token_bytes: Annotated[int, msgspec.Meta(ge=4)] = 32
    lstm_units: Positive = 150
    lstm_layers: Positive = 1
    sentence_vector: Natural = 100
    # pretrained vectors of words
    vectors: str | None = None
    vectors_frozen: bool = True
    vectors_extra_words: Natural = 0
    # regularisation
    input_dropout: Rate = 0.33
    output_dropout: Rate = 0.5
    byte_dropout: Rate = 0.1
    singleton_dropout: Rate = 0.5
    mention_replacement: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.3
    # optimisation
    epochs: Positive = 12
    batch_size: Positive = 16
    learning_rate: PositiveFloat = 0.002
    clip_norm: PositiveFloat = 5.0
    patience: Natural = 0
    shuffle_buffer: Positive = 20_000
    # the machines
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    scaling: Literal["none", "linear", "sqrt"] = "sqrt"
    workers: Positive = 1
    # the output
    crf: Crf = msgspec.field(default_factory=Crf)
    n_best: Positive = 5

    def __post_init__(self) -> None:
        if self.vectors_extra_words and (not self.vectors or not self.vectors_frozen):
            raise ValueError(
                f"vectors_extra_words: found {self.vectors_extra_words} with vectors: {self.vectors or 'null'} and "
                f"vectors_frozen: {str(self.vectors_frozen).lower()}; expected a file, frozen: a word outside of the "
                "corpus stays where the file has it, and the others must stay there too"
            )


def value_at(hyperparameters: Hyperparameters, name: str) -> Any:
    """Look up the setting of a dotted name.

    Raises:
        KeyError: no such setting; its argument is the list of all names.
    """
    names = _leaf_names(msgspec.to_builtins(hyperparameters))
    if name not in names:
        raise KeyError(names)
    value: Any = hyperparameters
    for key in name.split("."):
        value = getattr(value, key)
    return value


def with_values(hyperparameters: Hyperparameters, values: Mapping[str, Any]) -> Hyperparameters:
    """Copy `hyperparameters` with `values`, by dotted name, in place of its own.

    Raises:
        ValueError: a value that the setting does not take.
    """
    tree = msgspec.to_builtins(hyperparameters)
    for name, value in values.items():
        *sections, key = name.split(".")
        section = tree
        for each in sections:
            section = section[each]
        section[key] = value
    try:
        return msgspec.convert(tree, Hyperparameters)
    except msgspec.ValidationError as error:
        reason, _, _ = str(error).partition(" - at ")
        shown = ", ".join(
            f"{name} {value!r}" if len(values) > 1 else repr(value) for name, value in values.items()
        )
        raise ValueError(f"{reason[:1].lower()}{reason[1:]}; found {shown}") from error


def with_trial(hyperparameters: Hyperparameters, values: Mapping[str, Any]) -> Hyperparameters:
    """Copy `hyperparameters` with the values of a keras-tuner trial, Hyperband's number of epochs among them.

    Raises:
        ValueError: a value that the setting does not take.
    """
    settings = {name: value for name, value in values.items() if not name.startswith(_HYPERBAND)}
    if _HYPERBAND_EPOCHS in values:
        settings["epochs"] = values[_HYPERBAND_EPOCHS]
    return with_values(hyperparameters, settings)


def _leaf_names(tree: Mapping[str, Any], prefix: str = "") -> list[str]:
    """List the dotted names of all leaves, sorted."""
    names = []
    for key, value in tree.items():
        names += _leaf_names(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [prefix + key]
    return sorted(names)
