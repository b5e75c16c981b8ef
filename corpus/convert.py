"""From the tags of the files to the tags of training, told where in the file it went wrong."""

from __future__ import annotations

from collections.abc import Iterable

from corpus.errors import BadLine
from corpus.record import Record
from corpus.sentence import Sentence
from tagging.schemes import Parsed, Repair, Scheme, UnknownTag, parse, tags_of


def parsed(record: Record, scheme: Scheme) -> Parsed:
    """The entities of a record's sentence; none in plain tags.

    Raises:
        BadLine: a prefix that the scheme does not know, or a prefix without a label.
    """
    sentence = _sentence(record)
    if scheme.is_plain:
        return Parsed([], [])
    try:
        return parse(sentence.tags, scheme)
    except UnknownTag as error:
        known = ", ".join(sorted(scheme.prefixes - {"O"}))
        raise BadLine(
            record.lines[error.index],
            f"tag {error.tag!r} of the token {sentence.tokens[error.index]!r}",
            expected=f"O, or one of {known} with a hyphen and a label ({scheme.name})",
            remedy="correct the tag, or name the scheme of the files (scheme)",
            code="D110",
        ) from None


def training_tags(record: Record, source: Scheme, target: Scheme) -> tuple[list[str], Parsed]:
    """T tags in the scheme of training, and what they were read as.

    Raises:
        BadLine: as `parsed`.
    """
    sentence = _sentence(record)
    reading = parsed(record, source)
    if source.is_plain:
        return list(sentence.tags), reading
    return tags_of(reading.spans, len(sentence.tokens), target), reading


def _sentence(record: Record) -> Sentence:
    if record.sentence is None:
        raise ValueError("found a record without a sentence; expected one with tokens and tags")
    return record.sentence


def repairs_shown(repairs: Iterable[Repair]) -> str:
    """Repairs in a few words, for a report."""
    return ", ".join(f"{repair.found} -> {repair.became}" for repair in repairs)
