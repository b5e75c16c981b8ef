"""The REST face: `/v1/models/NAME[/versions/N]` with `:predict` and `/metadata`, in a thread of its own."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from google.protobuf.json_format import MessageToDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from serving.server import describe
from serving.server.catalogue import Catalogue
from serving.server.errors import Code, ServingError, invalid
from serving.server.predict import predict
from serving.server.rest_json import read_request, write_response
from serving.server.servable import DEFAULT_SIGNATURE

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
_CHOICE = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_PREDICT = re.compile(rf"/v1/models/(?P<name>[^/:]+){_CHOICE}:(?P<method>classify|regress|predict)", re.I)
_DESCRIBE = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{_CHOICE}(?P<metadata>/metadata)?", re.I)


class RestPort:
    """The open REST port of a server."""

    def __init__(self, catalogue: Catalogue, host: str, port: int, *, timeout: float, threads: int) -> None:
        """Opens `port` (0: a free one) and answers from a new thread; `timeout` seconds for one run.

        Raises:
          OSError: the port cannot be taken.
        """
        self._socket = socket.create_server((host, port))
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                make_app(catalogue, timeout=timeout, threads=threads), log_level="warning", lifespan="off"
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="rest", daemon=True
        )
        self._thread.start()

    def stop(self, grace: float) -> None:
        """Takes no new request and waits up to `grace` seconds for those in flight."""
        self._server.config.timeout_graceful_shutdown = max(1, int(grace))
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


def make_app(catalogue: Catalogue, *, timeout: float, threads: int) -> Starlette:
    """The ASGI application that answers from `catalogue`."""

    # Its own pool: a run takes milliseconds, in which the event loop can read other requests, and one that
    # goes on past its time must not hold the answer back.
    pool = ThreadPoolExecutor(threads, thread_name_prefix="rest")

    async def answer(request: Request) -> Response:
        if not request.url.path.lower().startswith("/v1/"):
            return _response(json.dumps({"error": "Not Found"}), status=404)
        body = await request.body()
        run = asyncio.get_running_loop().run_in_executor(
            pool, _answer, catalogue, request.method, request.url.path, body, timeout
        )
        try:
            return _response(await asyncio.wait_for(run, timeout))
        except asyncio.TimeoutError:
            return _error(Code.DEADLINE_EXCEEDED, f"No answer within {timeout:g} s")
        except ServingError as error:
            return _error(error.code, error.message)

    # Paths are read by the patterns above, in any case of letters: starlette's own routes know one case and
    # would refuse in their own words.
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(routes=[Route("/{path:path}", answer, methods=methods)])


def _answer(catalogue: Catalogue, method: str, path: str, body: bytes, timeout: float) -> str:
    if method == "POST" and (match := _PREDICT.fullmatch(path)):
        if match["method"].lower() != "predict":
            raise ServingError(Code.UNIMPLEMENTED, f"this server does not answer :{match['method']}")
        return _predict(catalogue, _spec(match), body, timeout)
    if method == "GET" and (match := _DESCRIBE.fullmatch(path)):
        if not match["name"]:
            raise invalid("Missing model name in request.")
        if match["metadata"]:
            return _metadata(catalogue, _spec(match))
        return _status(catalogue, _spec(match))
    raise invalid(f"Malformed request: {method} {path}")


def _predict(catalogue: Catalogue, spec: ModelSpec, body: bytes, timeout: float) -> str:
    request = PredictRequest(model_spec=spec)

    def inputs_of(signature: str) -> Mapping[str, TensorInfo]:
        name = signature or DEFAULT_SIGNATURE
        with catalogue.use(spec) as servable:
            definition = servable.signatures.get(name)
            if definition is None:
                raise invalid(f'Serving signature name: "{name}" not found in signature def')
            if not definition.inputs:
                raise invalid(f"Failed to get input map for signature: {signature or 'DEFAULT'}")
            return definition.inputs

    in_rows = read_request(body, request, inputs_of)
    return write_response(predict(catalogue, request, timeout=timeout), in_rows=in_rows)


def _status(catalogue: Catalogue, spec: ModelSpec) -> str:
    response = describe.model_status(catalogue, get_model_status_pb2.GetModelStatusRequest(model_spec=spec))
    told = MessageToDict(response, including_default_value_fields=True, preserving_proto_field_name=True)
    return json.dumps(told, indent=1)


def _metadata(catalogue: Catalogue, spec: ModelSpec) -> str:
    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec=spec, metadata_field=["signature_def"]
    )
    response = describe.model_metadata(catalogue, request)
    told = MessageToDict(response, including_default_value_fields=True, preserving_proto_field_name=True)
    return json.dumps(told, indent=1, ensure_ascii=False)


def _spec(match: re.Match[str]) -> ModelSpec:
    spec = ModelSpec(name=match["name"])
    if match["version"]:
        version = int(match["version"])
        if version >= 2**63:
            raise invalid(f"Failed to convert version: {match['version']} to numeric.")
        spec.version.value = version
    elif match["label"]:
        spec.version_label = match["label"]
    return spec


def _response(body: str, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type="application/json")


def _error(code: Code, message: str) -> Response:
    return _response(json.dumps({"error": message}), status=_HTTP[code])
