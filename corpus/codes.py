"""Every kind of thing a check can find: its code, how grave it is, and what to do about it.

D1.. stop the run, D2.. are warnings, D3.. say what was decided unasked, D4.. come from CorpusGate, which sees
the examples too. A number keeps its meaning for ever: what is no longer found leaves its number unused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "info"]


class Code(NamedTuple):
    """What a code stands for, whatever the finding.

    Attributes:
        severity: error, warning or info, unless the settings make an error of it.
        title: what it is, in a few words.
        remedy: what to do.
        setting: the settings that decide from where on it is told.
        fixed: what `tagline check --fix` does about it; empty where a person must decide.
    """

    severity: Severity
    title: str
    remedy: str
    setting: str = ""
    fixed: str = ""


CODES: dict[str, Code] = {
    "D101": Code("error", "line of another form than its format", "correct the line, or name the format"),
    "D102": Code("error", "files missing or unreadable", "check the path and the files' names"),
    "D103": Code(
        "error",
        "nothing in a file or in a split",
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
        "too many annotations off the tokens",
        "correct the offsets, or raise max_settled",
        "checks.max_settled",
        "the spans are rewritten as they were settled",
    ),
    "D106": Code(
        "error",
        "too many tags that train never shows",
        "split the corpus anew, or raise max_unseen_tags",
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
        "taken off a token's or a tag's ends; inside, a person must say what belongs there",
    ),
    "D112": Code(
        "error",
        "control character in a token or tag",
        "remove the character",
        "",
        "removed, but for U+0080 to U+009F, which stand for letters of a misread encoding",
    ),
    "D113": Code("error", "span outside its text", "correct the offsets (are they bytes, or UTF-16 units?)"),
    "D114": Code(
        "error",
        "record too long to be a sentence",
        "check that a blank line (JSON: a line end) parts sentences",
    ),
    "D115": Code(
        "error",
        "carriage return within a line",
        "end lines with LF; old Macintosh files: tr '\\r' '\\n'",
        "",
        "removed at a line's end; within a line a person must say whether a line ends there",
    ),
    "D116": Code(
        "error", "half a surrogate pair", "write the whole character: \\ud83d\\ude00 and not \\ud83d alone"
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
        "tag that train never shows",
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
        "remove it from train, or the scores of dev and test are flattered",
        "",
        "removed from train; one that dev and test share is left, as is the last of a label",
    ),
    "D206": Code("warning", "same sentence, tagged differently", "decide for one of the two"),
    "D207": Code(
        "warning",
        "long sentence",
        "split it: training pads a batch to its longest sentence",
        "checks.max_tokens",
    ),
    "D208": Code("warning", "no entity in train", "check tag_column and scheme", "corpus.tag_column, scheme"),
    "D209": Code("warning", "span given twice", "remove one of the two", "", "kept once"),
    "D210": Code(
        "warning",
        "spans that cross or overlap",
        "keep one: tags hold one layer of entities",
        "",
        "the one that begins first stays, of equal beginnings the longer",
    ),
    "D211": Code("warning", "span that holds no token", "correct the offsets, or remove it", "", "removed"),
    "D212": Code("warning", "sentence without tokens", "fill it, or remove it"),
    "D213": Code(
        "warning",
        "many tokens that train never shows",
        "add text of that kind to train, and read the scores of unseen entities apart",
        "checks.max_unseen_tokens",
    ),
    "D214": Code(
        "warning",
        "labels shared out otherwise than in train",
        "draw the splits from one source, or accept that scores speak of another mixture",
        "checks.max_label_shift",
    ),
    "D215": Code(
        "warning",
        "invisible character in a token",
        "remove it: nobody sees it, and the model takes the token for another word",
        "",
        "removed, but for a zero-width space between letters, where two words may be meant",
    ),
    "D216": Code(
        "warning",
        "replacement character in a token",
        "convert the original text again: U+FFFD stands where a character was lost",
    ),
    "D301": Code("info", "file left out", "name it train, dev or test if it is to be read"),
    "D302": Code(
        "info",
        "splits cut by hash",
        "give files named train, dev and test to decide yourself",
        "corpus.hash_split",
    ),
    "D303": Code("info", "byte order mark", "none needed: it is read over", "", "removed"),
    "D304": Code("info", "CRLF line ends", "none needed: they are read as LF", "", "become LF"),
    "D401": Code("error", "TFDV anomaly", "correct the data, or the schema it is held against", "schema"),
    "D402": Code(
        "warning",
        "TFDV anomaly in what training does not need",
        "look whether the data is meant so",
        "schema",
    ),
    "D403": Code("info", "TFDV anomaly that is natural in text", "none needed", "schema"),
    "D404": Code("error", "examples that are not the corpus", "run the pipeline again"),
    "D405": Code(
        "warning",
        "drift since the last blessed run",
        "look what has changed in the data; scores of the two models speak of different mixtures",
        "checks.drift",
    ),
    "D406": Code(
        "warning",
        "skew between train and another split",
        "draw the splits from one source, or accept that scores speak of another mixture",
        "checks.skew",
    ),
    "D407": Code(
        "info",
        "no statistics of the last blessed run",
        "none needed: drift is measured again once a run has been blessed",
    ),
}


def require_known(codes: Iterable[str], setting: str) -> None:
    """Raises:
    ValueError: one of `codes`, given in `setting`, is no code.
    """
    unknown = [code for code in codes if code not in CODES]
    if unknown:
        raise ValueError(f"{setting}: found {', '.join(unknown)}; expected codes among {', '.join(CODES)}")
