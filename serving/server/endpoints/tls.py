"""TLS for the gRPC port, from TensorFlow Serving's `--ssl_config_file`."""

from __future__ import annotations

import grpc

from serving.server.config.config_text import Kind, read_file
from serving.server.errors import invalid

_KEY, _CERTIFICATE = "PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----"


def server_credentials(path: str) -> grpc.ServerCredentials:
    """The credentials that the SSLConfig at `path` describes.

    Key and certificates are in the file itself, in PEM form. With `client_verify` only clients are served that
    show a certificate which `custom_ca` has signed.

    Raises:
      ServingError: NOT_FOUND or INVALID_ARGUMENT, the file is not there, or not whole.
    """
    config = read_file(Kind.TLS, path)
    for field, text, mark in (
        ("server_key", config.server_key, _KEY),
        ("server_cert", config.server_cert, _CERTIFICATE),
        ("custom_ca", config.custom_ca or (_CERTIFICATE if not config.client_verify else ""), _CERTIFICATE),
    ):
        if mark not in text:
            # gRPC itself would take it and then fail each handshake.
            raise invalid(f"{field} of {path} holds no PEM text: expected the text of the file, not its name")
    return grpc.ssl_server_credentials(
        [(config.server_key.encode(), config.server_cert.encode())],
        root_certificates=config.custom_ca.encode() or None,
        require_client_auth=config.client_verify,
    )
