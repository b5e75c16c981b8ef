"""Hand-made features of a token: the word, its affixes and shape, and its neighbours.

The usual set of CRF taggers since Lafferty et al. 2001 and McCallum and Li 2003, without gazetteers or clusters, which
would need more than the corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

# Features of the first and of the last token.
BEGIN = "BOS"
END = "EOS"


def token_features(tokens: Sequence[str]) -> list[list[str]]:
    """Compute the features of each token of a sentence, such as `lower=anna`, in a fixed order."""
    own = [_own_features(token) for token in tokens]
    near = [_features_for_neighbours(token) for token in tokens]
    last = len(tokens) - 1
    sentence = []
    for index in range(len(tokens)):
        features = ["bias", *own[index]]
        if index == 0:
            features.append(BEGIN)
        if index == last:
            features.append(END)
        for offset in (-2, -1, 1, 2):
            if 0 <= index + offset <= last:
                features += [f"{offset:+d}:{feature}" for feature in near[index + offset]]
        if index > 0:
            features.append(f"-1,0:lower={tokens[index - 1].lower()}|{tokens[index].lower()}")
        if index < last:
            features.append(f"0,+1:lower={tokens[index].lower()}|{tokens[index + 1].lower()}")
        sentence.append(features)
    return sentence


@lru_cache(maxsize=1 << 16)
def _own_features(token: str) -> tuple[str, ...]:
    lower = token.lower()
    features = [
        f"word={token}",
        f"lower={lower}",
        f"shape={shape(token)}",
        f"short_shape={short_shape(token)}",
    ]
    for length in (1, 2, 3, 4):
        if len(lower) > length:
            features += [f"prefix={lower[:length]}", f"suffix={lower[-length:]}"]
    features += [name for name, holds in _SIGNS.items() if holds(token)]
    return tuple(features)


@lru_cache(maxsize=1 << 16)
def _features_for_neighbours(token: str) -> tuple[str, ...]:
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
    """`Zürich-2b` -> `Xxxxxx-dx`: letters by their case, digits, and every other character unchanged."""
    return "".join(map(_kind, token))


def short_shape(token: str) -> str:
    """`Zürich-2b` -> `Xx-dx`: the shape with each run of one kind shortened to one."""
    kinds = shape(token)
    return "".join(kind for index, kind in enumerate(kinds) if index == 0 or kind != kinds[index - 1])


def _kind(character: str) -> str:
    if character.isupper():
        return "X"
    if character.isdigit():
        return "d"
    return "x" if character.isalpha() else character
