"""The JSON of annotation tools: texts with spans of characters, their ends exclusive."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from corpus.errors import BadLine
from corpus.formats import jsonl
from corpus.formats.alignment import CharacterSpan, token_offsets
from corpus.writing.losses import CUT, DOMAIN, TEXT
from corpus.writing.own_json import domain_of, encoded
from corpus.writing.tagged import Tagged, Target


class _Marked(NamedTuple):
    """A text, the places of its T tokens, and its spans."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    spans: list[CharacterSpan]


def doccano(tagged: Tagged, target: Target) -> str:
    """Write an example of doccano."""
    marked = _cut_by_reader(tagged, target)
    labels = [list(span) for span in marked.spans]
    return encoded({"id": tagged.number, "text": marked.text, "label": labels, **domain_of(tagged.sentence)})


def labelstudio(tagged: Tagged, target: Target) -> str:
    """Write a task of Label Studio, with one annotation."""
    marked = _cut_by_reader(tagged, target)
    result = [
        {
            "value": {
                "start": span.start,
                "end": span.end,
                "text": marked.text[span.start : span.end],
                "labels": [span.label],
            },
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
        }
        for span in marked.spans
    ]
    data = {"text": marked.text, **domain_of(tagged.sentence)}
    return encoded({"id": tagged.number, "data": data, "annotations": [{"result": result}]})


def spacy(tagged: Tagged, target: Target) -> str:
    """Write a training example of spaCy 2."""
    marked = _cut_by_reader(tagged, target)
    target.losses.add(DOMAIN, count=tagged.sentence.domain is not None)
    return encoded([marked.text, {"entities": [list(span) for span in marked.spans]}])


def prodigy(tagged: Tagged, target: Target) -> str:
    """Write an accepted task of Prodigy; `token_end` is the last token itself."""
    sentence = tagged.sentence
    # Reading finds the tokens in the text, where only white space lies between them.
    found = token_offsets(sentence.text or "", sentence.tokens) == (sentence.starts, sentence.ends)
    marked = _marked(tagged, target, with_text=found)
    tokens = [
        {"text": token, "start": start, "end": end, "id": index, "ws": marked.text[end : end + 1] == " "}
        for index, (token, start, end) in enumerate(
            zip(sentence.tokens, marked.starts, marked.ends, strict=True)
        )
    ]
    spans = [
        {
            "start": place.start,
            "end": place.end,
            "token_start": span.start,
            "token_end": span.end - 1,
            "label": span.label,
        }
        for span, place in zip(tagged.spans or (), marked.spans, strict=True)
    ]
    return encoded(
        {"text": marked.text, "tokens": tokens, "spans": spans, "answer": "accept", **domain_of(sentence)}
    )


def _cut_by_reader(tagged: Tagged, target: Target) -> _Marked:
    """Mark a text for a form without tokens, and count it as a loss if the reader will cut it otherwise."""
    marked = _marked(tagged, target)
    try:
        read = jsonl.parse([encoded({"text": marked.text, "spans": []})], target.options).sentence
    except BadLine:
        read = None
    if read is None or (read.starts, read.ends) != (marked.starts, marked.ends):
        target.losses.add(CUT)
    return marked


def _marked(tagged: Tagged, target: Target, *, with_text: bool = True) -> _Marked:
    """Mark the sentence's text, or its tokens joined by spaces where it has none that consists of them."""
    sentence = tagged.sentence
    text, starts, ends = sentence.text, sentence.starts, sentence.ends
    if not with_text or text is None or starts is None or ends is None:
        target.losses.add(TEXT, count=text is not None)
        text = " ".join(sentence.tokens)
        ends = tuple(end - 1 for end in accumulate(len(token) + 1 for token in sentence.tokens))
        starts = tuple(end - len(token) for token, end in zip(sentence.tokens, ends, strict=True))
    spans = [CharacterSpan(starts[span.start], ends[span.end - 1], span.label) for span in tagged.spans or ()]
    return _Marked(text, starts, ends, spans)
