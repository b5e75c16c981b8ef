"""Check whole splits: limits on their faults, and how they compare with train."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from corpus.checks.report import Findings, Report, SplitStatistics, printable
from corpus.checks.shift import jensen_shannon, jensen_shannon_by_chance, largest_differences
from corpus.checks.spellings import two_cases, two_forms
from corpus.checks.tally import Tally
from corpus.codes import CODES
from corpus.options import SPLITS, CheckLimits
from corpus.recognition.description import described
from corpus.recognition.reading import CUT_WORD, Reading
from corpus.splits.layout import Layout

# A larger share of a split's tokens is no slip of a person but a fault of what wrote the files.
_MOST_UNSEEABLE = 0.001


@dataclass(frozen=True)
class SplitChecks:
    """The checks that need whole splits, run when every file has been read.

    Args:
        layout: the files.
        reading: how the corpus is read.
        tallies: the counts of every split, train first.
        faulty: splits with sentences that could not be read.
        limits: the limits of the checks.
        findings: the findings so far; more are added.
        sentences: for each split the number of its sentences in each of its files.
    """

    layout: Layout
    reading: Reading
    tallies: Mapping[str, Tally]
    faulty: Set[str]
    limits: CheckLimits
    findings: Findings
    sentences: Mapping[str, Mapping[str, int]]

    def report(self) -> Report:
        """Run the checks and make the report."""
        plain = self.reading.notation.is_plain
        train = self.tallies["train"]
        for name, tally in self.tallies.items():
            if not tally.sentences and name not in self.faulty:
                self.findings.add("D103", f"no sentence in the split {name}", path=self._file(name))
        splits = {name: tally.statistics(train, plain=plain) for name, tally in self.tallies.items()}
        for name, split in splits.items():
            self._check_limits(name, split)
            # An empty train split cannot be compared with.
            if name != "train" and train.sentences and split.sentences:
                self._compare_with_train(name, split)
        self._check_rare_labels()
        for code, message, example in (*two_forms(self.tallies), *two_cases(self.tallies, plain=plain)):
            self.findings.add(code, message, path=self._file("train"), example=example)
        if train.sentences and not train.labels(plain=plain):
            message = f"all {train.words.total()} tokens are outside"
            self.findings.add("D122", message, path=self._file("train"))
        report_layout(self.layout, self.findings)
        return Report(
            findings=self.findings.ordered(),
            counts=dict(sorted(self.findings.counts.items())),
            splits=splits,
            scheme=self.reading.notation.alphabet if train.sentences else "",
            tokenizer=self.reading.options.tokenizer,
            examples=train.examples,
            told=self._told() if train.sentences else [],
            files=files_of(self.layout),
            sentences_in={
                name: {printable(path): count for path, count in files.items()}
                for name, files in self.sentences.items()
            },
        )

    def _told(self) -> list[str]:
        """Say how the files are read, the formats first."""
        options = self.reading.options
        formats = dict.fromkeys(described(path, options) for path, _ in self.layout.files())
        return [*(f"files read as: {name}" for name in formats), *self.reading.told()]

    def _file(self, split: str) -> str:
        """Return the split's first file, the place of findings of a whole split."""
        return str(next(self.layout.files_of(split)))

    def _check_limits(self, name: str, split: SplitStatistics) -> None:
        """Report faults that are warnings one by one, and an error if there are many of them."""
        marked = sum(count for tag, count in split.tags.items() if tag != "O")
        unseen = round(split.unseen_tags * split.tokens) if self.tallies["train"].sentences else 0
        for code, count, total, limit, what in (
            ("D104", split.repairs, marked, "max_repaired", "entity tags are illegal"),
            ("D105", split.settled, sum(split.entities.values()), "max_settled", "spans do not fit"),
            ("D106", unseen, split.tokens, "max_unseen_tags", "tokens have a tag that train lacks"),
        ):
            share = getattr(self.limits, limit)
            if count > share * total:
                message = f"{name}: {count} of {total} {what}; more than {limit} {share:g}"
                cut = code == "D105" and 2 * self.tallies[name].cut_words > count
                self.findings.add(
                    code, message, path=self._file(name), remedy=CODES[CUT_WORD].remedy if cut else None
                )

        unseeable = self.tallies[name].unseeable
        if unseeable > _MOST_UNSEEABLE * split.tokens:
            message = f"{name}: {unseeable} of {split.tokens} tokens"
            self.findings.add("D120", message, path=self._file(name))

    def _compare_with_train(self, name: str, split: SplitStatistics) -> None:
        plain = self.reading.notation.is_plain
        kind = "tag" if plain else "label"
        tally = self.tallies[name]
        in_train = self.tallies["train"].labels(plain=plain)
        labels = tally.labels(plain=plain)
        for label, count in labels.items():
            if label not in in_train:
                place = tally.first[label]
                times = f"{count} time{'s' * (count != 1)}"
                message = f"{kind} {label} of {name} ({times}) is not in train"
                self.findings.add("D203", message, path=place.path, line=place.line)
        limit = self.limits.max_unseen_tokens
        if limit is not None and split.unseen_tokens > limit:
            message = f"{split.unseen_tokens:.1%} of {name}'s tokens are not in train"
            self.findings.add(
                "D213",
                f"{message}; more than max_unseen_tokens {limit:.1%}",
                path=self._file(name),
                example=tally.example_unseen(self.tallies["train"]),
            )
        self._check_label_shift(name, in_train, labels)

    def _check_label_shift(self, name: str, in_train: Mapping[str, int], labels: Mapping[str, int]) -> None:
        limit = self.limits.max_label_shift
        divergence = jensen_shannon(in_train, labels)
        if limit is None or divergence <= max(limit, jensen_shannon_by_chance(in_train, labels)):
            return
        differences = ", ".join(
            f"{label} {share:.1%} (train {before:.1%})"
            for label, before, share in largest_differences(in_train, labels)
        )
        message = f"{name}: Jensen-Shannon divergence {divergence:.3f} from train"
        self.findings.add(
            "D214",
            f"{message}; more than max_label_shift {limit:g}",
            path=self._file(name),
            example=differences,
        )

    def _check_rare_labels(self) -> None:
        plain = self.reading.notation.is_plain
        train = self.tallies["train"]
        for label, count in sorted(train.labels(plain=plain).items(), key=lambda item: (item[1], item[0])):
            if count >= self.limits.min_examples:
                break
            place = train.first[label]
            self.findings.add(
                "D204",
                f"{'tag' if plain else 'label'} {label} has {count} example{'s' * (count != 1)} in train; "
                f"fewer than min_examples {self.limits.min_examples}",
                path=place.path,
                line=place.line,
            )


def files_of(layout: Layout) -> dict[str, list[str]]:
    """List the files of every split, printable; files that a hash cuts under every split they feed."""
    return {name: [printable(str(path)) for path in layout.files_of(name)] for name in layout.names()}


def report_layout(layout: Layout, findings: Findings) -> None:
    """Report what was decided about the files without being asked."""
    for ignored in layout.ignored:
        findings.add("D301", ignored.why, path=ignored.path, remedy=ignored.remedy)
    shares = layout.shares
    for path in layout.unassigned:
        assert shares is not None
        parts = ", ".join(f"{name} {getattr(shares, name):g}" for name in SPLITS)
        findings.add("D302", f"split by a hash of the sentence's tokens ({parts})", path=path)
