"""How a corpus is to be read and checked: plain data, fit for JSON, YAML and a cache key."""

from __future__ import annotations

from typing import Literal

import msgspec

from corpus.codes import CODES, require_known
from tagging.schemes import BILOU, BIO, BIOES, scheme_named

# Each of their tags says by itself what it is in BIO, in which models answer.
TRAIN_SCHEMES = (BIOES, BIO, BILOU)

Format = Literal["auto", "conll", "conllu", "jsonl"]
SPLITS = ("train", "dev", "test")


class Shares(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What part of the sentences each split gets where a hash decides. Any positive unit."""

    train: float = 0.8
    dev: float = 0.1
    test: float = 0.1

    def __post_init__(self) -> None:
        if min(self.train, self.dev, self.test) < 0 or self.train <= 0:
            raise ValueError(
                f"hash_split: found train={self.train}, dev={self.dev}, test={self.test}; "
                "expected shares of 0 or more, and train more than 0"
            )


class ReadOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How files become sentences.

    Attributes:
        format: "auto" goes by the file's ending (.conllu, .jsonl and .json, anything else CoNLL).
        token_column: CoNLL column of the token; negative counts from the end. CoNLL-U: 0, which there is
            the word's number, stands for FORM.
        tag_column: CoNLL column of the tag. CoNLL-U: -1 stands for UPOS; to read MISC give 9.
        separator: what parts CoNLL columns; None: a tab where the line has one, else any white space.
        scheme: the tag scheme of the files, or "auto" to recognise it from the train split.
        train_scheme: the scheme to train in; files in plain tags stay as they are.
        hash_split: shares for files that no name assigns to a split.
    """

    format: Format = "auto"
    token_column: int = 0
    tag_column: int = -1
    separator: str | None = None
    scheme: str = "auto"
    train_scheme: str = "BIOES"
    hash_split: Shares = Shares()

    def __post_init__(self) -> None:
        if self.scheme.lower() != "auto":
            scheme_named(self.scheme)
        if scheme_named(self.train_scheme) not in TRAIN_SCHEMES:
            raise ValueError(
                f"train_scheme: found {self.train_scheme}; expected one of "
                f"{', '.join(scheme.name for scheme in TRAIN_SCHEMES)} (files in plain tags stay plain anyway)"
            )
        if self.separator == "":
            raise ValueError(
                "separator: found an empty string; expected a character, or null to recognise it"
            )
        if self.token_column == self.tag_column:
            raise ValueError(
                f"token_column and tag_column: found {self.token_column} for both; expected two columns"
            )


def _require_shares(settings: msgspec.Struct, *names: str) -> None:
    for name in names:
        found = getattr(settings, name)
        if found is not None and not 0 <= found <= 1:
            raise ValueError(f"{name}: found {found}; expected a share, from 0 to 1")


class Comparator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where on TFDV calls two distributions of a feature different; None: that measure is not asked.

    Attributes:
        l_infinity: the largest difference of a value's share, 0 to 1.
        jensen_shannon: the Jensen-Shannon divergence, 0 to 1.
    """

    l_infinity: float | None = None
    jensen_shannon: float | None = None

    def __post_init__(self) -> None:
        _require_shares(self, "l_infinity", "jensen_shannon")


# Of tags: O is most of them in most corpora, so that even a marked shift of the labels stays small here.
TAGS_COMPARED: dict[str, Comparator | None] = {"tags": Comparator(l_infinity=0.05, jensen_shannon=0.005)}


class CheckLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where on a check speaks up.

    Attributes:
        max_tokens: a longer sentence is a warning.
        min_examples: a label with fewer examples in train is a warning.
        findings_per_code: how many findings of one code are listed; all are counted.
        errors_per_file: how many bad lines of one file are listed; all are counted.
        max_repaired: more illegal tags than this share of a split's entity tokens is an error.
        max_settled: more annotations off the tokens than this share of a split's entities is an error.
        max_unseen_tags: a larger share of dev's or test's tokens with a label (plain: a tag) that train never
            shows is an error.
        max_unseen_tokens: a larger share of dev's or test's tokens that train never shows is a warning; None: never.
        max_label_shift: a larger Jensen-Shannon divergence between train's and another split's shares of labels
            (plain: of tags), beyond what chance brings in splits so small, is a warning; None: never.
        errors: codes of warnings and infos that are errors here.
        ignore: codes of warnings and infos that are not told.
        skew: for features of the examples, from where on train and another split differ (CorpusGate).
        drift: the same for a split and the one of the last blessed run.
    """

    max_tokens: int = 512
    min_examples: int = 10
    findings_per_code: int = 20
    errors_per_file: int = 20
    max_repaired: float = 0.1
    max_settled: float = 0.1
    max_unseen_tags: float = 0.05
    max_unseen_tokens: float | None = 0.2
    max_label_shift: float | None = 0.02
    errors: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    skew: dict[str, Comparator | None] | None = msgspec.field(default_factory=lambda: dict(TAGS_COMPARED))
    drift: dict[str, Comparator | None] | None = msgspec.field(default_factory=lambda: dict(TAGS_COMPARED))

    def __post_init__(self) -> None:
        for name in ("max_tokens", "min_examples", "findings_per_code", "errors_per_file"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: found {getattr(self, name)}; expected 1 or more")
        shares = ("max_repaired", "max_settled", "max_unseen_tags", "max_unseen_tokens", "max_label_shift")
        _require_shares(self, *shares)
        require_known(self.errors, "errors")
        require_known(self.ignore, "ignore")
        both = sorted({*self.errors} & {*self.ignore})
        if both:
            raise ValueError(
                f"errors and ignore: found {', '.join(both)} in both; expected it in one of them"
            )
        grave = [code for code in self.ignore if CODES[code].severity == "error"]
        if grave:
            raise ValueError(
                f"ignore: found {', '.join(grave)}; expected warnings and infos: what is an error by itself stops "
                "the run whoever looks away"
            )
