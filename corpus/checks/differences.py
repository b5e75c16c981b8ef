"""Describe where two sentences of the same tokens are tagged differently, by reading both places again.

While files are streamed, only a hash of every sentence's tags is kept; the few that are listed are read
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from corpus.checks.tally import Place
from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.reading.sentences import outcomes
from corpus.record import Record


class Difference(NamedTuple):
    """Two places with the same tokens and other tags; the lines are those of the first tokens."""

    first: Place
    second: Place
    example: str


class Description(NamedTuple):
    """A difference in words, at the line of the first tag that differs."""

    message: str
    path: str
    line: int
    example: str


def describe_differences(differences: Sequence[Difference], options: ReadOptions) -> list[Description]:
    """Describe each difference; reads its files up to the last place in them."""
    places = {place for difference in differences for place in (difference.first, difference.second)}
    records = _read(places, options)
    return [_description(difference, records) for difference in differences]


def _read(places: set[Place], options: ReadOptions) -> dict[Place, tuple[int, Record]]:
    """Read the record at every place: (its first line, record)."""
    read: dict[Place, tuple[int, Record]] = {}
    for path in sorted({place.path for place in places}):
        left = {place.line for place in places if place.path == path}
        for line, record in _records(path, options):
            first = line + record.lines[0] if record.lines else 0
            if first in left:
                read[Place(path, first)] = (line, record)
                left.remove(first)
                if not left:
                    break
    return read


def _records(path: str, options: ReadOptions) -> Iterable[tuple[int, Record]]:
    try:
        for line, outcome in outcomes(Path(path), options):
            if isinstance(outcome, Record):
                yield line, outcome
    except CorpusError:
        return


def _description(difference: Difference, records: dict[Place, tuple[int, Record]]) -> Description:
    path, line = difference.second
    here, there = records.get(difference.second), records.get(difference.first)
    message = f"other tags than at {difference.first}"
    if here and there and here[1].sentence and there[1].sentence:
        one, other = here[1].sentence, there[1].sentence
        for index, (tag, tag_there) in enumerate(zip(one.tags, other.tags, strict=False)):
            if tag != tag_there:
                line = here[0] + here[1].lines[index]
                at = Place(difference.first.path, there[0] + there[1].lines[index])
                message = f"{one.tokens[index]} is {tag} here, {tag_there} at {at}"
                break
    return Description(message, path, line, difference.example)
