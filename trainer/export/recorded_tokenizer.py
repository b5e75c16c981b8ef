"""The name of an exported model's tokenizer, as a JSON file that is read without TensorFlow."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tagging.characters import TokenizerName

FILE_NAME = "tokenizer.json"


class _Recorded(msgspec.Struct, frozen=True):
    tokenizer: TokenizerName


def to_json(tokenizer: TokenizerName) -> str:
    """Encode the name, for a file below `assets.extra`."""
    return msgspec.json.encode(_Recorded(tokenizer)).decode()


def tokenizer_of(model: str | os.PathLike[str]) -> TokenizerName:
    """Read the tokenizer of the SavedModel in a folder; models exported before there was a choice split words."""
    path = Path(model, "assets.extra", FILE_NAME)
    return msgspec.json.decode(path.read_bytes(), type=_Recorded).tokenizer if path.exists() else "words"
