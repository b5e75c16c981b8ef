"""Options for reading and checking a corpus: plain data, fit for JSON, YAML and a cache key."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from corpus.codes import CODES, require_known
from tagging.characters import TokenizerName
from tagging.notation import alphabet_named
from tagging.schemes import BILOU, BIO, BIOES, scheme_named

# Each of their tags maps to one BIO tag, in which models answer.
TRAIN_SCHEMES = (BIOES, BIO, BILOU)

# Ways to write a separator that a shell or YAML would not leave as it is.
_WRITTEN = {"\\t": "\t", "tab": "\t", "space": " "}

Format = Literal["auto", "conll", "conllu", "webanno", "jsonl", "json", "csv", "brat", "parallel"]
Tokenizer = Literal["auto", "words", "characters"]
Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


class Shares(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The share of sentences that each split gets if a hash assigns them, in any positive unit."""

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
    """How files are read into sentences.

    Attributes:
        format: "auto" goes by the first line where it says so, else by the file's ending; anything else is CoNLL.
        token_column: CoNLL column of the token; negative counts from the end. CoNLL-U: 0, there the word's
            number, means FORM. CoNLL-U and CSV: also a column's name.
        tag_column: CoNLL column of the tag. CoNLL-U: -1 means UPOS (CoNLL-U Plus: the last column); a name, or
            a key of a column, as in misc.NER. CSV: also a name. JSON: the name of the list of tags.
        separator: the separator of CoNLL columns; None: a tab if the line has one, else any white space.
            `\\t`, `tab` and `space` mean that character.
        scheme: the tag scheme of the files, or "auto" to recognise it from the train split.
        outside: the tag of tokens outside of entities; None: it is recognised.
        tag_names: the names of tags that files write as integers, from 0 on.
        columns: CoNLL-U Plus: the names of the columns; without them `# global.columns` names them.
        tokenizer: what a text with spans is split into, here and in the served model.
        files: for each split the name of its file or files, a pattern below the folder; others are left out.
        train_scheme: the scheme to train in; plain tags are not converted.
        hash_split: shares for files whose names assign them to no split.
    """

    format: Format = "auto"
    token_column: int | str = 0
    tag_column: int | str = -1
    separator: str | None = None
    scheme: str = "auto"
    outside: str | None = None
    tag_names: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    tokenizer: Tokenizer = "auto"
    files: dict[Split, str] = {}
    train_scheme: str = "BIOES"
    hash_split: Shares = Shares()

    def __post_init__(self) -> None:
        if self.scheme.lower() != "auto":
            alphabet_named(self.scheme)
        if scheme_named(self.train_scheme) not in TRAIN_SCHEMES:
            raise ValueError(
                f"train_scheme: found {self.train_scheme}; expected one of "
                f"{', '.join(scheme.name for scheme in TRAIN_SCHEMES)} (files in plain tags stay plain anyway)"
            )
        if self.separator == "":
            raise ValueError(
                "separator: found an empty string; expected a character, tab or space, or null to recognise it"
            )
        if self.separator in _WRITTEN:
            msgspec.structs.force_setattr(self, "separator", _WRITTEN[self.separator])
        if self.token_column == self.tag_column:
            raise ValueError(
                f"token_column and tag_column: found {self.token_column} for both; expected two columns"
            )

    @property
    def text_tokenizer(self) -> TokenizerName:
        """The tokenizer of texts: that of words where "auto" was not resolved."""
        return "words" if self.tokenizer == "auto" else self.tokenizer


def _require_shares(settings: msgspec.Struct, *names: str) -> None:
    for name in names:
        share = getattr(settings, name)
        if share is not None and not 0 <= share <= 1:
            raise ValueError(f"{name}: found {share}; expected a share, from 0 to 1")


class Comparator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds above which TFDV calls two distributions of a feature different; None: not measured.

    Attributes:
        l_infinity: largest difference between a value's two shares, 0 to 1.
        jensen_shannon: Jensen-Shannon divergence, 0 to 1.
    """

    l_infinity: float | None = None
    jensen_shannon: float | None = None

    def __post_init__(self) -> None:
        _require_shares(self, "l_infinity", "jensen_shannon")


# Of tags: O is most of them in most corpora, so that even a marked shift of the labels stays small here.
TAGS_COMPARED: dict[str, Comparator | None] = {"tags": Comparator(l_infinity=0.05, jensen_shannon=0.005)}


class CheckLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of the checks.

    Attributes:
        max_tokens: a longer sentence is a warning.
        min_examples: a label with fewer examples in train is a warning.
        findings_per_code: how many findings of one code are listed; all are counted.
        errors_per_file: how many bad lines of one file are listed; all are counted.
        max_repaired: more illegal tags than this share of a split's entity tokens are an error.
        max_settled: more spans off the token edges than this share of a split's entities are an error.
        max_unseen_tags: a larger share of dev's or test's tokens with a label (plain: a tag) that train lacks
            is an error.
        max_unseen_tokens: a larger share of dev's or test's tokens that train lacks is a warning; None:
            never.
        max_label_shift: a larger Jensen-Shannon divergence between the label distributions (plain: of tags)
            of train and another split, above what chance explains for their sizes, is a warning; None: never.
        errors: codes of warnings and infos to report as errors.
        ignore: codes of warnings and infos to leave out.
        skew: for each feature of the examples, thresholds between train and another split (CorpusGate).
        drift: the same between a split and that of the last blessed run.
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
        severe = [code for code in self.ignore if CODES[code].severity == "error"]
        if severe:
            raise ValueError(
                f"ignore: found {', '.join(severe)}; expected warnings and infos: errors cannot be ignored"
            )
