"""Forms of one token a line, which `corpus.formats.columns.conll` and `corpus.formats.columns.conllu` read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.formats.alignment import token_offsets
from corpus.sentence import Sentence
from corpus.writing.losses import BREAKS, OFFSETS, TOKENS, Losses
from corpus.writing.tagged import Tagged, Target, fitted, tags_of

_SPACE = re.compile("[ \u00a0]")
_BREAK = re.compile("[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# A token that begins with this is taken for the line that begins a document, wherever it stands.
_DOCUMENT = re.compile("^-(?=DOCSTART-)")
_SPACE_OR_PIPE = re.compile("[ \u00a0|]")


def conll(tagged: Tagged, target: Target) -> str:
    """Write token and tag, separated by a tab."""
    # A token that begins with `#` and has spaces would be a comment.
    tokens = [
        fitted(token, _SPACE if token.startswith("#") else _DOCUMENT, TOKENS, target)
        for token in tagged.sentence.tokens
    ]
    lines = _comments(tagged.sentence, tokens, target.losses)
    if not lines and tokens[0].startswith("\ufeff"):
        # At the beginning of a file this would be its byte order mark.
        lines.append("#")
    tags = tags_of(tagged, target, _SPACE)
    return "\n".join([*lines, *(f"{token}\t{tag}" for token, tag in zip(tokens, tags, strict=True))])


def conllu(tagged: Tagged, target: Target) -> str:
    """Write the ten columns of CoNLL-U: plain tags in UPOS, entity tags as the key NER of MISC."""
    tokens = tagged.sentence.tokens
    lines = [f"# sent_id = {tagged.number}", *_comments(tagged.sentence, tokens, target.losses)]
    plain = tagged.spans is None
    # `|` separates the keys of MISC.
    tags = tags_of(tagged, target, _SPACE if plain else _SPACE_OR_PIPE)
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
