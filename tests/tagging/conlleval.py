"""The conlleval algorithm as an oracle, written from the published script without code of this project.

The script of the CoNLL-2000 and later shared tasks walks over the tokens once, with gold and predicted tags
side by side, checks for each neighbouring pair of tags whether a chunk closes between them and whether one opens
at the second, and counts a chunk as correct where both sides opened it together, under one type, and close it
together. A sentence's edge is a tag `O`. Its rules for BIO and for the letters E and S are the two tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

# Letter here -> letters before it after which a chunk opens here, whatever the types.
OPENS_AFTER = {"B": "BIESO", "S": "BIESO", "I": "ESO", "E": "ESO", "O": ""}
# Letter before -> letters here at which the chunk before has closed, whatever the types.
CLOSES_AT = {"B": "BSO", "I": "BSO", "E": "BIESO", "S": "BIESO", "O": ""}


class Tag(NamedTuple):
    letter: str
    type: str


class Found(NamedTuple):
    """What the script prints: percentages as float64, chunks by type."""

    accuracy: float
    precision: float
    recall: float
    f1: float
    gold: Counter[str]
    predicted: Counter[str]
    correct: Counter[str]


def conlleval(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> Found:
    """Tags of all sentences, in BIO, IOB1 or BIOES."""
    in_gold: Counter[str] = Counter()
    in_predicted: Counter[str] = Counter()
    correct: Counter[str] = Counter()
    tokens = right = 0
    edge = Tag("O", "")
    mine_before, other_before, matching = edge, edge, False
    for mine_tags, other_tags in zip(gold, predicted, strict=True):
        tokens += len(mine_tags)
        right += sum(a == b for a, b in zip(mine_tags, other_tags, strict=True))
        row = [(_read(a), _read(b)) for a, b in zip(mine_tags, other_tags, strict=True)]
        for mine, other in [*row, (edge, edge)]:
            mine_closes, other_closes = _closes(mine_before, mine), _closes(other_before, other)
            if matching and (mine_closes or other_closes):
                if mine_closes and other_closes:
                    correct[mine_before.type] += 1
                matching = False
            mine_opens, other_opens = _opens(mine_before, mine), _opens(other_before, other)
            if mine_opens and other_opens and mine.type == other.type:
                matching = True
            in_gold[mine.type] += mine_opens
            in_predicted[other.type] += other_opens
            mine_before, other_before = mine, other
    all_gold, all_predicted, all_correct = (sum(c.values()) for c in (in_gold, in_predicted, correct))
    precision = 100.0 * all_correct / all_predicted if all_predicted else 0.0
    recall = 100.0 * all_correct / all_gold if all_gold else 0.0
    return Found(
        accuracy=100.0 * right / tokens if tokens else 0.0,
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        gold=+in_gold,
        predicted=+in_predicted,
        correct=+correct,
    )


def _read(tag: str) -> Tag:
    letter, _, kind = tag.partition("-")
    return Tag(letter, kind)


def _opens(before: Tag, here: Tag) -> bool:
    return before.letter in OPENS_AFTER[here.letter] or (here.letter != "O" and before.type != here.type)


def _closes(before: Tag, here: Tag) -> bool:
    return here.letter in CLOSES_AT[before.letter] or (before.letter != "O" and before.type != here.type)
