"""Words and labels that look the same, or nearly, and are different to the model."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from corpus.checks.tally import Tally


class Spelling(NamedTuple):
    """A finding: its code, message and example."""

    code: str
    message: str
    example: str = ""


def two_forms(tallies: Mapping[str, Tally]) -> Iterator[Spelling]:
    """Find words that are composed (NFC) in one place and decomposed (NFD) in another."""
    forms: dict[str, dict[str, str]] = {}
    for split, tally in tallies.items():
        for word in tally.words:
            if not word.isascii():
                forms.setdefault(unicodedata.normalize("NFC", word), {}).setdefault(word, split)
    twice = {word: spelled for word, spelled in forms.items() if len(spelled) > 1}
    if twice:
        word, spelled = next(iter(twice.items()))
        places = ", ".join(
            f"{'composed' if unicodedata.is_normalized('NFC', one) else 'decomposed'} in {split}"
            for one, split in spelled.items()
        )
        words = f"{len(twice)} word{'s' * (len(twice) != 1)}"
        yield Spelling("D219", f"{words} in two Unicode forms, such as one {places}", word)


def two_cases(tallies: Mapping[str, Tally], *, plain: bool) -> Iterator[Spelling]:
    """Find labels (plain: tags) that differ by case only."""
    cases: dict[str, Counter[str]] = {}
    for tally in tallies.values():
        for label, count in tally.labels(plain=plain).items():
            cases.setdefault(label.casefold(), Counter())[label] += count
    for labels in cases.values():
        if len(labels) > 1:
            yield Spelling(
                "D220", " and ".join(f"{label} ({count:,})" for label, count in labels.most_common())
            )
