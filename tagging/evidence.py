"""Recognise the scheme of a corpus from its tags; no other module guesses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tagging.tables import BIO, OUTSIDE, PLAIN, SCHEMES, Scheme, Step, split_tag

_PREFIXES = frozenset().union(*(scheme.prefixes for scheme in SCHEMES.values()))


class Evidence:
    """Counts of the steps from tag to tag; small, picklable, and mergeable in any order.

    Each worker adds its sentences, their evidence is merged, and `scheme` returns the scheme that the fewest
    steps contradict.

    Attributes:
        steps: number of each step seen.
        unlike: number of tags that are neither `O` nor a known prefix with a label.
    """

    def __init__(self) -> None:
        self.steps: Counter[Step] = Counter()
        self.unlike: int = 0

    def add(self, tags: Sequence[str]) -> Evidence:
        """Add the tags of one sentence, whatever they are, and return self."""
        before, label_before = OUTSIDE, ""
        for tag in tags:
            prefix, label = split_tag(tag)
            if tag != OUTSIDE and (prefix == OUTSIDE or prefix not in _PREFIXES or not label):
                # A tag without a prefix, such as a part of speech, or a typing error.
                self.unlike += 1
                before, label_before = OUTSIDE, ""
                continue
            self.steps[before, prefix, label == label_before] += 1
            before, label_before = prefix, label
        if before != OUTSIDE:
            self.steps[before, OUTSIDE, False] += 1
        return self

    def merge(self, other: Evidence) -> Evidence:
        """Add the counts of other evidence, and return self."""
        self.steps.update(other.steps)
        self.unlike += other.unlike
        return self

    def contradictions(self) -> dict[str, int]:
        """Count, for every scheme that marks entities, the steps seen that it does not allow."""
        return {
            scheme.name: sum(count for step, count in self.steps.items() if not scheme.allows(*step))
            for scheme in SCHEMES.values()
            if not scheme.is_plain
        }

    def scheme(self) -> Scheme:
        """Return the scheme with the fewest contradictions; of equals the first in `SCHEMES`.

        Plain if most tags have no known prefix. If only a few have none, they count as errors: reading them
        raises.
        """
        like = sum(count for (_, here, _), count in self.steps.items() if here != OUTSIDE)
        if self.unlike > like:
            return PLAIN
        if not like:
            return BIO
        contradictions = self.contradictions()
        return SCHEMES[min(contradictions, key=contradictions.__getitem__)]
