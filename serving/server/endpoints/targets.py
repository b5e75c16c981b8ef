"""The targets of requests, read as by TensorFlow Serving's HTTP server (net_http, evhttp_request.cc, `decode`)."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# As net_http allows them (evhttp_server.cc, `Initialize`).
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
# Of an absolute form, `http://host/path`: the path alone counts, whatever the host.
_BEFORE_PATH = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://[^/?#]*)?", re.I)


class Targets:
    """ASGI middleware that hands paths on as they came, with `%2F` and the like, and answers unknown methods."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if (method := scope["method"]) not in METHODS:
            response = JSONResponse({"error": f"Not Implemented: {method}"}, status_code=501)
            await response(scope, receive, send)
            return
        path = _BEFORE_PATH.sub("", scope["raw_path"].decode("ascii"), count=1)
        await self._app({**scope, "path": path or "/"}, receive, send)


def target_of(request: Request) -> str:
    """Join path and query: TensorFlow Serving matches them together."""
    query = request.scope["query_string"].decode("ascii")
    path: str = request.scope["path"]
    return f"{path}?{query}" if query else path
