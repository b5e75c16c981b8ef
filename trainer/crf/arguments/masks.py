"""Masks of the steps between tags that are possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tagging.schemes import Scheme, transition_masks


class Masks(NamedTuple):
    """The allowed steps, by tag number; None allows every step. A step that is false has probability 0."""

    allowed: np.ndarray | None = None  # bool[K, K], from tag i to tag j
    start: np.ndarray | None = None  # bool[K], the first tag of a sentence
    end: np.ndarray | None = None  # bool[K], its last tag


def masks_of(tag_names: Sequence[str], scheme: Scheme) -> Masks | None:
    """Make the masks of the steps that a tag scheme allows between these tags; None if the scheme is plain.

    Raises:
        UnknownTag: the scheme cannot read one of the tags.
    """
    if scheme.is_plain:
        return None
    return Masks(*(np.array(mask) for mask in transition_masks(tag_names, scheme)))
