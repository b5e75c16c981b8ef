"""Hand-made features of a token: the word, its affixes and shape, and its neighbours. Pure, and of strings alone.

The set that CRF taggers have been given since Lafferty et al. 2001 and McCallum and Li 2003, without gazetteers or
clusters: what can be had without looking beyond the corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

# Names that stand beyond a sentence's edges.
BEGIN = "BOS"
END = "EOS"


def token_features(tokens: Sequence[str]) -> list[list[str]]:
    """For each token of a sentence its features, `name=value` each; the order is fixed."""
    own = [_own(token) for token in tokens]
    near = [_near(token) for token in tokens]
    last = len(tokens) - 1
    features = []
    for index in range(len(tokens)):
        found = ["bias", *own[index]]
        if index == 0:
            found.append(BEGIN)
        if index == last:
            found.append(END)
        for offset in (-2, -1, 1, 2):
            if 0 <= index + offset <= last:
                found += [f"{offset:+d}:{feature}" for feature in near[index + offset]]
        if index > 0:
            found.append(f"-1,0:lower={tokens[index - 1].lower()}|{tokens[index].lower()}")
        if index < last:
            found.append(f"0,+1:lower={tokens[index].lower()}|{tokens[index + 1].lower()}")
        features.append(found)
    return features


@lru_cache(maxsize=1 << 16)
def _own(token: str) -> tuple[str, ...]:
    lower = token.lower()
    found = [f"word={token}", f"lower={lower}", f"shape={shape(token)}", f"short_shape={short_shape(token)}"]
    for length in (1, 2, 3, 4):
        if len(lower) > length:
            found += [f"prefix={lower[:length]}", f"suffix={lower[-length:]}"]
    found += [name for name, holds in _SIGNS.items() if holds(token)]
    return tuple(found)


@lru_cache(maxsize=1 << 16)
def _near(token: str) -> tuple[str, ...]:
    return f"lower={token.lower()}", f"short_shape={short_shape(token)}", f"suffix={token.lower()[-3:]}"


_SIGNS = {
    "title": str.istitle,
    "upper": str.isupper,
    "digits": str.isdigit,
    "has_digit": lambda token: any(map(str.isdigit, token)),
    "has_hyphen": lambda token: "-" in token,
    "no_word": lambda token: not any(map(str.isalnum, token)),
}


def shape(token: str) -> str:
    """`Zürich-2b` -> `Xxxxxx-dx`: letters by their case, digits, and every other character as it is."""
    return "".join(map(_kind, token))


def short_shape(token: str) -> str:
    """`Zürich-2b` -> `Xx-dx`: the shape, each run of one kind once."""
    kinds = shape(token)
    return "".join(kind for index, kind in enumerate(kinds) if index == 0 or kind != kinds[index - 1])


def _kind(character: str) -> str:
    if character.isupper():
        return "X"
    if character.isdigit():
        return "d"
    return "x" if character.isalpha() else character
