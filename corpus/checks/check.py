"""Looking a corpus over before anything is trained on it.

Everything is gathered, nothing raised and nothing printed: who asks gets all faults at once. Files are
streamed; what is kept is the vocabulary and a few bytes for every distinct sentence, by which leaks are seen.
"""

from __future__ import annotations

from heapq import heappush, heappushpop
from pathlib import Path
from typing import NamedTuple

from corpus.blocks import lines_of
from corpus.checks.differences import Difference, told_differences
from corpus.checks.first_places import ALL, FirstPlace, FirstPlaces
from corpus.checks.line_ends import line_ends
from corpus.checks.report import Findings, Report
from corpus.checks.split_statistics import Whole
from corpus.checks.tally import Place, Tally
from corpus.convert import parsed, repairs_shown
from corpus.errors import BadLine, CorpusError, shortened
from corpus.formats import format_of
from corpus.formats.words import invisible_in, parts_words
from corpus.layout import Layout, find
from corpus.options import CheckLimits, ReadOptions
from corpus.reading import file_blocks
from corpus.record import Record
from corpus.scheme import recognised
from corpus.sentence import Sentence
from corpus.splits import split_of, text_key
from tagging.schemes import Scheme

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def check(data: str | Path, options: ReadOptions, limits: CheckLimits | None = None) -> Report:
    """Reads a corpus through and tells what is wrong with it, and what it holds.

    Args:
        data: a folder or a single file.
        options: how it is read.
        limits: from where on a warning is due, how many findings of a code are listed, which codes are errors
            here and which are not told.

    Raises:
        Nothing: a corpus that cannot be read at all is a finding too.
    """
    limits = limits or CheckLimits()
    findings = Findings(limits.findings_per_code, errors=limits.errors, ignore=limits.ignore)
    try:
        layout = find(data, options)
    except CorpusError as error:
        _tell(findings, error)
        return Report(findings.ordered(), findings.counts, {})
    checker = _Checker(layout, recognised(layout, options), options, limits, findings)
    for path, split in layout.files():
        checker.read(path, split)
    return checker.report()


def _tell(findings: Findings, error: CorpusError, *, listed: bool = True) -> None:
    message = error.found + (f"; expected {error.expected}" if error.expected else "")
    findings.add(
        error.code,
        message,
        path=error.path,
        line=error.line,
        example=error.shown,
        remedy=error.remedy,
        listed=listed,
    )


class _Leak(NamedTuple):
    """A sentence in several splits: its length, and of equal lengths the earlier counts as the longer."""

    tokens: int
    order: int
    message: str
    path: str
    line: int
    example: str


class _Checker:
    """One check under way."""

    def __init__(
        self, layout: Layout, scheme: Scheme, options: ReadOptions, limits: CheckLimits, findings: Findings
    ) -> None:
        self.layout = layout
        self.scheme = scheme
        self.options = options
        self.limits = limits
        self.findings = findings
        self.names = layout.names()
        self.tallies = {name: Tally() for name in self.names}
        self.paths: list[str] = []
        # Splits that are short of what could not be read: that they are empty is then no news.
        self.faulty: set[str] = set()
        self.seen = FirstPlaces()
        self.differences: list[Difference] = []
        # A heap, the shortest first: a long sentence in two splits says more than `Thanks ,`.
        self.longest_leaks: list[_Leak] = []
        self.leaks = 0

    def read(self, path: Path, split: str | None) -> None:
        """Streams one file."""
        self.paths.append(str(path))
        errors = found = 0
        parse = format_of(path, self.options).parse
        try:
            for block in file_blocks(path, self.options):
                try:
                    found += self.take(parse(lines_of(block.raw), self.options), block.line, split)
                except BadLine as bad:
                    errors += 1
                    listed = errors <= self.limits.errors_per_file
                    _tell(self.findings, bad.located(path, block.line), listed=listed)
        except CorpusError as error:
            errors += 1
            _tell(self.findings, error)
        else:
            self.tell_line_ends(path)
        if errors:
            self.faulty.update(self.names if split is None else (split,))
        elif not found:
            self.findings.add("D103", "no sentence in the file", path=path)

    def tell_line_ends(self, path: Path) -> None:
        """Tells of what is read over."""
        ends = line_ends(path)
        if ends.mark:
            self.findings.add("D303", "begins with U+FEFF", path=path, line=1)
        if ends.crlf:
            message = f"{ends.crlf} of {ends.lines} lines end in CRLF"
            self.findings.add("D304", message, path=path, line=ends.first)

    def take(self, record: Record, line: int, split: str | None) -> bool:
        """Takes in one record; whether it held a sentence.

        Raises:
            BadLine: a tag that the scheme does not know.
        """
        sentence = record.sentence
        path = self.paths[-1]
        for note in record.notes:
            self.findings.add(note.code, f"{note.found}; {note.became}", path=path, line=line + note.line)
        if sentence is None:
            return False
        reading = parsed(record, self.scheme)
        key = text_key(sentence.tokens)
        if split is None:
            assert self.layout.shares is not None
            split = split_of(key, self.layout.shares)
        tally = self.tallies[split]
        tally.add(sentence, record, reading, path, line, plain=self.scheme.is_plain)
        tally.settled += len(record.notes)
        for repair in reading.repairs:
            self.findings.add(
                "D201",
                f"{repairs_shown([repair])} ({self.scheme.name})",
                path=path,
                line=line + record.lines[repair.index],
                example=sentence.tokens[repair.index],
            )
        if not all(map(str.isascii, sentence.tokens)):
            self.look_at_characters(sentence, record, line)
        if len(sentence.tokens) > self.limits.max_tokens:
            self.findings.add(
                "D207",
                f"{len(sentence.tokens)} tokens; more than max_tokens {self.limits.max_tokens}",
                path=path,
                line=line + record.lines[0],
                example=_beginning(sentence),
            )
        self.compare(sentence, key, line + record.lines[0], split)
        return True

    def look_at_characters(self, sentence: Sentence, record: Record, line: int) -> None:
        """Tells of what the tokens hold and no eye sees."""
        for token, place in zip(sentence.tokens, record.lines, strict=True):
            hidden = invisible_in(token)
            if hidden:
                message = ", ".join(f"U+{ord(character):04X}" for character in hidden)
                two = any(parts_words(token, at) for at in range(len(token)))
                message += " between letters: two words?" if two else ""
                self.findings.add("D215", message, path=self.paths[-1], line=line + place, example=token)
            if _REPLACEMENT in token:
                self.findings.add("D216", "U+FFFD", path=self.paths[-1], line=line + place, example=token)

    def compare(self, sentence: Sentence, key: int, line: int, split: str) -> None:
        """Holds a sentence against the first of the same tokens."""
        here = FirstPlace(len(self.paths) - 1, line, self.names.index(split), hash(sentence.tags) & ALL)
        first = self.seen.first(key, here)
        if first is None:
            return
        place = Place(self.paths[first.file], first.line)
        if first.split != here.split:
            self.tallies[split].shared += 1
            message = f"in {split}, and in {self.names[first.split]} at {place}"
            leak = _Leak(
                len(sentence.tokens), -self.leaks, message, self.paths[-1], line, _beginning(sentence)
            )
            self.leaks += 1
            if len(self.longest_leaks) < self.findings.limit:
                heappush(self.longest_leaks, leak)
            else:
                heappushpop(self.longest_leaks, leak)
        if first.tags != here.tags:
            difference = Difference(place, Place(self.paths[-1], line), _beginning(sentence))
            if len(self.differences) < self.findings.limit:
                self.differences.append(difference)
            else:
                self.findings.add("D206", "", listed=False)

    def report(self) -> Report:
        """What only the whole tells, and everything in order."""
        for leak in sorted(self.longest_leaks, reverse=True):
            self.findings.add("D205", leak.message, path=leak.path, line=leak.line, example=leak.example)
        for _ in range(self.leaks - len(self.longest_leaks)):
            self.findings.add("D205", "", listed=False)
        for finding in told_differences(self.differences, self.options):
            self.findings.add(
                "D206", finding.message, path=finding.path, line=finding.line, example=finding.example
            )
        return Whole(self.layout, self.scheme, self.tallies, self.faulty, self.limits, self.findings).report()


def _beginning(sentence: Sentence) -> str:
    return shortened(" ".join(sentence.tokens[:20]))
