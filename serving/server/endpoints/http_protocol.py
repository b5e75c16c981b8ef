"""HTTP/1.1 as uvicorn speaks it, on connections that are closed when their client keeps them waiting."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# Without a request, before the first one as before the next: libevent's HTTP_READ_TIMEOUT, which TensorFlow Serving
# leaves as it is (net_http/server/internal/evhttp_server.cc sets none).
IDLE_SECONDS = 50
# For the rest of a request's head, and until an answer has been read. uvicorn's own timeout ends with the first byte
# of a request and waits for ever for the last byte of an answer to leave.
SECONDS = 30.0


class HttpProtocol(H11Protocol):
    """uvicorn's protocol, which answers a half-closed connection and waits `SECONDS` for a slow client, no longer."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.timeout_keep_alive = IDLE_SECONDS
        self._waiting: asyncio.TimerHandle | None = None
        self._is_half_closed = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request as uvicorn waits for the others."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        """Handle `data`; the head of a request has its time from its first byte."""
        if self._is_idle():
            self._stop_waiting()
        super().data_received(data)

    def handle_events(self) -> None:
        """Handle what has been received; with a request the wait is over."""
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the client to read the answer."""
        super().on_response_complete()
        self._watch()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection of a client that has sent all of its requests, until they are answered.

        As libevent does, which reads no further while it handles a request. TLS has no half-closed connections.
        """
        self._is_half_closed = True
        return self._owes_an_answer() and self.scheme == "http"

    def connection_lost(self, exc: Exception | None) -> None:
        """End the wait."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_waiting()

    def _in_progress(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _owes_an_answer(self) -> bool:
        return self._in_progress() and not self.cycle.more_body

    def _is_idle(self) -> bool:
        received, _ = self.conn.trailing_data
        return not (self._in_progress() or received or self.transport.get_write_buffer_size())

    def _watch(self) -> None:
        if self._is_half_closed and not self._owes_an_answer():
            self.transport.close()
        if self._in_progress() or self._is_idle():
            self._stop_waiting()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(SECONDS, self._overdue)

    def _overdue(self) -> None:
        self._waiting = None
        if not self._is_idle():
            self.transport.abort()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
