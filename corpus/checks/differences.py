"""Where two sentences of the same tokens are tagged differently: told by reading both places once more.

While files stream by, only a hash of every sentence's tags is kept; the few that are listed are read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from corpus.checks.tally import Place
from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.reading import outcomes
from corpus.record import Record


class Difference(NamedTuple):
    """Two places of the same tokens, the lines being those of the first tokens."""

    first: Place
    second: Place
    example: str


class Told(NamedTuple):
    """A difference in words, at the line of the first token that differs."""

    message: str
    path: str
    line: int
    example: str


def told_differences(differences: Sequence[Difference], options: ReadOptions) -> list[Told]:
    """The same in words; reads every file of theirs up to the last place in it."""
    wanted = {place for difference in differences for place in (difference.first, difference.second)}
    found = _read(wanted, options)
    return [_told(difference, found) for difference in differences]


def _read(wanted: set[Place], options: ReadOptions) -> dict[Place, tuple[int, Record]]:
    """(line of the block, record) of every place."""
    found: dict[Place, tuple[int, Record]] = {}
    for path in sorted({place.path for place in wanted}):
        left = {place.line for place in wanted if place.path == path}
        for line, record in _records(path, options):
            first = line + record.lines[0] if record.lines else 0
            if first in left:
                found[Place(path, first)] = (line, record)
                left.remove(first)
                if not left:
                    break
    return found


def _records(path: str, options: ReadOptions) -> Iterable[tuple[int, Record]]:
    try:
        for line, outcome in outcomes(Path(path), options):
            if isinstance(outcome, Record):
                yield line, outcome
    except CorpusError:
        return


def _told(difference: Difference, found: dict[Place, tuple[int, Record]]) -> Told:
    path, line = difference.second
    here, there = found.get(difference.second), found.get(difference.first)
    message = f"other tags than at {difference.first}"
    if here and there and here[1].sentence and there[1].sentence:
        one, other = here[1].sentence, there[1].sentence
        for index, (tag, tag_there) in enumerate(zip(one.tags, other.tags, strict=False)):
            if tag != tag_there:
                line = here[0] + here[1].lines[index]
                at = Place(difference.first.path, there[0] + there[1].lines[index])
                message = f"{one.tokens[index]} is {tag} here, {tag_there} at {at}"
                break
    return Told(message, path, line, difference.example)
