"""Open a channel to a server: message limits, reconnection, TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import grpc

from serving.client.protocol.messages import serving_pb2

_LARGEST_MESSAGE = 2**31 - 1
_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_send_message_length", _LARGEST_MESSAGE),
    ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
    # Only the client retries; a channel that waits longer than its pauses before it reconnects would defeat
    # that.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # One name may resolve to many servers, as with a headless Service: use them in turn.
    ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
)


@dataclass(frozen=True, slots=True)
class TLS:
    """Certificates to trust and to present. All files are PEM; they are read when the tagger is constructed.

    Attributes:
      root_certificates: file of the authorities to trust; None: the system's bundle (SSL_CERT_FILE names
        another), or gRPC's own if the system has none.
      certificate: file of this client's certificate chain, for servers that verify their clients.
      private_key: file of its key; both or neither.
      server_name: the name expected in the server's certificate, if it is not the host of the target.
    """

    root_certificates: str | PathLike[str] | None = None
    certificate: str | PathLike[str] | None = None
    private_key: str | PathLike[str] | None = None
    server_name: str | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.private_key is None):
            missing = "certificate" if self.certificate is None else "private_key"
            raise ValueError(f"tls: {missing} is missing; give certificate and private_key, or neither")


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What `grpc` and `grpc.aio` need to open a channel; without credentials it is plain text."""

    target: str
    options: tuple[tuple[str, Any], ...]
    credentials: grpc.ChannelCredentials | None


def channel_settings(target: str, tls: TLS | bool) -> ChannelSettings:
    """Read the files of `tls`; nothing is opened yet.

    Raises:
      ValueError: a file cannot be read.
    """
    if tls is False:
        return ChannelSettings(target, _OPTIONS, None)
    chosen = TLS() if tls is True else tls
    roots = chosen.root_certificates or ssl.get_default_verify_paths().cafile
    options = _OPTIONS
    if chosen.server_name is not None:
        options += (("grpc.ssl_target_name_override", chosen.server_name),)
    credentials = grpc.ssl_channel_credentials(
        _read("root_certificates", roots),
        _read("private_key", chosen.private_key),
        _read("certificate", chosen.certificate),
    )
    return ChannelSettings(target, options, credentials)


def _read(name: str, path: str | PathLike[str] | None) -> bytes | None:
    if path is None:
        return None
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(
            f"tls: {name} {path}: cannot be read ({error.strerror}); expected a PEM file"
        ) from error
    if b"-----BEGIN " not in content:
        # gRPC would only log this, and fail at the first call.
        raise ValueError(f"tls: {name} {path}: no PEM block in it; expected a file with -----BEGIN ...-----")
    return content


@dataclass(frozen=True, slots=True)
class Calls:
    """An open channel and the methods to call over it; those of `grpc.aio` are awaited."""

    channel: Any
    predict: Any
    status: Any


def open_calls(grpc_or_aio: Any, settings: ChannelSettings) -> Calls:
    """Open a channel by `grpc` or by `grpc.aio`; it connects at the first call."""
    target, options = settings.target, settings.options
    if settings.credentials is None:
        channel = grpc_or_aio.insecure_channel(target, options)
    else:
        channel = grpc_or_aio.secure_channel(target, settings.credentials, options)
    return Calls(
        channel,
        channel.unary_unary(
            "/tensorflow.serving.PredictionService/Predict",
            request_serializer=serving_pb2.PredictRequest.SerializeToString,
            response_deserializer=serving_pb2.PredictResponse.FromString,
        ),
        channel.unary_unary(
            "/tensorflow.serving.ModelService/GetModelStatus",
            request_serializer=serving_pb2.GetModelStatusRequest.SerializeToString,
            response_deserializer=serving_pb2.GetModelStatusResponse.FromString,
        ),
    )
