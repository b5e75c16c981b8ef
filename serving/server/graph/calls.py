"""The tensors that a request feeds and fetches, resolved once per signature and output filter."""

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
      fetches: the tensors fetched; `lengths` is last when the request did not ask for it.
      aliases: the names of the answer's outputs, which are the first of the fetches.
      lengths: the position of the tagger's `lengths`, int32[B], in `fetches`; None for other models.
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
    """Make the call that feeds `feeds` and answers with the outputs `aliases`.

    Args:
      signature: as the model declares it.
      feeds: names of tensors.
      aliases: names of outputs.
      batched: several requests may share a run. A row is then as long as the longest sentence of its batch,
        and `lengths` is fetched too, so that each answer can be cut to its own length.
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
    """Whether a row of input is a sentence, string[B], and not string[B, T] whose T the caller chose."""
    return all(
        info.dtype == types_pb2.DT_STRING and len(info.tensor_shape.dim) == 1
        for info in signature.inputs.values()
    )


def _open_axes(info: TensorInfo) -> tuple[int, ...]:
    return tuple(axis for axis, dim in enumerate(info.tensor_shape.dim) if axis and dim.size == -1)
