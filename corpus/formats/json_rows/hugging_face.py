"""Rows of Hugging Face datasets: tokens and a list of tags of any name, as strings or as integers.

    {"tokens": ["Ann", "sings"], "ner_tags": ["B-PER", "O"]}
    {"tokens": ["Ann", "sings"], "ner_tags": [1, 0], "pos_tags": [22, 42]}

Integers are names in a list that the data set has elsewhere: `tag_names` gives it.
"""

from __future__ import annotations

from typing import Any

from corpus.errors import BadLine
from corpus.formats.json_rows.row import Row, domain_of, kind, list_of, misfit
from corpus.options import ReadOptions

# The names of the list of tags, from the likeliest on. The project's own is `tags`: as strings it comes first.
_NAMES = (
    "ner_tags",
    "tags",
    "labels",
    "ner",
    "ner_labels",
    "entity_tags",
    "pos_tags",
    "upos",
    "pos",
    "chunk_tags",
)


def read(value: Any, options: ReadOptions) -> Row | None:
    """Read a row of tokens and tags."""
    if not isinstance(value, dict) or "tokens" not in value:
        return None
    tokens = value["tokens"]
    name = _tags_named(value, options)
    if "text" in value and (name is None or _are_objects(tokens)):
        return None
    tokens = list_of(tokens, "tokens", of=str, named="strings")
    if name is None:
        return None
    tags = list_of(value[name], name, of=(str, int), named="strings or integers")
    text = value.get("text")
    return Row(
        tokens, _names(tags, name, options), text if isinstance(text, str) else None, domain=domain_of(value)
    )


def _tags_named(value: dict[str, Any], options: ReadOptions) -> str | None:
    """Return the name of the list of tags, None if there is none."""
    if isinstance(options.tag_column, str):
        if options.tag_column in value:
            return options.tag_column
        if "text" in value:
            return None
        raise misfit(
            f"no list `{options.tag_column}` (the keys are {', '.join(value)})",
            expected="the list of tags that tag_column names",
            remedy="correct tag_column",
        )
    own = value.get("tags")
    if isinstance(own, list) and all(isinstance(tag, str) for tag in own):
        return "tags"
    return next((name for name in _NAMES if value.get(name) is not None), None)


def _are_objects(tokens: Any) -> bool:
    return isinstance(tokens, list) and bool(tokens) and isinstance(tokens[0], dict)


def _names(tags: list[Any], name: str, options: ReadOptions) -> list[str]:
    if not any(isinstance(tag, int) for tag in tags):
        return tags
    names = options.tag_names
    if not names:
        raise BadLine(
            0,
            f"integers as `{name}`",
            expected="strings, or the names of the integers",
            remedy="name them in their order, from 0 on: corpus.tag_names=[O, B-PER, I-PER, ...]",
            code="D110",
        )
    named = []
    for tag in tags:
        if isinstance(tag, bool) or not isinstance(tag, int):
            raise misfit(
                f"{kind(tag)} among the integers of `{name}`", expected="integers only, or strings only"
            )
        if not 0 <= tag < len(names):
            raise BadLine(
                0,
                f"{tag} in `{name}`",
                expected=f"0 to {len(names) - 1}, the {len(names)} names of tag_names",
                remedy="complete corpus.tag_names, or leave the line out (-100 stands for no tag)",
                code="D110",
            )
        named.append(names[tag])
    return named
