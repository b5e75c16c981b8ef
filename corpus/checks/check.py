"""Check a corpus before anything is trained on it.

All findings are collected; nothing is raised or printed. Files are streamed: only the vocabulary and a few
bytes for every distinct sentence, which show leaks between splits, are kept in memory.
"""

from __future__ import annotations

from heapq import heappush, heappushpop
from pathlib import Path
from typing import NamedTuple

from corpus.checks.differences import Difference, describe_differences
from corpus.checks.first_places import ALL, FirstPlace, FirstPlaces
from corpus.checks.line_ends import line_ends
from corpus.checks.overlaps import Overlaps
from corpus.checks.report import Findings, Report
from corpus.checks.split_statistics import SplitChecks, files_of, report_layout
from corpus.checks.tally import Place, Tally
from corpus.errors import BadLine, CorpusError, shortened
from corpus.formats.words import can_be_seen, invisible_in, may_separate_words
from corpus.options import CheckLimits, ReadOptions
from corpus.reading.sentences import outcomes
from corpus.reading.training_tags import parse_tags
from corpus.recognition.reading import CUT_WORD, Reading, reading_of
from corpus.record import AS_MEANT, OF_LABELS, Record
from corpus.sentence import Sentence
from corpus.splits.by_hash import split_of, text_key
from corpus.splits.layout import Layout, find

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def check(data: str | Path, options: ReadOptions, limits: CheckLimits | None = None) -> Report:
    """Read a corpus and report what is wrong with it, and statistics of its splits.

    Raises nothing: a corpus that cannot be read at all is a finding too.

    Args:
        data: a folder or a single file.
        options: how it is read.
        limits: the limits of the checks, how many findings of a code are listed, and which codes are errors
            or ignored.
    """
    limits = limits or CheckLimits()
    findings = Findings(limits.findings_per_code, errors=limits.errors, ignore=limits.ignore)
    layout = None
    try:
        layout = find(data, options)
        reading = reading_of(layout, options)
    except CorpusError as error:
        _add(findings, error)
        if layout is None:
            return Report(findings.ordered(), findings.counts, {})
        report_layout(layout, findings)
        return Report(findings.ordered(), findings.counts, {}, files=files_of(layout))
    checker = _Checker(layout, reading, limits, findings)
    for path, split in layout.files():
        checker.read(path, split)
    return checker.report()


def _add(findings: Findings, error: CorpusError, *, listed: bool = True) -> None:
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
    """A sentence in several splits. They sort by length, of equal lengths the earlier one as the longer."""

    tokens: int
    order: int
    message: str
    path: str
    line: int
    example: str


class _Checker:
    """The state of one check while files are read."""

    def __init__(self, layout: Layout, reading: Reading, limits: CheckLimits, findings: Findings) -> None:
        self.layout = layout
        self.reading = reading
        self.notation = reading.notation
        self.options = reading.options
        self.limits = limits
        self.findings = findings
        self.names = layout.names()
        self.tallies = {name: Tally() for name in self.names}
        self.paths: list[str] = []
        self.labels_told: set[tuple[str, str]] = set()
        # Splits with sentences that could not be read: they are not reported as empty too.
        self.faulty: set[str] = set()
        self.seen = FirstPlaces()
        self.overlaps = Overlaps(self.seen)
        self.sentences = {name: {str(path): 0 for path in layout.files_of(name)} for name in self.names}
        self.differences: list[Difference] = []
        # A heap, the shortest first: a long sentence in two splits is worse than `Thanks ,`.
        self.longest_leaks: list[_Leak] = []
        self.leaks = 0

    def read(self, path: Path, split: str | None) -> None:
        """Check the sentences of one file, one at a time."""
        self.paths.append(str(path))
        errors = sentences = 0
        try:
            for line, outcome in outcomes(path, self.options):
                if isinstance(outcome, Record):
                    try:
                        sentences += self.check_record(outcome, line, split)
                        continue
                    except BadLine as bad:
                        outcome = bad.located(path, line)
                errors += 1
                _add(self.findings, outcome, listed=errors <= self.limits.errors_per_file)
        except CorpusError as error:
            errors += 1
            _add(self.findings, error)
        else:
            self.check_line_ends(path)
        if errors:
            self.faulty.update(self.names if split is None else (split,))
        elif not sentences:
            self.findings.add("D103", "no sentence in the file", path=path)

    def check_line_ends(self, path: Path) -> None:
        """Report a byte order mark and CRLF, which the reader ignores."""
        ends = line_ends(path)
        if ends.mark:
            self.findings.add("D303", "begins with U+FEFF", path=path, line=1)
        if ends.crlf:
            message = f"{ends.crlf} of {ends.lines} lines end in CRLF"
            self.findings.add("D304", message, path=path, line=ends.first)

    def check_record(self, record: Record, line: int, split: str | None) -> bool:
        """Check and count one record; return whether it holds a sentence.

        Raises:
            BadLine: a tag that the scheme does not have.
        """
        sentence = record.sentence
        path = self.paths[-1]
        for note in record.notes:
            if note.code in OF_LABELS:
                if (note.code, note.found) in self.labels_told:
                    continue
                self.labels_told.add((note.code, note.found))
            self.findings.add(note.code, f"{note.found}; {note.became}", path=path, line=line + note.line)
        if sentence is None:
            return False
        parsed = parse_tags(record, self.notation)
        key = text_key(sentence.tokens)
        if split is None:
            assert self.layout.shares is not None
            split = split_of(key, self.layout.shares)
        tally = self.tallies[split]
        tally.add(sentence, record, parsed, path, line, plain=self.notation.is_plain)
        self.sentences[split][path] += 1
        tally.settled += sum(note.code not in OF_LABELS | AS_MEANT for note in record.notes)
        tally.cut_words += sum(note.code == CUT_WORD for note in record.notes)
        for repair in parsed.repairs:
            self.findings.add(
                "D201",
                f"{repair.found} -> {repair.became} ({self.notation.alphabet})",
                path=path,
                line=line + record.lines[repair.index],
                example=sentence.tokens[repair.index],
            )
        if not all(map(str.isascii, sentence.tokens)):
            self.check_characters(sentence, record, line, split)
        if len(sentence.tokens) > self.limits.max_tokens:
            self.findings.add(
                "D207",
                f"{len(sentence.tokens)} tokens; more than max_tokens {self.limits.max_tokens}",
                path=path,
                line=line + record.lines[0],
                example=_beginning(sentence),
            )
        self.check_repetition(sentence, key, line + record.lines[0], split)
        return True

    def check_characters(self, sentence: Sentence, record: Record, line: int, split: str) -> None:
        """Report invisible and lost characters of the tokens."""
        for token, place in zip(sentence.tokens, record.lines, strict=True):
            hidden = invisible_in(token)
            if hidden and not can_be_seen(token):
                self.tallies[split].unseeable += 1
                message = ", ".join(f"U+{ord(character):04X}" for character in token)
                self.findings.add("D221", message, path=self.paths[-1], line=line + place, example=token)
            elif hidden:
                message = ", ".join(f"U+{ord(character):04X}" for character in hidden)
                two = any(may_separate_words(token, at) for at in range(len(token)))
                message += " between letters: two words?" if two else ""
                self.findings.add("D215", message, path=self.paths[-1], line=line + place, example=token)
            if _REPLACEMENT in token:
                self.findings.add("D216", "U+FFFD", path=self.paths[-1], line=line + place, example=token)

    def check_repetition(self, sentence: Sentence, key: int, line: int, split: str) -> None:
        """Compare a sentence with the first one of the same tokens."""
        here = FirstPlace(len(self.paths) - 1, line, self.names.index(split), hash(sentence.tags) & ALL)
        first = self.seen.first(key, here)
        self.overlaps.add(key, here, first)
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
        """Add what only the whole corpus shows, and make the report."""
        for leak in sorted(self.longest_leaks, reverse=True):
            self.findings.add("D205", leak.message, path=leak.path, line=leak.line, example=leak.example)
        for _ in range(self.leaks - len(self.longest_leaks)):
            self.findings.add("D205", "", listed=False)
        for overlap in self.overlaps.found():
            path, other = self.paths[overlap.file], self.paths[overlap.other]
            message = f"{overlap.shared} of its {overlap.sentences} sentences are also in the file at {other}"
            self.findings.add("D118", message, path=path)
        for finding in describe_differences(self.differences, self.options):
            self.findings.add(
                "D206", finding.message, path=finding.path, line=finding.line, example=finding.example
            )
        return SplitChecks(
            self.layout, self.reading, self.tallies, self.faulty, self.limits, self.findings, self.sentences
        ).report()


def _beginning(sentence: Sentence) -> str:
    return shortened(" ".join(sentence.tokens[:20]))
