"""Which scheme a corpus is written in, and which it is trained in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from corpus.errors import CorpusError
from corpus.layout import Layout
from corpus.options import ReadOptions, Shares
from corpus.reading import outcomes
from corpus.record import Record
from corpus.splits import split_of, text_key
from tagging.schemes import Evidence, Scheme, scheme_named


def named_scheme(options: ReadOptions) -> Scheme | None:
    """The scheme the options name, or None where it is to be recognised."""
    return None if options.scheme.lower() == "auto" else scheme_named(options.scheme)


def target_scheme(source: Scheme, options: ReadOptions) -> Scheme:
    """What the tags are trained in: plain tags stay plain."""
    return source if source.is_plain else scheme_named(options.train_scheme)


def recognised(layout: Layout, options: ReadOptions) -> Scheme:
    """The named scheme, or the one that the train split is written in. Reads train once in the second case.

    Files and records that cannot be read give no evidence; whoever reads them next reports them.
    """
    named = named_scheme(options)
    if named is not None:
        return named
    evidence = Evidence()
    for path in layout.train_files():
        shares = layout.shares if path in layout.whole else None
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
