"""Which scheme a corpus is written in, from its tags alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tagging.tables import BIO, OUTSIDE, PLAIN, SCHEMES, Scheme, Step, split_tag

_PREFIXES = frozenset().union(*(scheme.prefixes for scheme in SCHEMES.values()))


class Evidence:
    """Counts of what tag follows what; small, picklable, and mergeable in any order.

    Workers `add` the sentences they see, their evidence is merged, and `scheme` tells the scheme
    that the fewest steps contradict.
    """

    def __init__(self) -> None:
        self.steps: Counter[Step] = Counter()
        self.unlike: int = 0

    def add(self, tags: Sequence[str]) -> Evidence:
        """Take in the tags of one sentence; never raises, whatever they are. Returns itself."""
        before, label_before = OUTSIDE, ""
        for tag in tags:
            prefix, label = split_tag(tag)
            if tag != OUTSIDE and (prefix == OUTSIDE or prefix not in _PREFIXES or not label):
                # A whole label, as in part-of-speech tags; or a slip of the pen.
                self.unlike += 1
                before, label_before = OUTSIDE, ""
                continue
            self.steps[before, prefix, label == label_before] += 1
            before, label_before = prefix, label
        if before != OUTSIDE:
            self.steps[before, OUTSIDE, False] += 1
        return self

    def merge(self, other: Evidence) -> Evidence:
        """Take in what another has seen. Returns itself."""
        self.steps.update(other.steps)
        self.unlike += other.unlike
        return self

    def contradictions(self) -> dict[str, int]:
        """For every scheme that marks entities, how many of the steps seen it does not allow."""
        return {
            scheme.name: sum(count for step, count in self.steps.items() if not scheme.allows(*step))
            for scheme in SCHEMES.values()
            if not scheme.is_plain
        }

    def scheme(self) -> Scheme:
        """The scheme that explains the tags best; among equals the first of `SCHEMES`, BIO.

        Plain when more tags look unlike prefixed ones than like them. Fewer are taken for slips:
        the scheme stands, and reading the tag raises where it is found.
        """
        like = sum(count for (_, here, _), count in self.steps.items() if here != OUTSIDE)
        if self.unlike > like:
            return PLAIN
        if not like:
            return BIO
        found = self.contradictions()
        return SCHEMES[min(found, key=found.__getitem__)]
