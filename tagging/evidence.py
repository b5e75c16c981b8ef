"""What the tags of a corpus look like: counts, from which `tagging.recognition` tells their notation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

# More distinct tags than any tagset has: a column of words. Their pairs are not counted, to bound the memory.
MOST_TAGS = 5_000


class Evidence:
    """Counts of tags and of the steps from tag to tag; picklable, and mergeable in any order.

    Attributes:
        tags: number of tokens by tag, as written.
        steps: number of each step (tag before, tag here); None before and after a sentence. Of more than
            `MOST_TAGS` tags not all steps are there.
    """

    def __init__(self) -> None:
        self.tags: Counter[str] = Counter()
        self.steps: Counter[tuple[str | None, str | None]] = Counter()

    def add(self, tags: Sequence[str]) -> Evidence:
        """Add the tags of one sentence, whatever they are, and return self."""
        self.tags.update(tags)
        if len(self.tags) <= MOST_TAGS:
            self.steps.update(pairwise((None, *tags, None)))
        return self

    def merge(self, other: Evidence) -> Evidence:
        """Add the counts of other evidence, and return self."""
        self.tags.update(other.tags)
        if len(self.tags) <= MOST_TAGS:
            self.steps.update(other.steps)
        return self
