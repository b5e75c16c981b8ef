"""Which entities of the test split train shows: the text (tokens a blank apart) under the same label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tagging.schemes import Scheme, can_read
from tagging.scoring import strict_spans


class TrainEntities:
    """Text and label of every entity of train. Grows with their number, not with the corpus.

    Gold tags are read strictly; those that the scheme cannot read are plain tags and name no entity.
    """

    def __init__(self, train: Iterable[tuple[Sequence[str], Sequence[str]]], scheme: Scheme) -> None:
        """Args:
        train: tokens and tags of every sentence.
        scheme: of all gold tags.
        """
        self._scheme = scheme
        self._known = {entity for tokens, tags in train for entity in self._entities(tokens, tags)}

    def seen(self, tokens: Sequence[str], gold: Sequence[str]) -> tuple[bool, ...]:
        """For each gold entity of a sentence, in order, whether train has it."""
        return tuple(entity in self._known for entity in self._entities(tokens, gold))

    def _entities(self, tokens: Sequence[str], tags: Sequence[str]) -> Iterator[tuple[str, str]]:
        if can_read(tags, self._scheme):
            for start, end, label in strict_spans(tags, self._scheme):
                yield " ".join(tokens[start:end]), label
