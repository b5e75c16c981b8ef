"""What no sentence tells by itself: shares, limits, and how the splits compare."""

from __future__ import annotations

from collections.abc import Mapping, Set

from corpus.checks.report import Findings, Report, SplitStatistics, printable
from corpus.checks.shift import jensen_shannon, jensen_shannon_by_chance, largest_differences
from corpus.checks.tally import Tally
from corpus.layout import Layout
from corpus.options import SPLITS, CheckLimits
from tagging.schemes import Scheme


class Whole:
    """The end of a check, when every file has been read.

    Args:
        layout: the files.
        scheme: what the tags were read as.
        tallies: what was counted of every split, train first.
        faulty: splits that are short of what could not be read.
        limits: from where on a finding is due.
        findings: what has been found, and is added to.
    """

    def __init__(
        self,
        layout: Layout,
        scheme: Scheme,
        tallies: Mapping[str, Tally],
        faulty: Set[str],
        limits: CheckLimits,
        findings: Findings,
    ) -> None:
        self.layout = layout
        self.scheme = scheme
        self.tallies = tallies
        self.faulty = faulty
        self.limits = limits
        self.findings = findings

    def report(self) -> Report:
        """Everything in order."""
        plain = self.scheme.is_plain
        train = self.tallies["train"]
        for name, tally in self.tallies.items():
            if not tally.sentences and name not in self.faulty:
                self.findings.add("D103", f"no sentence in the split {name}", path=self._file(name))
        splits = {name: tally.statistics(train, plain=plain) for name, tally in self.tallies.items()}
        for name, split in splits.items():
            self._hold_to_limits(name, split)
            # Without train there is nothing to compare with.
            if name != "train" and train.sentences and split.sentences:
                self._compare_with_train(name, split)
        self._tell_rare_labels()
        if train.sentences and not train.labels(plain=plain):
            message = f"all {train.words.total()} tokens are outside"
            self.findings.add("D208", message, path=self._file("train"))
        self._tell_layout()
        return Report(
            findings=self.findings.ordered(),
            counts=dict(sorted(self.findings.counts.items())),
            splits=splits,
            scheme=self.scheme.name if train.sentences else "",
            files={
                name: [printable(str(path)) for path, split in self.layout.files() if split in (name, None)]
                for name in self.tallies
            },
        )

    def _file(self, split: str) -> str:
        """The split's first file: what is true of a whole split has no better place."""
        return next(str(path) for path, name in self.layout.files() if name in (split, None))

    def _hold_to_limits(self, name: str, split: SplitStatistics) -> None:
        """What is tolerable a few times, and an error when there is much of it."""
        marked = sum(count for tag, count in split.tags.items() if tag != "O")
        unseen = round(split.unseen_tags * split.tokens) if self.tallies["train"].sentences else 0
        for code, found, whole, limit, words in (
            ("D104", split.repairs, marked, "max_repaired", "entity tags are illegal"),
            ("D105", split.settled, sum(split.entities.values()), "max_settled", "spans do not fit"),
            ("D106", unseen, split.tokens, "max_unseen_tags", "tokens have a tag that train never shows"),
        ):
            share = getattr(self.limits, limit)
            if found > share * whole:
                message = f"{name}: {found} of {whole} {words}; more than {limit} {share:g}"
                self.findings.add(code, message, path=self._file(name))

    def _compare_with_train(self, name: str, split: SplitStatistics) -> None:
        plain = self.scheme.is_plain
        kind = "tag" if plain else "label"
        tally = self.tallies[name]
        known = self.tallies["train"].labels(plain=plain)
        labels = tally.labels(plain=plain)
        for label, count in labels.items():
            if label not in known:
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
        self._tell_shift(name, known, labels)

    def _tell_shift(self, name: str, known: Mapping[str, int], labels: Mapping[str, int]) -> None:
        limit = self.limits.max_label_shift
        divergence = jensen_shannon(known, labels)
        if limit is None or divergence <= max(limit, jensen_shannon_by_chance(known, labels)):
            return
        differences = ", ".join(
            f"{label} {share:.1%} (train {before:.1%})"
            for label, before, share in largest_differences(known, labels)
        )
        message = f"{name}: Jensen-Shannon divergence {divergence:.3f} from train"
        self.findings.add(
            "D214",
            f"{message}; more than max_label_shift {limit:g}",
            path=self._file(name),
            example=differences,
        )

    def _tell_rare_labels(self) -> None:
        plain = self.scheme.is_plain
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

    def _tell_layout(self) -> None:
        """What was decided about the files without being asked."""
        for path in self.layout.ignored:
            self.findings.add("D301", "its name tells no split", path=path)
        shares = self.layout.shares
        for path in self.layout.whole:
            assert shares is not None
            parts = ", ".join(f"{name} {getattr(shares, name):g}" for name in SPLITS)
            self.findings.add("D302", f"cut by a hash of the sentence's tokens ({parts})", path=path)
