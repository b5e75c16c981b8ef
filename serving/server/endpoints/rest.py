"""The REST API: `/v1/models/NAME[/versions/N or /labels/L]`, alone or with `:predict` or `/metadata`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import threading
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, request_response
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from serving.server.endpoints.bodies import Bodies
from serving.server.endpoints.rest_json import read_request, write_response
from serving.server.endpoints.targets import METHODS, Targets, target_of
from serving.server.graph.servable import DEFAULT_SIGNATURE
from serving.server.inference import describe
from serving.server.inference.metrics import CONTENT_TYPE
from serving.server.inference.predictor import Predictor
from serving.server.versions.catalogue import Catalogue
from serving.server.wire.errors import Code, ServingError, invalid, not_served

_LOG = logging.getLogger(__name__)
# A runner that keeps the time itself reports it with more detail: let it be first.
_GRACE = 0.1

_LARGE = 2**20
_READING_LARGE = threading.Lock()

_HTTP = {
    Code.INVALID_ARGUMENT: 400,
    Code.FAILED_PRECONDITION: 400,
    Code.OUT_OF_RANGE: 400,
    Code.UNAUTHENTICATED: 401,
    Code.PERMISSION_DENIED: 403,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.ABORTED: 409,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INTERNAL: 500,
    Code.DATA_LOSS: 500,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.DEADLINE_EXCEEDED: 504,
}
# TensorFlow Serving's `AddCORSHeaders` (http_rest_api_util.cc), on every answer below /v1.
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}
# The patterns match the target as it came, with its query (http_rest_api_util.cc, `ParseModelInfo`).
_CHOICE = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_INFER = re.compile(rf"/v1/models/(?P<name>[^/:]+){_CHOICE}:(?P<method>classify|regress|predict)", re.I)
_DESCRIBE = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{_CHOICE}(?P<metadata>/metadata)?", re.I)


def make_app(
    predictor: Predictor,
    *,
    timeout: float,
    threads: int,
    body_limit: int,
    metrics_path: str | None = None,
    allow_cors: bool = False,
    pages: Sequence[Route | Mount] = (),
) -> Starlette:
    """Make the ASGI application that answers by `predictor`, in threads of its own.

    Args:
      predictor: answers `:predict`.
      timeout: seconds that one request may take, and its body to come.
      threads: requests in progress at the same time.
      body_limit: the most bytes of a request's body.
      metrics_path: the path of the metrics for Prometheus; None serves none.
      allow_cors: let pages of any origin send requests.
      pages: further routes of this port.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="rest")

    async def answer(request: Request) -> Response:
        target = target_of(request)
        if not target.lower().startswith("/v1/"):
            return _response(json.dumps({"error": "Not Found"}), status=404)
        response = _preflight(request) if request.method == "OPTIONS" else await called(request, target)
        if allow_cors:
            response.headers.update(_CORS)
        return response

    async def called(request: Request, target: str) -> Response:
        body = await request.body()
        if not (infer := request.method == "POST" and _INFER.fullmatch(target)):
            # On the event loop, so that a probe is answered while all threads run graphs.
            return _answered(partial(_describe, predictor.catalogue, request.method, target))
        work = partial(_answered, partial(_infer, predictor, infer, body, timeout))
        try:
            done = asyncio.get_running_loop().run_in_executor(pool, work)
            return await asyncio.wait_for(done, timeout + _GRACE)
        except asyncio.TimeoutError:
            return _error(Code.DEADLINE_EXCEEDED, f"No answer within {timeout:g} s")
        except asyncio.CancelledError:
            # By uvicorn, when the grace time of a stop is over; it would answer 500.
            return _error(Code.UNAVAILABLE, "The server is stopping")

    routes: list[BaseRoute] = list(pages)
    if metrics_path is not None:
        routes.append(Route(metrics_path, partial(_metrics, predictor, metrics_path), methods=METHODS))
    # Paths and methods are matched by the patterns above: starlette's own routes are case-sensitive and
    # answer errors in another form.
    routes.append(Mount("/", request_response(answer)))
    middleware = [Middleware(Bodies, limit=body_limit, timeout=timeout), Middleware(Targets)]
    return Starlette(routes=routes, middleware=middleware)


def _preflight(request: Request) -> Response:
    """Answer OPTIONS, with or without `allow_cors` (http_server.cc, `ProcessRequest`)."""
    if re.search("https?://", request.headers.get("origin", "")):
        return Response()
    return _error(Code.FAILED_PRECONDITION, "Origin header is missing in CORS preflight")


def _metrics(predictor: Predictor, path: str, request: Request) -> Response:
    if (target := target_of(request)) != path:
        message = f"Unexpected path: {target}. Should be {path}"
        return Response(message, status_code=400, media_type=CONTENT_TYPE)
    return Response(predictor.metrics.page(), media_type=CONTENT_TYPE)


def _answered(work: Callable[[], str]) -> Response:
    """Answer with the JSON of `work` or with its error.

    Called in the thread of the work: in a future the error would keep the frames of the request, and all that was
    parsed in them, until a collection.
    """
    try:
        return _response(work())
    except ServingError as error:
        return _error(error.code, error.message)
    except RecursionError:
        return _error(Code.INVALID_ARGUMENT, "JSON Parse error: nested too deeply at offset: 0")
    except Exception as error:
        _LOG.exception("Unexpected in a REST request")
        return _error(Code.INTERNAL, f"{type(error).__name__}: {error}")


def _infer(predictor: Predictor, match: re.Match[str], body: bytes, timeout: float) -> str:
    method = match["method"]
    if not method.islower():
        # Paths match in any case, but the names of methods do not (http_rest_api_handler.cc, `ProcessRequest`).
        raise invalid(f"Malformed request: POST {match.string}")
    if method != "predict":
        raise not_served(method.capitalize())
    return _predict(predictor, _spec(match), body, timeout)


def _describe(catalogue: Catalogue, method: str, target: str) -> str:
    match = _DESCRIBE.fullmatch(target) if method == "GET" else None
    if match is None:
        raise invalid(f"Malformed request: {method} {target}")
    spec = _spec(match)
    if not spec.name:
        raise invalid("Missing model name in request.")
    return _metadata(catalogue, spec) if match["metadata"] == "/metadata" else _status(catalogue, spec)


def _predict(predictor: Predictor, spec: ModelSpec, body: bytes, timeout: float) -> str:
    request = PredictRequest(model_spec=spec)

    def inputs_of(signature: str) -> Mapping[str, TensorInfo]:
        name = signature or DEFAULT_SIGNATURE
        with predictor.catalogue.use(spec) as servable:
            definition = servable.signatures.get(name)
            if definition is None:
                raise invalid(f'Serving signature name: "{name}" not found in signature def')
            if not definition.inputs:
                raise invalid(f'the signature "{name}" has no inputs')
            return definition.inputs

    # The values of a JSON body take some twenty times its bytes: large ones are read one after the other.
    with _READING_LARGE if len(body) > _LARGE else contextlib.nullcontext():
        in_rows = read_request(body, request, inputs_of)
    response = predictor.predict(request, timeout=timeout, entrypoint="REST")
    return write_response(response, in_rows=in_rows)


def _status(catalogue: Catalogue, spec: ModelSpec) -> str:
    response = describe.model_status(catalogue, get_model_status_pb2.GetModelStatusRequest(model_spec=spec))
    return json.dumps(_fields(response), indent=1)


def _metadata(catalogue: Catalogue, spec: ModelSpec) -> str:
    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec=spec, metadata_field=["signature_def"]
    )
    fields = _fields(describe.model_metadata(catalogue, request))
    del fields["metadata"]["signature_def"]["@type"]  # TensorFlow Serving leaves it out
    return json.dumps(fields, indent=1, ensure_ascii=False)


def _fields(message: Message) -> dict[str, Any]:
    return MessageToDict(message, including_default_value_fields=True, preserving_proto_field_name=True)


def _spec(match: re.Match[str]) -> ModelSpec:
    spec = ModelSpec(name=urllib.parse.unquote(match["name"] or ""))
    if match["version"]:
        # An int64 has 19 digits; Python refuses to read some thousands of them.
        if len(match["version"]) > 100 or int(match["version"]) >= 2**63:
            raise invalid(f"Failed to convert version: {match['version']} to numeric.")
        spec.version.value = int(match["version"])
    elif match["label"]:
        spec.version_label = urllib.parse.unquote(match["label"])
    return spec


def _response(body: str, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type="application/json")


def _error(code: Code, message: str) -> Response:
    return _response(json.dumps({"error": message}), status=_HTTP[code])
