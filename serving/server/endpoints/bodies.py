"""The bodies of REST requests: read to their end, within limits of size and time, before the application sees them.

A body with `Content-Encoding: gzip` is unpacked while it comes, and the limit of size is that of what it holds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import zlib

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger(__name__)
# So many bodies of the largest size may be held at the same time. Small ones are always read.
_MOST_HELD = 16
_SMALL = 2**16


class Refused(Exception):
    """A body that is not read to its end; the connection ends with the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Left(Exception):
    """The client is gone: there is nobody to answer."""


class Bodies:
    """ASGI middleware that hands each body on in one piece, or answers 400, 408, 413 or 503 in its place."""

    def __init__(self, app: ASGIApp, *, limit: int, timeout: float) -> None:
        """Read for `app`.

        Args:
          app: receives the requests.
          limit: the most bytes of a body.
          timeout: seconds until a body must have come.
        """
        self._app = app
        self._limit = limit
        self._timeout = timeout
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = bytearray()
        try:
            await asyncio.wait_for(self._read(Headers(scope=scope), receive, body), self._timeout)
            await self._app(scope, _replay(bytes(body), receive), send)
        except Refused as refused:
            await _refusal(refused.status, str(refused))(scope, receive, send)
        except asyncio.TimeoutError:
            message = f"expected the complete body within {self._timeout:g} s; found {len(body)} bytes"
            await _refusal(408, message)(scope, receive, send)
        except _Left:
            _LOG.info("A client left in the middle of its request, after %d bytes of the body", len(body))
        finally:
            self._held -= len(body)

    async def _read(self, headers: Headers, receive: Receive, body: bytearray) -> None:
        if "content-length" in headers and "transfer-encoding" in headers:
            # Whoever stands in front of this server may have read another length: requests could be smuggled.
            raise Refused(400, "expected Content-Length or Transfer-Encoding; found both")
        self._require_room(int(headers.get("content-length", 0)))
        unpack = _Gzip() if _is_gzip(headers) else None
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise _Left
            part = message.get("body", b"")
            if unpack is not None:
                # A byte over the limit shows that there is more. Not on the event loop: 8 kB may hold 8 MB.
                part = await asyncio.to_thread(unpack, part, self._limit + 1 - len(body))
            body += part
            self._held += len(part)
            self._require_room(len(body))
            more = message.get("more_body", False)
        if unpack is not None:
            unpack.require_end()

    def _require_room(self, size: int) -> None:
        if size > self._limit:
            raise Refused(
                413,
                f"expected a body of at most {self._limit} bytes (--rest_api_max_body_bytes); found more",
            )
        if size > _SMALL and self._held > _MOST_HELD * self._limit:
            raise Refused(503, "too many large bodies at the same time: try again later")


def _is_gzip(headers: Headers) -> bool:
    """Decide as TensorFlow Serving does (net_http, evhttp_request.cc, `NeedUncompressGzipContent`)."""
    return "gzip" in headers.get("content-encoding", "")


class _Gzip:
    """A gzip body, part by part."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self._is_empty = True

    def __call__(self, part: bytes, most: int) -> bytes:
        """Unpack `part`, up to `most` bytes of it."""
        self._is_empty = self._is_empty and not part
        try:
            unpacked = self._inflate.decompress(part, most)
        except zlib.error as error:
            raise Refused(400, f"expected a gzip body, as Content-Encoding says; found {error}") from error
        if self._inflate.unused_data:
            raise Refused(400, "expected a gzip body of one member; found more bytes after its end")
        return unpacked

    def require_end(self) -> None:
        """Refuse a body that was cut short."""
        if not (self._inflate.eof or self._is_empty):
            raise Refused(400, "expected a complete gzip body; found its beginning alone")


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _refusal(status: int, message: str) -> Response:
    return Response(
        json.dumps({"error": message}),
        status_code=status,
        media_type="application/json",
        headers={"Connection": "close"},
    )
