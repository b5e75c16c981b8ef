"""YAML as settings mean it: where a setting is a text, `123`, `1.19`, `no` and a tab are that text."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from msgspec import inspect

from pipeline.settings.schema import Settings

# Of a few hundred settings. An alias stands for all that it names, so that a short file may hold billions.
_MOST_VALUES = 100_000

# The types that take what YAML makes of an unquoted word.
_TAKES: dict[type, tuple[type[inspect.Type], ...]] = {
    type(None): (inspect.NoneType,),
    bool: (inspect.BoolType,),
    int: (inspect.IntType, inspect.FloatType),
    float: (inspect.FloatType,),
}


@dataclass(frozen=True)
class Word:
    """An unquoted word that YAML takes for something else than a text, and the text itself."""

    text: str
    value: Any


class _Loader(yaml.SafeLoader):
    """YAML with `Word`s, in which 1e-3 is a number (YAML 1.1 requires 1.0e-3), and 010 is ten."""

    def get_single_node(self) -> yaml.Node | None:
        node: yaml.Node | None = super().get_single_node()
        if node is not None and _size(node, {}) > _MOST_VALUES:
            raise yaml.YAMLError(f"aliases that stand for more than {_MOST_VALUES} values, or for themselves")
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        # Every key is the name of something.
        mapping = super().construct_mapping(node, deep)
        return {key.text if isinstance(key, Word) else key: value for key, value in mapping.items()}


def _size(node: yaml.Node, sizes: dict[int, float]) -> float:
    """Count the values of a node as if every alias were written out; infinite if one stands for itself."""
    if id(node) not in sizes:
        sizes[id(node)] = math.inf
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        if isinstance(node, yaml.MappingNode):
            parts = itertools.chain.from_iterable(parts)
        sizes[id(node)] = 1 + sum(_size(part, sizes) for part in parts)
    return sizes[id(node)]


def _word(loader: _Loader, node: yaml.ScalarNode) -> Word:
    return Word(node.value, yaml.SafeLoader.yaml_constructors[node.tag](loader, node))


def _whole_number(_: _Loader, node: yaml.ScalarNode) -> Word | str:
    # YAML 1.1 reads 010 as eight and 1:30 as ninety.
    try:
        return Word(node.value, int(node.value))
    except ValueError:
        return str(node.value)


_FLOAT = "tag:yaml.org,2002:float"
_Loader.add_implicit_resolver(
    _FLOAT, re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)
for _tag in (_FLOAT, *(f"tag:yaml.org,2002:{name}" for name in ("bool", "null", "timestamp"))):
    _Loader.add_constructor(_tag, _word)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def parse(text: str) -> Any:
    """Read YAML, with a `Word` for each unquoted word that is no text.

    Raises:
        yaml.YAMLError: it is not YAML, or nests too deep.
    """
    try:
        return yaml.load(text, _Loader)
    except RecursionError:
        raise yaml.YAMLError("values nested too deep") from None


def parse_setting(text: str, keys: Sequence[str]) -> Any:
    """Read the value of one setting: where it is a text, `text` as it stands, unless it is quoted or null.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    kinds = list(_alternatives(type_at(keys)))
    texts = [kind for kind in kinds if _is_text(kind)]
    if not texts or not all(_is_text(kind) or isinstance(kind, inspect.NoneType) for kind in kinds):
        return parse(text)
    bare = text.strip()
    is_quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\""
    is_null = bare in ("null", "~") or (not text and len(texts) < len(kinds))
    return parse(bare) if is_quoted or is_null else text


def settled(tree: Any, kind: inspect.Type | None = None) -> Any:
    """Replace each `Word` in `tree` by what its setting's type takes: YAML's value, or the text."""
    kind = kind or _all_settings()
    if isinstance(tree, Word):
        kinds = list(_alternatives(kind))
        as_text = tree.value is not None and any(map(_is_text, kinds))
        takes_value = any(isinstance(each, _TAKES.get(type(tree.value), ())) for each in kinds)
        return tree.text if as_text and not takes_value else tree.value
    if isinstance(tree, dict):
        return {key: settled(value, _below(kind, key)) for key, value in tree.items()}
    if isinstance(tree, list):
        return [settled(value, _below(kind, None)) for value in tree]
    return tree


def type_at(keys: Sequence[str]) -> inspect.Type:
    """Return the type of a setting by its keys, where `args[0]` is an entry of a list and `floors[]` of an object."""
    kind = _all_settings()
    for key in keys:
        name, within, place = key.partition("[")
        kind = _below(kind, name)
        if within:
            kind = _below(kind, "" if place == "]" else None)
    return kind


def fields_at(keys: Sequence[str]) -> list[str]:
    """List the settings below `keys`."""
    kinds = _alternatives(type_at(keys))
    return [
        field.encode_name for kind in kinds if isinstance(kind, inspect.StructType) for field in kind.fields
    ]


def in_words(keys: Sequence[str]) -> str:
    """What the setting's type says that it takes; empty where it says nothing."""
    kind = type_at(keys)
    for each in getattr(kind, "types", (kind,)):
        if isinstance(each, inspect.Metadata) and each.extra_json_schema:
            return str(each.extra_json_schema["description"])
    return ""


@functools.cache
def _all_settings() -> inspect.Type:
    return inspect.type_info(Settings)


def _alternatives(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _alternatives(each)
    else:
        yield kind.type if isinstance(kind, inspect.Metadata) else kind


def _is_text(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.StrType) or (
        isinstance(kind, inspect.LiteralType) and isinstance(kind.values[0], str)
    )


def _below(kind: inspect.Type, key: str | None) -> inspect.Type:
    """The type of an entry: of an object by its key, of a list by None."""
    for each in _alternatives(kind):
        if key is None and isinstance(each, inspect.CollectionType):
            return each.item_type
        if key is not None and isinstance(each, inspect.DictType):
            return each.value_type
        if key is not None and isinstance(each, inspect.StructType):
            known = {field.encode_name: field.type for field in each.fields}
            return known.get(key, inspect.AnyType())
    return inspect.AnyType()
