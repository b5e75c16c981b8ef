"""What a request feeds into a graph and fetches from it, worked out once per signature and wish."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

_LENGTHS = "lengths"


@dataclass(frozen=True, slots=True)
class Call:
    """Names of tensors (`examples:0`), in the order of the arrays.

    Attributes:
      feeds: the tensors fed.
      fetches: the tensors wanted; `lengths` last, when only a batch needs it.
      aliases: the names of the answer's outputs, for as many of the first fetches.
      lengths: where in `fetches` the tagger's `lengths` int32[B] lie; None for other models.
      time_axes: for each alias the axes that are as long as the longest sentence of the batch.
    """

    feeds: tuple[str, ...]
    fetches: tuple[str, ...]
    aliases: tuple[str, ...]
    lengths: int | None = None
    time_axes: tuple[tuple[int, ...], ...] = ()


def call_of(
    signature: SignatureDef, feeds: Iterable[str], aliases: tuple[str, ...], *, batched: bool
) -> Call:
    """The call that feeds `feeds` and answers with the outputs `aliases`.

    Args:
      signature: as the model declares it.
      feeds: names of tensors.
      aliases: names of outputs.
      batched: several requests may share a run: then a sentence's row is as long as its batch's longest, and
        the `lengths` are fetched too, to cut each answer to its own.
    """
    fetches = tuple(signature.outputs[alias].name for alias in aliases)
    if not (batched and _has_lengths(signature) and _is_by_row(signature)):
        return Call(tuple(feeds), fetches, aliases)
    axes = tuple(_open_axes(signature.outputs[alias]) for alias in aliases)
    if _LENGTHS in aliases:
        return Call(tuple(feeds), fetches, aliases, aliases.index(_LENGTHS), axes)
    with_lengths = (*fetches, signature.outputs[_LENGTHS].name)
    return Call(tuple(feeds), with_lengths, aliases, len(fetches), axes)


def _has_lengths(signature: SignatureDef) -> bool:
    info = signature.outputs.get(_LENGTHS)
    return info is not None and info.dtype == types_pb2.DT_INT32 and len(info.tensor_shape.dim) == 1


def _is_by_row(signature: SignatureDef) -> bool:
    """Whether a row of input is a sentence: string[B], not a grid whose width the caller chose."""
    return all(
        info.dtype == types_pb2.DT_STRING and len(info.tensor_shape.dim) == 1
        for info in signature.inputs.values()
    )


def _open_axes(info: TensorInfo) -> tuple[int, ...]:
    return tuple(axis for axis, dim in enumerate(info.tensor_shape.dim) if axis and dim.size == -1)
