"""Passing CorpusGen's settings to its driver and executor, in TFX's own parameters of an ExampleGen."""

from __future__ import annotations

import glob
import os
import re
from typing import Any

import msgspec
from google.protobuf import wrappers_pb2
from tfx.proto import example_gen_pb2
from tfx.types import standard_component_specs
from tfx.utils import proto_utils

from corpus.options import SPLITS, ReadOptions
from corpus.splits.names import is_file_name

WHOLE_FOLDER = "*"

# Its classes are created at run time: type checkers cannot see them.
_proto: Any = example_gen_pb2

TF_EXAMPLE: int = _proto.FORMAT_TF_EXAMPLE


class _Settings(msgspec.Struct):
    options: ReadOptions
    code_hash: str = ""


def input_config(pattern: str) -> Any:
    """All files as one `Input` split: the executor decides which file belongs to which split."""
    return _proto.Input(splits=[_proto.Input.Split(name="corpus", pattern=pattern)])


def output_config() -> Any:
    """The `Output` splits. Their sizes are never used: file names or the hash of `corpus.splits.by_hash` decide."""
    splits = [_proto.SplitConfig.Split(name=name, hash_buckets=1) for name in SPLITS]
    return _proto.Output(split_config=_proto.SplitConfig(splits=splits))


def custom_config(options: ReadOptions, code_hash: str) -> Any:
    """Encode options and code hash as JSON, which is part of the cache key."""
    text = msgspec.json.encode(_Settings(options, code_hash), order="deterministic").decode()
    config = _proto.CustomConfig()
    config.custom_config.Pack(wrappers_pb2.StringValue(value=text))
    return config


def options_in(exec_properties: dict[str, Any]) -> ReadOptions:
    """The inverse of `custom_config`, from execution properties."""
    config = _proto.CustomConfig()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], config)
    value = wrappers_pb2.StringValue()
    config.custom_config.Unpack(value)
    return msgspec.json.decode(value.value, type=_Settings).options


def base_and_pattern(data: str) -> tuple[str, str]:
    """Split a path into TFX's (input_base, pattern), by its name: the data need not be on this machine."""
    data = os.fspath(data).rstrip("/") or "/"
    folder, name = os.path.split(data)
    # A folder on this machine may have a name like a file's.
    if is_file_name(name) and not os.path.isdir(data):
        return folder, glob.escape(name)
    return data, WHOLE_FOLDER


def data_in(exec_properties: dict[str, Any]) -> str:
    """The inverse of `base_and_pattern`, from execution properties."""
    config = _proto.Input()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.INPUT_CONFIG_KEY], config)
    base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
    pattern = config.splits[0].pattern
    if pattern == WHOLE_FOLDER:
        return base
    return os.path.join(base, re.sub(r"\[([*?[])\]", r"\1", pattern))
