"""Converting the answers of a model that was trained in another scheme.

The latest blessed model may come from a run with another `corpus.train_scheme`, or on another kind of tags. Its scheme
is recognized by its tags: a tagger writes only sequences that its own scheme allows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec

from components.predictor.answer import Answer, read
from tagging.evidence import Evidence
from tagging.notation import notation_of_scheme
from tagging.recognition import contradictions
from tagging.schemes import OUTSIDE, Scheme, can_read, convert, scheme_named

# Those that a model may have been trained in; of equals the first is taken.
SCHEMES = ("BIO", "BIOES", "BILOU", "IOB1")

log = logging.getLogger("tagline.predictor")


def converted_answers(path: str | Path, scheme: Scheme) -> Iterator[Answer] | None:
    """Read a file of answers with `predicted` converted to `scheme`; None if they need no conversion.

    Tags that no scheme can read, such as a part-of-speech tagger's, become `O`: they have no entities. If the gold
    tags are plain, nothing is converted: plain tags are compared as they are.
    """
    if scheme.is_plain:
        return None
    predicted = Evidence()
    for answer in read(path):
        if not can_read(answer.gold, scheme):
            return None
        predicted.add(answer.predicted)
    counts = {name: contradictions(predicted, notation_of_scheme(name)) for name in (scheme.name, *SCHEMES)}
    source = scheme_named(min(counts, key=counts.__getitem__))
    if can_read(list(predicted.tags), source) and counts[source.name] == counts[scheme.name]:
        return None
    log.warning(
        "the baseline's tags are %s, the corpus is trained in %s: the former are converted to the latter",
        source.name, scheme.name,
    )  # fmt: skip
    return (
        msgspec.structs.replace(answer, predicted=_converted(answer.predicted, source, scheme))
        for answer in read(path)
    )


def _converted(tags: tuple[str, ...], source: Scheme, target: Scheme) -> tuple[str, ...]:
    if source is target and can_read(tags, target):
        return tags
    try:
        return tuple(convert(tags, source, target)[0])
    except ValueError:  # of which UnknownTag is one
        return (OUTSIDE,) * len(tags)
