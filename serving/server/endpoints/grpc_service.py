"""TensorFlow Serving's gRPC services: PredictionService with Predict and GetModelMetadata, ModelService."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError, Message
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from serving.server.inference import describe
from serving.server.inference.predictor import Predictor
from serving.server.wire.errors import ServingError, invalid, not_served, shortened

_LARGEST_REQUEST = 64 * 2**20
_LARGEST_ANSWER = 2**31 - 1
_MOST_REQUESTS = 1024
_NOT_SERVED = ("Classify", "Regress", "MultiInference")

Reload = Callable[[ReloadConfigRequest, "float | None"], ReloadConfigResponse]
_Answer = Callable[[Any, "float | None"], Message]


def make_server(
    predictor: Predictor,
    reload: Reload,
    *,
    threads: int,
    channel_arguments: Sequence[tuple[str, Any]] = (),
) -> grpc.Server:
    """Make a gRPC server that answers by `predictor`, without a port and not started.

    Args:
      predictor: answers Predict.
      reload: applies a new configuration, within the given seconds.
      threads: requests in progress, or waiting in a batching queue, at the same time.
      channel_arguments: options of gRPC, which override the server's own.
    """
    own = {
        "grpc.max_receive_message_length": _LARGEST_REQUEST,
        "grpc.max_send_message_length": _LARGEST_ANSWER,
        # None but identity: gRPC decompresses a message before it looks at its length, 1.5 MB into 1.5 GB.
        "grpc.compression_enabled_algorithms_bitset": 1,
        # A second server on the same port must fail, not share its requests.
        "grpc.so_reuseport": 0,
    }
    # Threads, not an event loop: a run releases the interpreter's lock, and this way a request changes
    # threads twice less.
    server = grpc.server(
        futures.ThreadPoolExecutor(threads, thread_name_prefix="grpc"),
        options=list({**own, **dict(channel_arguments)}.items()),
        # Beyond that RESOURCE_EXHAUSTED at once: the queue in front of the threads must be bounded too.
        maximum_concurrent_rpcs=max(_MOST_REQUESTS, 4 * threads),
    )
    for service, methods in _services(predictor, reload).items():
        handler = grpc.method_handlers_generic_handler(f"tensorflow.serving.{service}", methods)
        server.add_generic_rpc_handlers((handler,))
    return server


def _services(predictor: Predictor, reload: Reload) -> dict[str, Mapping[str, grpc.RpcMethodHandler]]:
    """Make the handlers of each service, by method."""
    catalogue = predictor.catalogue

    def predict(request: PredictRequest, timeout: float | None) -> PredictResponse:
        return predictor.predict(request, timeout=timeout, entrypoint="GRPC")

    return {
        "PredictionService": {
            "Predict": _unary(predict, PredictRequest),
            "GetModelMetadata": _unary(
                lambda request, _: describe.model_metadata(catalogue, request), GetModelMetadataRequest
            ),
            **{name: _unary(_refuser(name), None) for name in _NOT_SERVED},
        },
        "ModelService": {
            "GetModelStatus": _unary(
                lambda request, _: describe.model_status(catalogue, request), GetModelStatusRequest
            ),
            "HandleReloadConfigRequest": _unary(reload, ReloadConfigRequest),
        },
    }


def _refuser(name: str) -> _Answer:
    def refuse(request: bytes, timeout: float | None) -> NoReturn:
        raise not_served(name)

    return refuse


def _unary(answer: _Answer, request_type: type[Message] | None) -> grpc.RpcMethodHandler:
    """Make the handler that answers by `answer`; without a `request_type` it gets bytes."""

    def handle(sent: bytes, context: grpc.ServicerContext) -> Message:
        remaining = context.time_remaining()
        # gRPC reports a missing deadline as one in the far future.
        timeout = None if remaining is None or remaining > threading.TIMEOUT_MAX else remaining
        try:
            return answer(_parsed(sent, request_type) if request_type else sent, timeout)
        except ServingError as error:
            return context.abort(grpc.StatusCode[error.code.name], shortened(error.message))

    # Parsed by the handler: gRPC would answer INTERNAL to bytes that are no message.
    return grpc.unary_unary_rpc_method_handler(
        handle, response_serializer=lambda response: response.SerializeToString()
    )


def _parsed(sent: bytes, request_type: type[Message]) -> Message:
    try:
        return request_type.FromString(sent)
    except DecodeError as error:
        raise invalid(
            f"expected a {request_type.DESCRIPTOR.name}; found {len(sent)} bytes that are none"
        ) from error
