"""A small HTTP server with an answer for each method and path, over a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Api:
    """The answers of a server, and the requests that it got.

    An answer is JSON, a status for none of it, or a list of answers for one request after the other, the last for
    all that follow.
    """

    answers: dict[str, Any]
    requests: list[tuple[str, dict[str, list[str]], Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    address: str = ""

    def answer(self, request: str) -> tuple[int, Any]:
        given = self.answers.get(request, 404)
        if isinstance(given, list):
            given = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(given, int):
            return given, {"error": f"status {given}", "error_message": f"no {request}", "kind": "Status"}
        return 200, given

    def bodies(self, request: str) -> list[Any]:
        """What was sent with requests of one kind."""
        return [body for received, _, body in self.requests if received == request]


@contextmanager
def serving(answers: dict[str, Any]) -> Iterator[Api]:
    """Serve `{"GET /path": answer}` on a free port."""
    api = Api(answers)

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            parts = urlsplit(self.path)
            request = f"{self.command} {parts.path}"
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            api.requests.append((request, parse_qs(parts.query), json.loads(text) if text else None))
            api.headers.append(dict(self.headers))
            status, answer = api.answer(request)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _do

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    api.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
