"""Are a server's answers those of the model in memory?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from serving.client import TaggedSentence

# Batches of another size sum in another order.
TOLERANCE = 1e-4


class ModelInMemory:
    """A SavedModel's signatures, asked in this process."""

    def __init__(self, path: str) -> None:
        self._signatures = tf.saved_model.load(path).signatures

    def tag_tokens(self, sentences: Sequence[Sequence[str]]) -> dict[str, tf.Tensor]:
        """The answer of `decode_tokens`."""
        tokens = tf.ragged.constant([list(tokens) for tokens in sentences], dtype=tf.string, ragged_rank=1)
        return self._signatures["decode_tokens"](tokens=tokens.to_tensor(""))

    def tag(self, texts: Sequence[str]) -> dict[str, tf.Tensor]:
        """The answer of `decode_text`."""
        return self._signatures["decode_text"](text=tf.constant(list(texts), tf.string))


def differences(
    served: Sequence[TaggedSentence], expected: dict[str, tf.Tensor], *, where: str = ""
) -> list[str]:
    """What is not the same, a line each that `where` begins; empty if all is."""
    arrays = {name: tensor.numpy() for name, tensor in expected.items()}
    found = []
    if len(served) != len(arrays["lengths"]):
        return [f"{len(arrays['lengths'])} sentences were asked about, {len(served)} answered"]
    for row, sentence in enumerate(served):
        length = arrays["lengths"][row]
        place = f"{where}{sentence.text[:60]!r}"
        tags = [tag.decode() for tag in arrays["tags"][row][:length]]
        served_tags = [token.tag for token in sentence.tokens]
        if served_tags != tags:
            found.append(f"{place}: {_first_difference(served_tags, tags)}")
            continue
        gaps = [
            abs(token.confidence - float(confidence))
            for token, confidence in zip(sentence.tokens, arrays["confidence"][row], strict=False)
        ]
        gaps.append(abs(sentence.score - float(arrays["score"][row])))
        gap = np.max(gaps)
        if not gap <= TOLERANCE:  # so that a NaN is a difference
            found.append(f"{place}: a probability is off by {gap:.2g}; at most {TOLERANCE:g} is allowed")
        if "starts" in arrays:
            offsets = list(zip(arrays["starts"][row][:length], arrays["ends"][row][:length], strict=True))
            if [(token.start, token.end) for token in sentence.tokens] != offsets:
                found.append(f"{place}: the served offsets differ")
            tokens = [token.decode("utf-8", "replace") for token in arrays["tokens"][row][:length]]
            if [token.text for token in sentence.tokens] != tokens:
                found.append(f"{place}: the served tokens differ")
    return found


def _first_difference(served: Sequence[str], expected: Sequence[str]) -> str:
    """In words; the tags of a whole sentence may be thousands."""
    if len(served) != len(expected):
        return f"served {len(served)} tags, expected {len(expected)}"
    index = next(i for i, (ours, theirs) in enumerate(zip(served, expected, strict=True)) if ours != theirs)
    others = sum(map(str.__ne__, served, expected)) - 1
    more = f", and {others} more" if others else ""
    return f"token {index}: served {served[index]}, expected {expected[index]}{more}"
