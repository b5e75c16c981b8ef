"""Every kind of finding: its code, its severity, and what to do about it.

D1.. stop the run, D2.. are warnings, D3.. report automatic decisions, D4.. come from CorpusGate, which also
sees the examples. A code keeps its meaning for ever: the code of a check that was removed is not used again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "info"]


class Code(NamedTuple):
    """What all findings of one code have in common.

    Attributes:
        severity: error, warning or info; the settings may make an error of it.
        title: the kind of finding in a few words.
        remedy: what to do about it.
        setting: the settings that it depends on.
        fixed: what `tagline check --fix` does about it; empty if a person must decide.
    """

    severity: Severity
    title: str
    remedy: str
    setting: str = ""
    fixed: str = ""


CODES: dict[str, Code] = {
    "D101": Code("error", "line that does not match its format", "correct the line, or name the format"),
    "D102": Code("error", "files missing, unreadable or ambiguous", "check the path and the files' names"),
    "D103": Code(
        "error",
        "empty file or split",
        "fill it, or remove it; a split cut by hash needs more sentences",
    ),
    "D104": Code(
        "error",
        "too many illegal tags",
        "name the scheme of the files (scheme), correct the tags, or raise max_repaired",
        "checks.max_repaired",
        "the tags are rewritten as they were read",
    ),
    "D105": Code(
        "error",
        "too many spans off the token edges",
        "correct the offsets, or raise max_settled",
        "checks.max_settled",
        "the spans are rewritten as they were settled",
    ),
    "D106": Code(
        "error",
        "too many tags that train lacks",
        "split the corpus again, or raise max_unseen_tags",
        "checks.max_unseen_tags",
    ),
    "D107": Code("error", "bytes that are not UTF-8", "save the file as UTF-8"),
    "D108": Code(
        "error",
        "wrong number of columns",
        "complete the line, or set separator, token_column and tag_column to what the file has",
        "corpus.separator, token_column, tag_column",
    ),
    "D109": Code("error", "empty token or tag", "write it, or leave the line out"),
    "D110": Code(
        "error",
        "tag that the scheme does not know",
        "correct the tag, or name the scheme of the files (scheme)",
        "corpus.scheme",
    ),
    "D111": Code(
        "error",
        "white space in a token or tag",
        "check the separator, or replace the character, for example by _",
        "corpus.separator",
        "removed at the ends of a token or tag; inside, a person must decide what belongs there",
    ),
    "D112": Code(
        "error",
        "control character in a token or tag",
        "remove the character",
        "",
        "removed, except U+0080 to U+009F, which stand for letters of a misread encoding",
    ),
    "D113": Code("error", "span outside its text", "correct the offsets (are they bytes, or UTF-16 units?)"),
    "D114": Code(
        "error",
        "record too long to be a sentence",
        "check that a blank line (JSON: a line end) separates sentences",
    ),
    "D115": Code(
        "error",
        "carriage return within a line",
        "end lines with LF; old Macintosh files: tr '\\r' '\\n'",
        "",
        "removed at the end of a line; inside, a person must decide whether a line ends there",
    ),
    "D116": Code(
        "error", "half a surrogate pair", "write the whole character: \\ud83d\\ude00 and not \\ud83d alone"
    ),
    "D117": Code(
        "error",
        "tags of an unknown form",
        "name the scheme and the outside tag, or the column of the tags",
        "corpus.scheme, outside, tag_column",
    ),
    "D118": Code(
        "error",
        "files of one split hold the same sentences",
        "remove one of the two, or name the files to read of every split (corpus.files)",
        "corpus.files",
    ),
    "D119": Code(
        "error",
        "running text",
        "tag the text first, or name the files of the corpus",
        "corpus.files",
    ),
    "D120": Code(
        "error",
        "many tokens of nothing but invisible characters",
        "write the words that are meant, or leave the lines out; --fix leaves them, since a word may be missing",
    ),
    "D121": Code(
        "error",
        "no tokens in the token column",
        "name the column of the tokens, or the format",
        "corpus.token_column, format",
    ),
    "D122": Code(
        "error",
        "no entity in train",
        "check tag_column, scheme and outside: a model could learn nothing",
        "corpus.tag_column, scheme, outside",
    ),
    "D201": Code(
        "warning",
        "illegal tag, repaired",
        "correct the tag, or name the scheme of the files (scheme)",
        "corpus.scheme",
        "the tag is rewritten as it was read",
    ),
    "D202": Code(
        "warning",
        "span off the token edges",
        "move the span to token edges, or accept how it was settled",
        "",
        "grows to the token's edges",
    ),
    "D203": Code(
        "warning",
        "tag that train lacks",
        "move examples to train, or correct the tag: the model can never answer it",
    ),
    "D204": Code(
        "warning",
        "label with few examples",
        "add examples, or merge the label with another",
        "checks.min_examples",
    ),
    "D205": Code(
        "warning",
        "sentence in several splits",
        "remove it from train, or the scores of dev and test are too high",
        "",
        "removed from train; kept if dev and test share it, or if it has the last example of a label",
    ),
    "D206": Code("warning", "same sentence, tagged differently", "decide which of the two is right"),
    "D207": Code(
        "warning",
        "long sentence",
        "split it: training pads a batch to its longest sentence",
        "checks.max_tokens",
    ),
    "D209": Code("warning", "span given twice", "remove one of the two", "", "kept once"),
    "D210": Code(
        "warning",
        "spans that cross or overlap",
        "keep one: tags can hold one layer of entities only",
        "",
        "the one that begins first is kept, of equal beginnings the longer one",
    ),
    "D211": Code("warning", "span that holds no token", "correct the offsets, or remove it", "", "removed"),
    "D212": Code("warning", "sentence without tokens", "fill it, or remove it"),
    "D213": Code(
        "warning",
        "many tokens that train lacks",
        "add text of that kind to train, and look at the scores of unseen entities separately",
        "checks.max_unseen_tokens",
    ),
    "D214": Code(
        "warning",
        "label distribution differs from train",
        "draw the splits from one source, or accept that scores are for another mixture",
        "checks.max_label_shift",
    ),
    "D215": Code(
        "warning",
        "invisible character in a token",
        "remove it: nobody sees it, and to the model the token is another word",
        "",
        "removed, except a zero-width space between letters, where two words may be meant",
    ),
    "D216": Code(
        "warning",
        "replacement character in a token",
        "convert the original text again: U+FFFD replaces a character that was lost",
    ),
    "D217": Code(
        "warning",
        "span that cuts a word",
        "cut the texts into characters (tokenizer): words of this script are not parted by spaces",
        "corpus.tokenizer",
    ),
    "D218": Code(
        "warning",
        "span label with a prefix",
        "write the label without B- or I-: a span has its ends anyway",
    ),
    "D219": Code(
        "warning",
        "characters composed and decomposed",
        "write all files in one Unicode form, as NFC: to the model the two forms are different words",
    ),
    "D220": Code(
        "warning",
        "labels that differ by case",
        "write the label in one way, or accept that these are two labels",
    ),
    "D221": Code(
        "warning",
        "token of nothing but invisible characters",
        "write the word that is meant, or leave the line out; --fix leaves it, since a word may be missing",
    ),
    "D301": Code("info", "file ignored", "name it train, dev or test if it should be read"),
    "D302": Code(
        "info",
        "splits cut by hash",
        "name files train, dev and test to decide yourself",
        "corpus.hash_split",
    ),
    "D303": Code("info", "byte order mark", "none needed: it is ignored", "", "removed"),
    "D304": Code("info", "CRLF line ends", "none needed: they are read as LF", "", "replaced by LF"),
    "D305": Code(
        "info",
        "example left out",
        "none needed: it was rejected, cancelled or never annotated; accept it in the tool to train on it",
    ),
    "D306": Code("info", "label with spaces", "none needed; files in columns write it with _"),
    "D401": Code("error", "TFDV anomaly", "correct the data, or the schema", "schema"),
    "D402": Code(
        "warning",
        "TFDV anomaly in a feature that training does not need",
        "check whether the data is meant to be like this",
        "schema",
    ),
    "D403": Code("info", "TFDV anomaly that is natural in text", "none needed", "schema"),
    "D404": Code("error", "examples that differ from the corpus", "run the pipeline again"),
    "D405": Code(
        "warning",
        "drift since the last blessed run",
        "check what has changed in the data; the scores of the two models are for different mixtures",
        "checks.drift",
    ),
    "D406": Code(
        "warning",
        "skew between train and another split",
        "draw the splits from one source, or accept that scores are for another mixture",
        "checks.skew",
    ),
    "D407": Code(
        "info",
        "no statistics of the last blessed run",
        "none needed: drift is measured once a run has been blessed",
    ),
}


def require_known(codes: Iterable[str], setting: str) -> None:
    """Check the codes of a setting.

    Raises:
        ValueError: one of `codes`, the value of `setting`, is not a code.
    """
    unknown = [code for code in codes if code not in CODES]
    if unknown:
        raise ValueError(f"{setting}: found {', '.join(unknown)}; expected codes among {', '.join(CODES)}")
