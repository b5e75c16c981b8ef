"""spaCy: a pair of a text and its entities (v2), and the documents of its training files.

    ["Ann sings", {"entities": [[0, 3, "PER"]]}]
    {"id": 0, "paragraphs": [{"raw": "Ann sings", "sentences": [{"tokens": [
      {"orth": "Ann", "tag": "NNP", "ner": "U-PER"}, ...]}]}]}

Of a document each sentence is an example of its own; `tag_column` names the key of the tag, else it is `ner`. The
entity tag `-` is a missing one: outside, and a sentence of nothing else is left out.
"""

from __future__ import annotations

from typing import Any

from corpus.formats.json_rows.row import Row, left_out, list_of, misfit, text_of
from corpus.options import ReadOptions
from tagging.tables import OUTSIDE

_MISSING = "-"


def read_pair(value: Any, options: ReadOptions) -> Row | None:
    """Read a text with its entities."""
    if not (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], dict)
    ):
        return None
    return Row(text=value[0], spans=list_of(value[1].get("entities"), "entities"))


def is_document(value: Any) -> bool:
    """Whether a value is a document of a training file."""
    return isinstance(value, dict) and "paragraphs" in value


def sentences_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sentences of a document.

    Raises:
        BadLine: it is no such document.
    """
    paragraphs = list_of(document["paragraphs"], "paragraphs", of=dict, named="objects")
    return [
        sentence
        for paragraph in paragraphs
        for sentence in list_of(paragraph.get("sentences"), "sentences", of=dict, named="objects")
    ]


def read_document(value: Any, options: ReadOptions) -> Row | None:
    """Read a document of one sentence."""
    if not is_document(value):
        return None
    sentences = sentences_of(value)
    if len(sentences) > 1:
        raise misfit(
            f"a document of {len(sentences)} sentences on one line",
            expected="a JSON array of documents, which may have any number of sentences",
            remedy="make an array of the lines: jq -s . FILE.jsonl > FILE.json",
        )
    return read_sentence(sentences[0], options) if sentences else Row([], [])


def read_sentence(value: Any, options: ReadOptions) -> Row | None:
    """Read a sentence of a document."""
    if not (isinstance(value, dict) and isinstance(value.get("tokens"), list) and _has_orth(value["tokens"])):
        return None
    tokens = list_of(value["tokens"], "tokens", of=dict, named="objects")
    words = [text_of(token.get("orth"), "orth") for token in tokens]
    named = isinstance(options.tag_column, str)
    key = options.tag_column if named else "ner" if any("ner" in token for token in tokens) else "tag"
    tags = [_MISSING if token.get(key) is None else text_of(token[key], str(key)) for token in tokens]
    if key == "ner":
        if all(tag == _MISSING for tag in tags):
            return left_out("entities not annotated (ner: -)")
        tags = [OUTSIDE if tag == _MISSING else tag for tag in tags]
    # spaCy makes tokens of white space too.
    kept = [(word, tag) for word, tag in zip(words, tags, strict=True) if word.strip()]
    return Row([word for word, _ in kept], [tag for _, tag in kept])


def _has_orth(tokens: list[Any]) -> bool:
    return bool(tokens) and isinstance(tokens[0], dict) and "orth" in tokens[0]
