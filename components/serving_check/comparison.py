"""Comparing a server's answers with those of the model in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from serving.client import TaggedSentence

# Batches of different sizes add floats up in a different order.
TOLERANCE = 1e-4


class ModelInMemory:
    """A SavedModel's signatures, called in this process."""

    def __init__(self, path: str) -> None:
        self._signatures = tf.saved_model.load(path).signatures

    def tag_tokens(self, sentences: Sequence[Sequence[str]]) -> dict[str, tf.Tensor]:
        """Call `decode_tokens`."""
        tokens = tf.ragged.constant([list(tokens) for tokens in sentences], dtype=tf.string, ragged_rank=1)
        return self._signatures["decode_tokens"](tokens=tokens.to_tensor(""))

    def tag(self, texts: Sequence[str]) -> dict[str, tf.Tensor]:
        """Call `decode_text`."""
        return self._signatures["decode_text"](text=tf.constant(list(texts), tf.string))


def differences(
    served: Sequence[TaggedSentence], expected: dict[str, tf.Tensor], *, where: str = ""
) -> list[str]:
    """Describe every difference in a line that begins with `where`; empty if all answers are equal."""
    arrays = {name: tensor.numpy() for name, tensor in expected.items()}
    lines = []
    if len(served) != len(arrays["lengths"]):
        return [f"found {len(served)} answers to {len(arrays['lengths'])} sentences; expected one for each"]
    for row, sentence in enumerate(served):
        length = arrays["lengths"][row]
        place = f"{where}{sentence.text[:60]!r}"
        tags = [tag.decode() for tag in arrays["tags"][row][:length]]
        served_tags = [token.tag for token in sentence.tokens]
        if served_tags != tags:
            lines.append(f"{place}: {_first_difference(served_tags, tags)}")
            continue
        gaps = [
            abs(token.confidence - float(confidence))
            for token, confidence in zip(sentence.tokens, arrays["confidence"][row], strict=False)
        ]
        gaps.append(abs(sentence.score - float(arrays["score"][row])))
        gap = np.max(gaps)
        if not gap <= TOLERANCE:  # so that a NaN is a difference
            lines.append(f"{place}: a probability is off by {gap:.2g}; at most {TOLERANCE:g} is allowed")
        if "starts" in arrays:
            offsets = list(zip(arrays["starts"][row][:length], arrays["ends"][row][:length], strict=True))
            if [(token.start, token.end) for token in sentence.tokens] != offsets:
                lines.append(f"{place}: the served offsets differ")
            tokens = [token.decode("utf-8", "replace") for token in arrays["tokens"][row][:length]]
            if [token.text for token in sentence.tokens] != tokens:
                lines.append(f"{place}: the served tokens differ")
    return lines


def _first_difference(served: Sequence[str], expected: Sequence[str]) -> str:
    """Describe the first difference and count the others: a sentence may have thousands of tags."""
    if len(served) != len(expected):
        return f"served {len(served)} tags, expected {len(expected)}"
    index = next(i for i, (ours, theirs) in enumerate(zip(served, expected, strict=True)) if ours != theirs)
    others = sum(map(str.__ne__, served, expected)) - 1
    more = f", and {others} more" if others else ""
    return f"token {index}: served {served[index]}, expected {expected[index]}{more}"
