"""The gRPC face: TensorFlow Serving's two services."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any

import grpc
from google.protobuf.message import Message
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)

from serving.server.errors import ServingError, shortened
from serving.server.inference import describe
from serving.server.inference.inference import Inference

_LARGEST_MESSAGE = 2**31 - 1
_ENTRYPOINT = "GRPC"
_MOST_REQUESTS = 1024

Reload = Callable[[model_management_pb2.ReloadConfigRequest, "float | None"], Message]
_Answer = Callable[[Any, "float | None"], Message]


def make_server(
    inference: Inference,
    reload: Reload,
    *,
    threads: int,
    channel_arguments: Sequence[tuple[str, Any]] = (),
) -> grpc.Server:
    """A gRPC server that answers by `inference`; no port bound, not started.

    Args:
      inference: answers the requests for inference.
      reload: takes a new configuration and the seconds there are.
      threads: requests worked on, or waiting in a batching queue, at the same time.
      channel_arguments: options of gRPC, which go before the server's own.
    """
    own = {
        "grpc.max_receive_message_length": _LARGEST_MESSAGE,
        "grpc.max_send_message_length": _LARGEST_MESSAGE,
        # A second server on the same port must fail, not share its requests.
        "grpc.so_reuseport": 0,
    }
    # Threads, not an event loop: a run gives the interpreter's lock back, and the way from a request to its run
    # is shorter by two changes of thread.
    server = grpc.server(
        futures.ThreadPoolExecutor(threads, thread_name_prefix="grpc"),
        options=list({**own, **dict(channel_arguments)}.items()),
        # Beyond that RESOURCE_EXHAUSTED at once: the line in front of the threads must have an end too.
        maximum_concurrent_rpcs=max(_MOST_REQUESTS, 4 * threads),
    )
    catalogue = inference.catalogue

    def inferred(method: Callable[..., Message]) -> _Answer:
        return lambda request, timeout: method(request, timeout=timeout, entrypoint=_ENTRYPOINT)

    prediction: Mapping[str, tuple[_Answer, type[Message]]] = {
        "Predict": (inferred(inference.predict), predict_pb2.PredictRequest),
        "Classify": (inferred(inference.classify), classification_pb2.ClassificationRequest),
        "Regress": (inferred(inference.regress), regression_pb2.RegressionRequest),
        "MultiInference": (inferred(inference.multi_inference), inference_pb2.MultiInferenceRequest),
        "GetModelMetadata": (
            lambda request, _: describe.model_metadata(catalogue, request),
            get_model_metadata_pb2.GetModelMetadataRequest,
        ),
    }
    model: Mapping[str, tuple[_Answer, type[Message]]] = {
        "GetModelStatus": (
            lambda request, _: describe.model_status(catalogue, request),
            get_model_status_pb2.GetModelStatusRequest,
        ),
        "HandleReloadConfigRequest": (reload, model_management_pb2.ReloadConfigRequest),
    }
    server.add_generic_rpc_handlers(
        tuple(
            grpc.method_handlers_generic_handler(
                f"tensorflow.serving.{service}",
                {name: _unary(answer, request_type) for name, (answer, request_type) in methods.items()},
            )
            for service, methods in (("PredictionService", prediction), ("ModelService", model))
        )
    )
    return server


def _unary(answer: _Answer, request_type: type[Message]) -> grpc.RpcMethodHandler:
    def handle(request: Message, context: grpc.ServicerContext) -> Message:
        remaining = context.time_remaining()
        # No deadline is told as one beyond all times.
        timeout = None if remaining is None or remaining > threading.TIMEOUT_MAX else remaining
        try:
            return answer(request, timeout)
        except ServingError as error:
            return context.abort(grpc.StatusCode[error.code.name], shortened(error.message))

    return grpc.unary_unary_rpc_method_handler(
        handle,
        request_deserializer=request_type.FromString,
        response_serializer=lambda response: response.SerializeToString(),
    )
