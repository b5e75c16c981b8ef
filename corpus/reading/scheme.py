"""The tag scheme of a corpus, and the one it is trained in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from corpus.errors import CorpusError
from corpus.options import ReadOptions, Shares
from corpus.reading.sentences import outcomes
from corpus.record import Record
from corpus.splits.by_hash import split_of, text_key
from corpus.splits.layout import Layout
from tagging.schemes import Evidence, Scheme, scheme_named


def named_scheme(options: ReadOptions) -> Scheme | None:
    """Return the scheme named by the options, or None if it is to be recognised."""
    return None if options.scheme.lower() == "auto" else scheme_named(options.scheme)


def target_scheme(source: Scheme, options: ReadOptions) -> Scheme:
    """Return the scheme to train in; plain tags stay plain."""
    return source if source.is_plain else scheme_named(options.train_scheme)


def scheme_of(layout: Layout, options: ReadOptions) -> Scheme:
    """Return the named scheme, or else recognise the one of the train split, which is read once for that.

    Files and records that cannot be read are skipped; their next reader reports them.
    """
    named = named_scheme(options)
    if named is not None:
        return named
    evidence = Evidence()
    for path in layout.train_files():
        shares = layout.shares if path in layout.unassigned else None
        for tags in _train_tags(path, shares, options):
            evidence.add(tags)
    return evidence.scheme()


def _train_tags(path: Path, shares: Shares | None, options: ReadOptions) -> Iterable[tuple[str, ...]]:
    try:
        for _, record in outcomes(path, options):
            sentence = record.sentence if isinstance(record, Record) else None
            if sentence and (shares is None or split_of(text_key(sentence.tokens), shares) == "train"):
                yield sentence.tags
    except CorpusError:
        return
