"""Looking a corpus over before anything is trained on it.

Everything is gathered, nothing raised and nothing printed: who asks gets all faults at once. Files are
streamed; what is kept is the vocabulary and some 300 bytes for every distinct sentence, by which leaks are
seen.
"""

from __future__ import annotations

from pathlib import Path

from corpus.convert import parsed, repairs_shown
from corpus.errors import BadLine, CorpusError, shortened
from corpus.layout import Layout, find
from corpus.options import CheckLimits, ReadOptions
from corpus.read import outcomes
from corpus.record import Record
from corpus.report import Findings, Report, SplitStatistics
from corpus.scheme import recognised
from corpus.sentence import Sentence
from corpus.splits import split_of, text_key
from corpus.tally import Place, Tally
from tagging.schemes import Scheme


def check(data: str | Path, options: ReadOptions, limits: CheckLimits | None = None) -> Report:
    """Reads a corpus through and tells what is wrong with it, and what it holds.

    Args:
        data: a folder or a single file.
        options: how it is read.
        limits: from where on a warning is due, and how many findings of a code are listed.

    Raises:
        Nothing: a corpus that cannot be read at all is a finding too.
    """
    limits = limits or CheckLimits()
    findings = Findings(limits.findings_per_code)
    try:
        layout = find(data, options)
        scheme = recognised(layout, options)
    except CorpusError as error:
        _tell(findings, "D102", error)
        return Report(findings.ordered(), findings.counts, {})
    checker = _Checker(layout, scheme, options, limits, findings)
    for path, split in layout.files():
        checker.read(path, split)
    return checker.report()


def _tell(findings: Findings, code: str, error: CorpusError, *, listed: bool = True) -> None:
    message = error.found + (f"; expected {error.expected}" if error.expected else "")
    findings.add(
        code,
        message,
        path=error.path,
        line=error.line,
        example=error.shown,
        remedy=error.remedy,
        listed=listed,
    )


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
        # text_key -> (index of the file, line, index of the split, hash of the tags): the first of its kind.
        self.seen: dict[int, tuple[int, int, int, int]] = {}

    def read(self, path: Path, split: str | None) -> None:
        """Streams one file."""
        self.paths.append(str(path))
        errors = found = 0
        try:
            for line, outcome in outcomes(path, self.options):
                if isinstance(outcome, Record):
                    try:
                        found += self.take(outcome, line, split)
                        continue
                    except BadLine as bad:
                        outcome = bad.located(path, line)
                errors += 1
                _tell(self.findings, "D101", outcome, listed=errors <= self.limits.errors_per_file)
        except CorpusError as error:
            errors += 1
            _tell(self.findings, "D102", error)
        if errors:
            self.faulty.update(self.names if split is None else (split,))
        elif not found:
            self.findings.add("D103", "no sentence in the file", path=path)

    def take(self, record: Record, line: int, split: str | None) -> bool:
        """Takes in one record; whether it held a sentence."""
        sentence = record.sentence
        path = self.paths[-1]
        for note in record.notes:
            self.findings.add("D202", f"{note.found}; {note.became}", path=path, line=line + note.line)
        if sentence is None:
            return False
        key = text_key(sentence.tokens)
        if split is None:
            assert self.layout.shares is not None
            split = split_of(key, self.layout.shares)
        tally = self.tallies[split]
        reading = parsed(record, self.scheme)
        tally.add(sentence, reading, path, line, plain=self.scheme.is_plain)
        tally.settled += len(record.notes)
        for repair in reading.repairs:
            self.findings.add(
                "D201",
                f"{repairs_shown([repair])} ({self.scheme.name})",
                path=path,
                line=line + record.lines[repair.index],
                example=sentence.tokens[repair.index],
            )
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

    def compare(self, sentence: Sentence, key: int, line: int, split: str) -> None:
        """Holds a sentence against the first of the same tokens."""
        here = (len(self.paths) - 1, line, self.names.index(split), hash(sentence.tags))
        first = self.seen.setdefault(key, here)
        if first is here:
            return
        place = Place(self.paths[first[0]], first[1])
        if first[2] != here[2]:
            self.findings.add(
                "D205",
                f"in {split}, and in {self.names[first[2]]} at {place}",
                path=self.paths[-1],
                line=line,
                example=_beginning(sentence),
            )
        if first[3] != here[3]:
            self.findings.add(
                "D206",
                f"other tags than at {place}",
                path=self.paths[-1],
                line=line,
                example=_beginning(sentence),
            )

    def report(self) -> Report:
        """What only the whole tells, and everything in order."""
        plain = self.scheme.is_plain
        train = self.tallies["train"]
        for name, tally in self.tallies.items():
            if not tally.sentences and name not in self.faulty:
                self.findings.add("D103", f"no sentence in the split {name}", path=self.layout.root)
        statistics = {name: tally.statistics(train, plain=plain) for name, tally in self.tallies.items()}
        self.hold_to_limits(statistics)
        known = train.labels(plain=plain)
        kind = "tag" if plain else "label"
        for name in self.names[1:]:
            for label, count in self.tallies[name].labels(plain=plain).items():
                if label not in known:
                    place = self.tallies[name].first[label]
                    self.findings.add(
                        "D203",
                        f"{kind} {label} of {name} ({count} times) is not in train",
                        path=place.path,
                        line=place.line,
                    )
        for label, count in sorted(known.items(), key=lambda item: (item[1], item[0])):
            if count < self.limits.min_examples:
                place = train.first[label]
                self.findings.add(
                    "D204",
                    f"{kind} {label} has {count} example{'s' * (count != 1)} in train; "
                    f"fewer than min_examples {self.limits.min_examples}",
                    path=place.path,
                    line=place.line,
                )
        if train.sentences and not known:
            self.findings.add("D208", f"all {train.words.total()} tokens are outside", path=self.layout.root)
        self.tell_layout()
        return Report(
            findings=self.findings.ordered(),
            counts=dict(sorted(self.findings.counts.items())),
            splits=statistics,
            scheme=self.scheme.name if train.sentences else "",
            files={
                name: [str(path) for path, split in self.layout.files() if split in (name, None)]
                for name in self.names
            },
        )

    def hold_to_limits(self, splits: dict[str, SplitStatistics]) -> None:
        """What is tolerable a few times, and an error when there is much of it."""
        for name, split in splits.items():
            marked = sum(count for tag, count in split.tags.items() if tag != "O")
            unseen = round(split.unseen_tags * split.tokens)
            for code, found, whole, limit, words in (
                ("D104", split.repairs, marked, "max_repaired", "entity tags are illegal"),
                ("D105", split.settled, sum(split.entities.values()), "max_settled", "spans do not fit"),
                ("D106", unseen, split.tokens, "max_unseen_tags", "tokens have a tag that train never shows"),
            ):
                share = getattr(self.limits, limit)
                if found > share * whole:
                    message = f"{name}: {found} of {whole} {words}; more than {limit} {share:g}"
                    self.findings.add(code, message, path=self.layout.root)

    def tell_layout(self) -> None:
        """What was decided about the files without being asked."""
        for path in self.layout.ignored:
            self.findings.add("D301", "its name tells no split", path=path)
        shares = self.layout.shares
        for path in self.layout.whole:
            assert shares is not None
            parts = ", ".join(f"{name} {getattr(shares, name):g}" for name in ("train", "dev", "test"))
            self.findings.add("D302", f"cut by a hash of the sentence's tokens ({parts})", path=path)


def _beginning(sentence: Sentence) -> str:
    return shortened(" ".join(sentence.tokens[:20]))
