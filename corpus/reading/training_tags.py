"""Parse the tags of a record and convert them to the scheme of training; errors have the line of the tag."""

from __future__ import annotations

from corpus.errors import BadLine
from corpus.record import Record
from corpus.sentence import Sentence
from tagging.notation import Notation
from tagging.schemes import Parsed, Scheme, UnknownTag, tags_of


def parse_tags(record: Record, notation: Notation) -> Parsed:
    """Parse the entities of a record's sentence; none in plain tags.

    Raises:
        BadLine: a tag that is not of the notation.
    """
    sentence = _sentence(record)
    if sentence.spans is not None:
        return Parsed(list(sentence.spans), [])
    if notation.is_plain:
        return Parsed([], [])
    try:
        return notation.parse(sentence.tags)
    except UnknownTag as error:
        raise BadLine(
            record.lines[error.index],
            f"tag {error.tag!r} of the token {sentence.tokens[error.index]!r}",
            expected=notation.expected,
            remedy="correct the tag, or name the scheme of the files (scheme)",
            code="D110",
        ) from None


def training_tags(record: Record, source: Notation, target: Scheme) -> tuple[list[str], Parsed]:
    """Convert a record's tags: T tags in the target scheme, and the entities and repairs they come from.

    Raises:
        BadLine: as `parse_tags`.
    """
    sentence = _sentence(record)
    parsed = parse_tags(record, source)
    if source.is_plain:
        return list(sentence.tags), parsed
    return tags_of(parsed.spans, len(sentence.tokens), target), parsed


def _sentence(record: Record) -> Sentence:
    if record.sentence is None:
        raise ValueError("found a record without a sentence; expected one with tokens and tags")
    return record.sentence
