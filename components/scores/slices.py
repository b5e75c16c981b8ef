"""Slices of the test split: by features, by sentence length, and by whether train has an entity."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence

from components.metrics.names import SEEN, UNSEEN, length_slices
from components.predictor.answer import Answer


class SliceMembers:
    """The numbers of the sentences in each slice.

    A sentence without a feature is in none of its slices. `entity=seen` and `entity=unseen` have the sentences with
    such a gold entity; only such entities are scored there.
    """

    def __init__(self, features: Sequence[str], length_buckets: Sequence[int], *, entities: bool) -> None:
        """Args:
        features: to slice by.
        length_buckets: see `components.metrics.names.length_slices`.
        entities: whether the tags are entity tags.
        """
        self._features, self._buckets = features, length_buckets
        self._lengths = length_slices(length_buckets)
        fixed = [*self._lengths, *((SEEN, UNSEEN) if entities else ())]
        self._members: dict[str, array[int]] = {name: array("q") for name in fixed}
        self._values: dict[str, set[str]] = {feature: set() for feature in features}
        self._sentences = 0

    def add(self, answer: Answer) -> None:
        """Add the next sentence."""
        names = [f"{name}={answer.features[name]}" for name in self._features if name in answer.features]
        if self._lengths and answer.tokens:
            names.append(self._lengths[bisect_left(self._buckets, len(answer.tokens))])
        for name in (SEEN, UNSEEN):
            if name in self._members and (name == SEEN) in answer.seen:
                names.append(name)
        for name in names:
            self._members.setdefault(name, array("q")).append(self._sentences)
        for feature in self._features:
            if feature in answer.features:
                self._values[feature].add(answer.features[feature])
        self._sentences += 1

    @property
    def values(self) -> dict[str, set[str]]:
        """By feature, the values that occur."""
        return self._values

    @property
    def members(self) -> dict[str, array[int]]:
        """Sentence numbers, from 0, of each non-empty slice, by name, sorted."""
        return {name: numbers for name, numbers in sorted(self._members.items()) if numbers}

    @property
    def empty(self) -> list[str]:
        """Names of the empty slices, and of features that no sentence has."""
        bare = [feature for feature, values in self._values.items() if not values]
        return sorted([*(name for name, numbers in self._members.items() if not numbers), *bare])
