"""The demo page as routes of the REST port: `/`, the files it loads, and the list of models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tensorflow_serving.apis.model_pb2 import ModelSpec

from serving.demo import STATIC
from serving.server.versions.catalogue import Catalogue
from serving.server.wire.errors import ServingError

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Text from a user or a model can load nothing, run nothing and be sent nowhere else.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Revalidated each time (304), so that no page of an older version is shown.
    "Cache-Control": "no-cache",
}


def routes(catalogue: Catalogue) -> list[Route]:
    """Make the page's routes, to go before those of the REST API; none of them begins with `/v1`."""

    async def models(_: Request) -> Response:
        return Response(
            json.dumps({"models": listed(catalogue)}),
            media_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    assets = [
        Route(f"/demo/{path.name}", _file(path)) for path in sorted(STATIC.iterdir()) if path.suffix in _TYPES
    ]
    return [Route("/", _file(STATIC / "index.html")), Route("/demo/models.json", models), *assets]


def listed(catalogue: Catalogue) -> list[dict[str, object]]:
    """List every model with its labels and its versions, the newest first.

    Versions are strings, as in TensorFlow Serving's own JSON: JavaScript's numbers do not hold all of them.
    """
    return [
        {
            "name": name,
            "labels": {label: str(version) for label, version in sorted(catalogue.labels(name).items())},
            "versions": _versions(catalogue, name),
        }
        for name in sorted(catalogue.names())
    ]


def _versions(catalogue: Catalogue, name: str) -> list[dict[str, str]]:
    try:
        statuses = catalogue.statuses(ModelSpec(name=name))
    except ServingError:  # no version has been seen yet
        return []
    return [{"version": str(status.version), "state": status.state.name} for status in statuses]


def _file(path: Path) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint that answers with a file's bytes as they are now."""
    content = path.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**_HEADERS, "ETag": tag}

    async def answer(request: Request) -> Response:
        tags = request.headers.get("if-none-match", "").split(",")
        if tag in {each.strip().removeprefix("W/") for each in tags}:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=_TYPES[path.suffix], headers=headers)

    return answer
