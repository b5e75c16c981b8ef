"""The REST face: `/v1/models/NAME[/versions/N or /labels/L]` with `:predict`, `:classify`, `:regress`, `/metadata`."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from google.protobuf.json_format import MessageToDict
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, request_response
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.regression_pb2 import RegressionRequest

from serving.server.endpoints.rest_examples import read_examples, write_classification, write_regression
from serving.server.endpoints.rest_json import read_request, write_response
from serving.server.errors import Code, ServingError, invalid
from serving.server.graph.servable import DEFAULT_SIGNATURE
from serving.server.inference import describe
from serving.server.inference.inference import Inference
from serving.server.metrics import CONTENT_TYPE
from serving.server.versions.catalogue import Catalogue

_LOG = logging.getLogger(__name__)
_ENTRYPOINT = "REST"
# In which a runner that keeps time itself can say in its own words that it is over.
_GRACE = 0.1

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
_INFER = re.compile(rf"/v1/models/(?P<name>[^/:]+){_CHOICE}:(?P<method>classify|regress|predict)", re.I)
_DESCRIBE = re.compile(rf"/v1/models(?:/(?P<name>[^/:]+))?{_CHOICE}(?P<metadata>/metadata)?", re.I)


def make_app(
    inference: Inference,
    *,
    timeout: float,
    threads: int,
    metrics_path: str | None = None,
    allow_cors: bool = False,
    pages: Sequence[Route | Mount] = (),
) -> Starlette:
    """The ASGI application that answers by `inference`, in threads of its own.

    Args:
      inference: answers the requests for inference.
      timeout: seconds that one request may take.
      threads: requests worked on at the same time.
      metrics_path: where Prometheus finds the metrics; None is nowhere.
      allow_cors: let pages of any origin ask.
      pages: what else is served at this port.
    """

    pool = ThreadPoolExecutor(threads, thread_name_prefix="rest")

    async def answer(request: Request) -> Response:
        path = request.scope["path"]
        if not path.lower().startswith("/v1/"):
            return _response(json.dumps({"error": "Not Found"}), status=404)
        body = await request.body()
        try:
            if not (infer := request.method == "POST" and _INFER.fullmatch(path)):
                # Here and at once, so that a probe is answered when all threads run graphs.
                return _response(_describe(inference.catalogue, request.method, path))
            work = partial(_infer, inference, infer, body, timeout)
            done = asyncio.get_running_loop().run_in_executor(pool, work)
            return _response(await asyncio.wait_for(done, timeout + _GRACE))
        except asyncio.TimeoutError:
            return _error(Code.DEADLINE_EXCEEDED, f"No answer within {timeout:g} s")
        except ServingError as error:
            return _error(error.code, error.message)
        except RecursionError:
            return _error(Code.INVALID_ARGUMENT, "JSON Parse error: nested too deeply at offset: 0")
        except Exception as error:
            _LOG.exception("Unexpected while answering %s %s", request.method, path)
            return _error(Code.INTERNAL, f"{type(error).__name__}: {error}")

    def metrics(_: Request) -> Response:
        return Response(inference.metrics.page(), media_type=CONTENT_TYPE)

    routes: list[BaseRoute] = list(pages)
    if metrics_path is not None:
        routes.append(Route(metrics_path, metrics))
    # Paths and methods are read by the patterns above: starlette's own routes know one case of letters and would
    # refuse in their own words.
    routes.append(Mount("/", request_response(answer)))
    any_origin = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    return Starlette(routes=routes, middleware=[any_origin] if allow_cors else [])


def _infer(inference: Inference, match: re.Match[str], body: bytes, timeout: float) -> str:
    infer = {"predict": _predict, "classify": _classify, "regress": _regress}[match["method"].lower()]
    return infer(inference, _spec(match), body, timeout)


def _describe(catalogue: Catalogue, method: str, path: str) -> str:
    match = _DESCRIBE.fullmatch(path) if method == "GET" else None
    if match is None:
        raise invalid(f"Malformed request: {method} {path}")
    if not match["name"]:
        raise invalid("Missing model name in request.")
    return _metadata(catalogue, _spec(match)) if match["metadata"] else _status(catalogue, _spec(match))


def _predict(inference: Inference, spec: ModelSpec, body: bytes, timeout: float) -> str:
    request = PredictRequest(model_spec=spec)

    def inputs_of(signature: str) -> Mapping[str, TensorInfo]:
        name = signature or DEFAULT_SIGNATURE
        with inference.catalogue.use(spec) as servable:
            definition = servable.signatures.get(name)
            if definition is None:
                raise invalid(f'Serving signature name: "{name}" not found in signature def')
            if not definition.inputs:
                raise invalid(f"Failed to get input map for signature: {signature or 'DEFAULT'}")
            return definition.inputs

    in_rows = read_request(body, request, inputs_of)
    response = inference.predict(request, timeout=timeout, entrypoint=_ENTRYPOINT)
    return write_response(response, in_rows=in_rows)


def _classify(inference: Inference, spec: ModelSpec, body: bytes, timeout: float) -> str:
    request = ClassificationRequest(model_spec=spec)
    read_examples(body, request)
    response = inference.classify(request, timeout=timeout, entrypoint=_ENTRYPOINT)
    return write_classification(response.result)


def _regress(inference: Inference, spec: ModelSpec, body: bytes, timeout: float) -> str:
    request = RegressionRequest(model_spec=spec)
    read_examples(body, request)
    response = inference.regress(request, timeout=timeout, entrypoint=_ENTRYPOINT)
    return write_regression(response.result)


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
        # An int64 has nineteen digits; Python itself refuses to read some thousands of them.
        if len(match["version"]) > 100 or int(match["version"]) >= 2**63:
            raise invalid(f"Failed to convert version: {match['version']} to numeric.")
        spec.version.value = int(match["version"])
    elif match["label"]:
        spec.version_label = match["label"]
    return spec


def _response(body: str, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type="application/json")


def _error(code: Code, message: str) -> Response:
    return _response(json.dumps({"error": message}), status=_HTTP[code])
