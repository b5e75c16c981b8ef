"""The scheme that a model's tags are in."""

from __future__ import annotations

from collections.abc import Sequence

from tagging.schemes import PLAIN, Scheme, UnknownTag, read_tags, scheme_named


def scheme_of_vocabulary(tags: Sequence[str], train_scheme: str) -> Scheme:
    """`train_scheme` when every tag can be read in it, else plain tags.

    CorpusGen writes entity tags in the training scheme and leaves plain tags alone, so the vocabulary tells
    which of the two a corpus has.
    """
    scheme = scheme_named(train_scheme)
    if scheme is PLAIN:
        return PLAIN
    try:
        read_tags(tags, scheme)
    except UnknownTag:
        return PLAIN
    return scheme
