"""The table of forms that a corpus can be written in; a new one is one function and one row."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from corpus.writing.annotation_tools import doccano, labelstudio, prodigy, spacy
from corpus.writing.columns import conll, conllu
from corpus.writing.own_json import own_json
from corpus.writing.tagged import Tagged, Target


class Frame(NamedTuple):
    """What stands before, between and after the sentences of a file."""

    opening: str
    between: str
    closing: str


_BLOCKS = Frame("", "\n\n", "\n\n")
_LINES = Frame("", "\n", "\n")
_ARRAY = Frame("[", ",\n", "]\n")


class Form(NamedTuple):
    """How files of a form are written.

    Attributes:
        ending: of their names.
        frame: around their sentences.
        write: writes a sentence, without a line break at its end.
        has_tags: whether it has tags, of a scheme or plain; else spans.
        entity_tags: the setting that reads its entity tags, where it is not the default.
    """

    ending: str
    frame: Frame
    write: Callable[[Tagged, Target], str]
    has_tags: bool = False
    entity_tags: str = ""


FORMS: dict[str, Form] = {
    "conll": Form(".conll", _BLOCKS, conll, has_tags=True),
    "conllu": Form(".conllu", _BLOCKS, conllu, has_tags=True, entity_tags="corpus.tag_column=misc.NER"),
    "jsonl": Form(".jsonl", _LINES, own_json, has_tags=True),
    "doccano": Form(".jsonl", _LINES, doccano),
    "labelstudio": Form(".json", _ARRAY, labelstudio),
    "prodigy": Form(".jsonl", _LINES, prodigy),
    "spacy": Form(".json", _ARRAY, spacy),
}
