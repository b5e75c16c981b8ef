"""Answers of a model that was trained in another scheme, in the scheme of the corpus.

The latest blessed model may come from a run with another `corpus.train_scheme`, or of another kind of tags. Its
tags alone tell: a tagger writes sequences that its own scheme allows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec

from components.predictor.answer import Answer, read
from tagging.schemes import Evidence, Scheme, can_read, convert
from tagging.tables import OUTSIDE

log = logging.getLogger("tagline.predictor")


def in_scheme(path: str | Path, scheme: Scheme) -> Iterator[Answer] | None:
    """The answers of a file with `predicted` in `scheme`; None where nothing is to be changed.

    Tags that no scheme reads, such as a part-of-speech tagger's, become `O`: they name no entity. Where the
    gold tags are plain, everything stays as it is: plain tags are compared whatever they are.
    """
    if scheme.is_plain:
        return None
    predicted = Evidence()
    for given in read(path):
        if not can_read(given.gold, scheme):
            return None
        predicted.add(given.predicted)
    found, against = predicted.scheme(), predicted.contradictions()
    if not predicted.unlike and against[found.name] == against[scheme.name]:
        return None
    log.warning(
        "the baseline's tags are %s, the corpus is trained in %s: the former are written as the latter",
        found.name, scheme.name,
    )  # fmt: skip
    return (
        msgspec.structs.replace(given, predicted=_converted(given.predicted, found, scheme))
        for given in read(path)
    )


def _converted(tags: tuple[str, ...], found: Scheme, scheme: Scheme) -> tuple[str, ...]:
    if found is scheme and can_read(tags, scheme):
        return tags
    try:
        return tuple(convert(tags, found, scheme)[0])
    except ValueError:  # of which UnknownTag is one
        return (OUTSIDE,) * len(tags)
