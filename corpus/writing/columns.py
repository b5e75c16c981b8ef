"""Forms of one token a line, which `corpus.formats.conll` and `corpus.formats.conllu` read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.formats.alignment import token_offsets
from corpus.sentence import Sentence
from corpus.writing.losses import BREAKS, OFFSETS, TOKENS, Losses
from corpus.writing.tagged import NEVER, Tagged, Target, fitted, tags_of

_SPACE = re.compile("[ \u00a0]")
_BREAK = re.compile("[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_DOCUMENT = "-DOCSTART-"
# As the first of a sentence such a token is taken for the line of a document, or for a file's byte order mark.
_NOT_FIRST = (_DOCUMENT, "\ufeff")


def conll(tagged: Tagged, target: Target) -> str:
    """Write token and tag, separated by a tab."""
    tokens = [fitted(token, _SPACE, TOKENS, target) for token in tagged.sentence.tokens]
    lines = _comments(tagged.sentence, tokens, target.losses)
    if tokens[0].startswith(_NOT_FIRST):
        # Only one such line is skipped.
        lines.append(f"{_DOCUMENT}\tO")
    tags = tags_of(tagged, target, _SPACE)
    return "\n".join([*lines, *(f"{token}\t{tag}" for token, tag in zip(tokens, tags, strict=True))])


def conllu(tagged: Tagged, target: Target) -> str:
    """Write the ten columns of CoNLL-U: plain tags in UPOS, entity tags as the key NER of MISC."""
    tokens = tagged.sentence.tokens
    lines = [f"# sent_id = {tagged.number}", *_comments(tagged.sentence, tokens, target.losses)]
    plain = tagged.spans is None
    # `|` separates the keys of MISC.
    tags = tags_of(tagged, target, NEVER if plain else re.compile(r"\|"))
    for number, (token, tag) in enumerate(zip(tokens, tags, strict=True), start=1):
        upos, misc = (tag, "_") if plain else ("_", f"NER={tag}")
        lines.append(f"{number}\t{token}\t_\t{upos}\t_\t_\t_\t_\t_\t{misc}")
    return "\n".join(lines)


def _comments(sentence: Sentence, tokens: Sequence[str], losses: Losses) -> list[str]:
    """Write domain and text, of which a comment holds neither line breaks nor spaces outside."""
    lines = []
    broken = False
    for key, value in (("domain", sentence.domain), ("text", sentence.text)):
        line = _BREAK.sub(" ", value or "").strip()
        broken |= line != (value or "")
        if line:
            lines.append(f"# {key} = {line}")
    losses.add(BREAKS, count=broken)
    if sentence.starts is not None and token_offsets(sentence.text or "", tokens) == (None, None):
        losses.add(OFFSETS)
    return lines
