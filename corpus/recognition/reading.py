"""How a corpus is read: the notation of its tags and the tokenizer of its texts, as the train split shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from corpus.errors import CorpusError
from corpus.options import ReadOptions, Shares
from corpus.reading.sentences import outcomes
from corpus.recognition.columns import require_columns, tag_columns
from corpus.record import Record
from corpus.splits.by_hash import split_of, text_key
from corpus.splits.layout import Layout
from tagging.evidence import Evidence
from tagging.notation import Notation, notation_of_scheme
from tagging.recognition import UnknownNotation, recognise
from tagging.schemes import Scheme, scheme_named

# The code of a span that cuts a word of a script that writes words, or their endings, together.
CUT_WORD = "D217"
# If more of the spans than these cut a word, texts are cut into characters.
_CUT_SHARE = 0.3


class Reading(NamedTuple):
    """How a corpus is read.

    Attributes:
        notation: of its tags.
        options: the options, with the tokenizer named.
        spans: whether all entities are spans of texts, none are tags.
    """

    notation: Notation
    options: ReadOptions
    spans: bool = False

    def told(self) -> list[str]:
        """Say what was recognised, a line each."""
        lines = ["entities read from spans of texts"] if self.spans else [f"tags read as: {self.notation}"]
        if self.options.tokenizer == "characters":
            lines.append("texts cut into characters: many spans begin or end within a word")
        elif self.spans:
            lines.append("texts cut into words")
        return lines


class CorpusEvidence:
    """What the records of the train split show; picklable, and mergeable in any order.

    Attributes:
        tags: the evidence of tags that stand in the files.
        spans: number of spans of texts.
        cut_words: how many of them cut a word (`CUT_WORD`).
    """

    def __init__(self) -> None:
        self.tags = Evidence()
        self.spans = 0
        self.cut_words = 0

    def add(self, record: Record) -> CorpusEvidence:
        """Add a record with a sentence, and return self."""
        sentence = record.sentence
        if sentence is not None and sentence.spans is None:
            self.tags.add(sentence.tags)
        elif sentence is not None and sentence.spans is not None:
            self.spans += len(sentence.spans)
            self.cut_words += sum(note.code == CUT_WORD for note in record.notes)
        return self

    def merge(self, other: CorpusEvidence) -> CorpusEvidence:
        """Add other evidence, and return self."""
        self.tags.merge(other.tags)
        self.spans += other.spans
        self.cut_words += other.cut_words
        return self

    def reading(self, options: ReadOptions, path: Path | str) -> Reading:
        """Tell how the corpus is read.

        Args:
            options: what they name is not recognised.
            path: the first file of train, for the error.

        Raises:
            CorpusError: it cannot be told what the tags are; names the settings that decide.
        """
        tokenizer = options.tokenizer
        if tokenizer == "auto":
            tokenizer = "characters" if self.cut_words > _CUT_SHARE * self.spans else "words"
        try:
            notation = recognise(self.tags, scheme=options.scheme, outside=options.outside)
        except UnknownNotation as error:
            columns = tag_columns(path, options)
            raise CorpusError(
                error.found,
                path=path,
                expected="entity tags (docs/formats.md has their forms), or parts of speech",
                remedy=f"name the column of the tags: {columns}" if columns else error.remedy,
                code="D117",
            ) from None
        only_spans = self.spans > 0 and not self.tags.tags
        return Reading(notation, msgspec.structs.replace(options, tokenizer=tokenizer), only_spans)


def target_scheme(source: Scheme | Notation, options: ReadOptions) -> Scheme:
    """Return the scheme to train in; plain tags stay plain."""
    return scheme_named("PLAIN" if source.is_plain else options.train_scheme)


def named_reading(options: ReadOptions) -> Reading | None:
    """Return the reading if the options alone decide it, as of plain tags; else None."""
    if options.scheme.upper() != "PLAIN":
        return None
    return Reading(notation_of_scheme("PLAIN"), options)


def reading_of(layout: Layout, options: ReadOptions) -> Reading:
    """Recognise how a corpus is read from its train split, which is read once for that.

    Files and records that cannot be read are skipped; their next reader reports them.

    Raises:
        CorpusError: as of `CorpusEvidence.reading` and `require_columns`.
    """
    require_columns(layout, options)
    named = named_reading(options)
    if named is not None:
        return named
    evidence = CorpusEvidence()
    for path in layout.train_files():
        shares = layout.shares if path in layout.unassigned else None
        for record in _train_records(path, shares, options):
            evidence.add(record)
    return evidence.reading(options, layout.train_files()[0])


def _train_records(path: Path, shares: Shares | None, options: ReadOptions) -> Iterator[Record]:
    try:
        for _, record in outcomes(path, options):
            if isinstance(record, Record) and in_train(record, shares):
                yield record
    except CorpusError:
        return


def in_train(record: Record, shares: Shares | None) -> bool:
    """Whether a record has a sentence of train; `shares` where a hash decides, else every sentence is."""
    sentence = record.sentence
    if sentence is None:
        return False
    return shares is None or split_of(text_key(sentence.tokens), shares) == "train"
