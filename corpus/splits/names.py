"""What the name of a file says: whether it is a corpus file, and of which split. Does not look at the disk.

A name is read as words, which anything but letters and digits parts: `en_ewt-ud-train.conllu` is en, ewt, ud,
train. A word is a split's name or an alias of it, alone (`train`), with `set` (`trainset`, `train_set`) or with
a number (`train2`).
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import NamedTuple

from corpus.formats.table import ENDINGS, PART, plain_suffix

_NAMES: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "dev": ("dev", "devel", "development", "valid", "validation", "val", "eval", "testa"),
    "test": ("test", "testing", "testb"),
}
ALIASES: dict[str, str] = {
    alias + end: split for split, aliases in _NAMES.items() for alias in aliases for end in ("", "set")
}

# Words of files that stand beside the data and are none: older states, and what a model answered.
LEFTOVERS = frozenset(
    (
        *("old", "bak", "backup", "orig", "original", "copy", "tmp", "temp"),
        *("pred", "preds", "prediction", "predictions", "predicted", "system"),
        *("out", "output", "outputs", "result", "results", "score", "scores", "metrics", "log", "logs"),
    )
)

# `train_set` is `train`.
_SAYS_NOTHING = "set"
_LONGEST_FIRST = sorted(ALIASES, key=len, reverse=True)
_NUMBERED = re.compile(rf"({'|'.join(_LONGEST_FIRST)})(\d+)")


class FileName(NamedTuple):
    """What a name says.

    Attributes:
        words: its words in lower case, a split by its own name; without the ending and `set`.
        splits: the splits among them.
        leftovers: those of `LEFTOVERS` among them.
    """

    words: tuple[str, ...]
    splits: frozenset[str]
    leftovers: frozenset[str]


def is_file_name(name: str) -> bool:
    """Whether a file name has the ending of a corpus file, or is a numbered part of a split."""
    ending = plain_suffix(name)
    if ending in ENDINGS or ending[1:] in ALIASES:
        return True
    return PART.search(name.lower().removesuffix(".gz")) is not None and bool(read_name(name).splits)


def stem(name: str) -> str:
    """Return a name without the ending of its format and of its packing; parts keep their number."""
    plain = name[:-3] if name.lower().endswith(".gz") else name
    part = PART.search(plain)
    number = part[0] if part else ""
    plain = plain.removesuffix(number)
    ending = PurePath(plain).suffix
    return (plain.removesuffix(ending) if ending.lower() in ENDINGS else plain) + number


def read_name(name: str) -> FileName:
    """Read the name of a file."""
    words: list[str] = []
    for word in _words(name):
        numbered = _NUMBERED.fullmatch(word)
        parts = numbered.groups() if numbered else (word,)
        words += [ALIASES.get(part, part) for part in parts if part != _SAYS_NOTHING]
    return FileName(tuple(words), frozenset(words) & _NAMES.keys(), frozenset(words) & LEFTOVERS)


def glued_split(name: str) -> tuple[str, str] | None:
    """Part `wnut17train` into (`wnut17`, `train`); None unless the last word ends in a split's name.

    Many words do (`latest`, `contest`): a caller must have more to go by.
    """
    *before, last = _words(name) or [""]
    for alias in _LONGEST_FIRST:
        if last.endswith(alias) and last != alias:
            return " ".join((*before, last.removesuffix(alias))), ALIASES[alias]
    return None


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", stem(name).lower()) if word]
