"""TensorFlow Serving's configuration files: protocol buffers in their text form.

The wheel of TensorFlow Serving's messages has no classes for some of them. Those are described here and built
at run time, in a pool of their own, so that protobuf's own parser reads them: escapes, comments and
errors are then as in TensorFlow Serving.
"""

from __future__ import annotations

import logging
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pool, message_factory, text_format, wrappers_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.server.wire.errors import Code, ServingError, invalid

_LOG = logging.getLogger(__name__)
_PACKAGE = "tensorflow.serving"
_WRAPPERS = "google.protobuf"

_SCALARS = {
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "string": FieldDescriptorProto.TYPE_STRING,
}
# Field names and types; the numbers do not show in a text.
_MESSAGES: dict[str, dict[str, str]] = {
    "SSLConfig": {
        "server_key": "string",
        "server_cert": "string",
        "custom_ca": "string",
        "client_verify": "bool",
    },
    "PrometheusConfig": {"enable": "bool", "path": "string"},
    "MonitoringConfig": {"prometheus_config": "PrometheusConfig"},
    "BatchingParameters": {
        "max_batch_size": "Int64Value",
        "batch_timeout_micros": "Int64Value",
        "max_enqueued_batches": "Int64Value",
        "num_batch_threads": "Int64Value",
        "thread_pool_name": "StringValue",
        "allowed_batch_sizes": "repeated int64",
        "pad_variable_length_inputs": "bool",
        "enable_large_batch_splitting": "BoolValue",
        "max_execution_batch_size": "Int64Value",
    },
}


class Kind(Enum):
    """The kinds of configuration file, by the name of their message."""

    MODELS = "ModelServerConfig"
    TLS = "SSLConfig"
    MONITORING = "MonitoringConfig"
    BATCHING = "BatchingParameters"


def read_text(kind: Kind, text: str) -> Any:
    """Parse `text` as a `ModelServerConfig`, or as a message with the fields listed above.

    Raises:
      ValueError: it does not parse; the message says line, column and reason.
    """
    message = ModelServerConfig() if kind is Kind.MODELS else _classes()[kind.value]()
    try:
        return text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise ValueError(f"Error parsing text-format {_PACKAGE}.{kind.value}: {error}") from error


def read_file(kind: Kind, path: str) -> Any:
    """Read the message in the file at `path`; syntax errors are logged, as TensorFlow Serving does.

    Raises:
      ServingError: NOT_FOUND, the file cannot be read; INVALID_ARGUMENT, it does not parse.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        return read_text(kind, text)
    except OSError as error:
        raise ServingError(Code.NOT_FOUND, f"{path}; {error.strerror}") from error
    except ValueError as error:  # text that is not UTF-8, too
        _LOG.error("%s: %s", path, error)
        raise invalid(f"Invalid protobuf file: '{path}'") from error


@cache
def _classes() -> dict[str, type[Any]]:
    file = FileDescriptorProto(name="serving_files.proto", package=_PACKAGE, syntax="proto3")
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, declared) in enumerate(fields.items(), start=1):
            repeated, _, kind = declared.rpartition(" ")
            label = FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
            entry = message.field.add(name=field, number=number, label=label)
            if kind in _SCALARS:
                entry.type = _SCALARS[kind]
            else:
                entry.type = FieldDescriptorProto.TYPE_MESSAGE
                entry.type_name = f".{_PACKAGE if kind in _MESSAGES else _WRAPPERS}.{kind}"
    # Not the default pool: TensorFlow Serving's own stubs, should a later wheel bring them, live there.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    factory = message_factory.MessageFactory(pool)
    return {
        name: factory.GetPrototype(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _MESSAGES
    }
