"""Known entities: those of the test split that train has, with the same text and label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tagging.schemes import Scheme, can_read
from tagging.scoring import strict_spans


class TrainEntities:
    """Text (tokens joined by a space) and label of every distinct entity of train.

    Gold tags are read strictly; tags that the scheme cannot read are plain and have no entities.
    """

    def __init__(self, train: Iterable[tuple[Sequence[str], Sequence[str]]], scheme: Scheme) -> None:
        """Args:
        train: tokens and tags of every sentence.
        scheme: of all gold tags.
        """
        self._scheme = scheme
        self._entities = {entity for tokens, tags in train for entity in self._read(tokens, tags)}

    def seen(self, tokens: Sequence[str], gold: Sequence[str]) -> tuple[bool, ...]:
        """Whether train has each gold entity of a sentence, in order."""
        return tuple(entity in self._entities for entity in self._read(tokens, gold))

    def _read(self, tokens: Sequence[str], tags: Sequence[str]) -> Iterator[tuple[str, str]]:
        if can_read(tags, self._scheme):
            for start, end, label in strict_spans(tags, self._scheme):
                yield " ".join(tokens[start:end]), label
