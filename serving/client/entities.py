"""Entities of an answer by its tags; the answer does not name their scheme."""

from __future__ import annotations

from collections.abc import Sequence

from tagging.schemes import BILOU, BIO, BIOES, OUTSIDE, Scheme, spans_of, split_tag
from tagging.spans import Span


def entity_spans(tags: Sequence[str]) -> list[Span]:
    """Find the entities that `tags` mark; none for plain tags, such as parts of speech.

    Tagline's models answer in BIO; others may answer in BIOES or BILOU.
    """
    scheme = _scheme_of(tags)
    return spans_of(tags, scheme) if scheme else []


def _scheme_of(tags: Sequence[str]) -> Scheme | None:
    prefixes = set()
    for tag in tags:
        prefix, label = split_tag(tag)
        if tag != OUTSIDE and not label:
            return None
        prefixes.add(prefix)
    return next((scheme for scheme in (BIO, BIOES, BILOU) if prefixes <= scheme.prefixes), None)
