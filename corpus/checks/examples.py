"""Sentences with their entities marked, so that a person sees whether a corpus was read rightly."""

from __future__ import annotations

from collections.abc import Sequence

from corpus.errors import shortened
from corpus.sentence import Sentence
from tagging.spans import Span

EXAMPLES = 3
_LENGTH = 200


def marked(sentence: Sentence, spans: Sequence[Span], *, plain: bool) -> str:
    """Write a sentence on a line: `[Ann Lee]PER sings`, or with plain tags `Ann/PROPN sings/VERB`.

    Entities are marked in the text if the sentence has one with the places of its tokens.
    """
    if plain:
        pairs = zip(sentence.tokens, sentence.tags, strict=True)
        return shortened(" ".join(f"{token}/{tag}" for token, tag in pairs), _LENGTH)
    text, starts, ends = sentence.text, sentence.starts, sentence.ends
    if text is None or starts is None or ends is None:
        text = " ".join(sentence.tokens)
        starts, ends = _places(sentence.tokens)
    parts, at = [], 0
    for span in spans:
        begin, end = starts[span.start], ends[span.end - 1]
        parts += [text[at:begin], f"[{text[begin:end]}]{span.label}"]
        at = end
    return shortened("".join([*parts, text[at:]]), _LENGTH)


def _places(tokens: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    starts, at = [], 0
    for token in tokens:
        starts.append(at)
        at += len(token) + 1
    return tuple(starts), tuple(start + len(token) for start, token in zip(starts, tokens, strict=True))
