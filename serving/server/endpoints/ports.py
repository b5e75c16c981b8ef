"""The open ports of a server."""

from __future__ import annotations

import socket
import ssl
import threading

import grpc
import uvicorn
from starlette.applications import Starlette

from serving.server.endpoints.http_protocol import HttpProtocol


class PortTaken(OSError):
    """A port that cannot be listened on; the message names it."""


def bind_grpc(server: grpc.Server, address: str, credentials: grpc.ServerCredentials | None) -> int:
    """Let `server` listen on `address` (`host:port`, 0 for a free port, or `unix:PATH`) and return the port.

    Raises:
      PortTaken: the address cannot be listened on.
    """
    try:
        if credentials is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise PortTaken(f"{address} (gRPC): {error}") from error


def address_of(host: str, port: int) -> str:
    """Write `host:port`, or `[host]:port` for an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class RestPort:
    """The REST port: an HTTP server on an event loop, in a thread of its own.

    Attributes:
      port: its number.
    """

    def __init__(self, app: Starlette, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        """Open `port` (0: a free one) and answer by `app`, over TLS with a context for it.

        Raises:
          PortTaken: it cannot be listened on.
        """
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            raise PortTaken(f"{address_of(host, port)} (REST): {error}") from error
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            log_level="warning",
            lifespan="off",
            http=HttpProtocol,
            ws="none",
            ssl_context_factory=None if tls is None else lambda *_: tls,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="rest", daemon=True
        )
        self._thread.start()

    def stop(self, grace: float) -> None:
        """Accept no new requests and wait up to `grace` seconds for those in flight."""
        self._server.config.timeout_graceful_shutdown = max(1, int(grace))
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
