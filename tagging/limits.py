"""What one request to an exported model may hold: the model refuses more, and the client splits by the same numbers.

A model's work follows the tokens of a request, but its answer is padded to the longest sentence, so
`padded_tokens` bounds sentences times longest sentence by the memory of that answer.
"""

from __future__ import annotations

from dataclasses import dataclass

# A string of TensorFlow's takes this much memory, short ones included; a number takes 4.
STRING_BYTES = 24
NUMBER_BYTES = 4

_MOST_ANSWER_BYTES = 96 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most that a request may hold.

    Attributes:
        sentences: rows of the input.
        bytes: of all its strings together.
        tokens: of all sentences together.
        sentence_tokens: of its longest sentence, which is worked on in one piece.
        padded_tokens: sentences times tokens of the longest, by signature.
    """

    sentences: int = 16_384
    bytes: int = 4 << 20
    tokens: int = 1 << 20
    sentence_tokens: int = 16_384
    padded_tokens: dict[str, int]


def limits_of(served_tags: int, n_best: int) -> Limits:
    """Compute the limits of a model's signatures, whose answers hold the served tags and the best paths."""
    tags = STRING_BYTES
    decode = tags + NUMBER_BYTES
    text = decode + STRING_BYTES + 2 * NUMBER_BYTES
    answer_bytes = {
        "decode": decode,
        "decode_tokens": decode,
        "decode_text": text,
        "decode_nbest": n_best * tags,
        "explain": text + n_best * tags + served_tags * NUMBER_BYTES,
        "evaluate": tags,
    }
    return Limits(
        padded_tokens={signature: _MOST_ANSWER_BYTES // size for signature, size in answer_bytes.items()}
    )
