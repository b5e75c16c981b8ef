"""Parts of the test split: by features, by a sentence's length, by whether train has an entity."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence

from components.metrics.names import SEEN, UNSEEN, length_slices
from components.predictor.answer import Answer


class SliceMembers:
    """Which sentences belong where; keeps their numbers alone.

    A sentence without a feature is in none of its slices. `entity=seen` and `entity=unseen` hold the sentences that
    have such a gold entity: there only those entities are scored.
    """

    def __init__(self, features: Sequence[str], length_buckets: Sequence[int], *, entities: bool) -> None:
        """Args:
        features: to slice by.
        length_buckets: the last lengths of the buckets, growing.
        entities: whether there are entities to be seen or not.
        """
        self._features, self._buckets = features, length_buckets
        self._lengths = length_slices(length_buckets)
        fixed = [*self._lengths, *((SEEN, UNSEEN) if entities else ())]
        self._members: dict[str, array[int]] = {name: array("q") for name in fixed}
        self._values: dict[str, set[str]] = {feature: set() for feature in features}
        self._sentences = 0

    def add(self, answer: Answer) -> None:
        """The next sentence."""
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
        """By name, sorted, the numbers of the sentences, from 0; slices that hold some."""
        return {name: numbers for name, numbers in sorted(self._members.items()) if numbers}

    @property
    def empty(self) -> list[str]:
        """Slices that were asked for and hold nothing; a feature that no sentence has is there by its name."""
        bare = [feature for feature, values in self._values.items() if not values]
        return sorted([*(name for name, numbers in self._members.items() if not numbers), *bare])
