"""TLS for the ports, from TensorFlow Serving's `--ssl_config_file`."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from typing import Any

import grpc

from serving.server.config.config_text import Kind, read_file
from serving.server.wire.errors import invalid

_KEY, _CERTIFICATE = "PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----"


def server_credentials(path: str) -> grpc.ServerCredentials:
    """Make the gRPC credentials that the SSLConfig at `path` describes.

    Key and certificates are in the file itself, as PEM. With `client_verify` clients must present a
    certificate signed by `custom_ca`.

    Raises:
      ServingError: NOT_FOUND, the file cannot be read; INVALID_ARGUMENT, it is incomplete.
    """
    config = _read(path)
    return grpc.ssl_server_credentials(
        [(config.server_key.encode(), config.server_cert.encode())],
        root_certificates=config.custom_ca.encode() or None,
        require_client_auth=config.client_verify,
    )


def ssl_context(path: str) -> ssl.SSLContext:
    """Make the context of the REST port that the SSLConfig at `path` describes, as `server_credentials` does.

    Raises:
      ServingError: NOT_FOUND, the file cannot be read; INVALID_ARGUMENT, it is incomplete or no key and certificate.
    """
    config = _read(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL reads key and certificate from files only.
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key"), Path(folder, "certificate")
        key.write_text(config.server_key)
        certificate.write_text(config.server_cert)
        try:
            context.load_cert_chain(certificate, key)
            if config.custom_ca:
                context.load_verify_locations(cadata=config.custom_ca)
        except ssl.SSLError as error:
            raise invalid(f"{path}: expected a key and its certificates; found {error}") from error
    if config.client_verify:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _read(path: str) -> Any:
    config = read_file(Kind.TLS, path)
    for field, text, mark in (
        ("server_key", config.server_key, _KEY),
        ("server_cert", config.server_cert, _CERTIFICATE),
        ("custom_ca", config.custom_ca or (_CERTIFICATE if not config.client_verify else ""), _CERTIFICATE),
    ):
        if mark not in text:
            # gRPC itself would accept it and then fail each handshake.
            raise invalid(f"{field} of {path} holds no PEM text: expected the text of the file, not its name")
    return config
