"""The gRPC face. A pool of threads: TensorFlow gives the interpreter's lock back during a run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from google.protobuf.message import Message
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, predict_pb2

from serving.server import describe
from serving.server.catalogue import Catalogue
from serving.server.errors import Code, ServingError, shortened
from serving.server.predict import predict

_LARGEST_MESSAGE = 2**31 - 1


def make_server(catalogue: Catalogue, *, threads: int) -> grpc.Server:
    """A gRPC server that answers from `catalogue`; no port bound, not started."""
    server = grpc.server(
        futures.ThreadPoolExecutor(threads, thread_name_prefix="grpc"),
        options=[
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
            # A second server on the same port must fail, not share its requests.
            ("grpc.so_reuseport", 0),
        ],
    )
    # Handlers for what is served and nothing else: gRPC answers UNIMPLEMENTED for the rest by itself.
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                "tensorflow.serving.PredictionService",
                {
                    "Predict": _unary(
                        lambda request, timeout: predict(catalogue, request, timeout=timeout),
                        predict_pb2.PredictRequest,
                    ),
                    "GetModelMetadata": _unary(
                        lambda request, _: describe.model_metadata(catalogue, request),
                        get_model_metadata_pb2.GetModelMetadataRequest,
                    ),
                },
            ),
            grpc.method_handlers_generic_handler(
                "tensorflow.serving.ModelService",
                {
                    "GetModelStatus": _unary(
                        lambda request, _: describe.model_status(catalogue, request),
                        get_model_status_pb2.GetModelStatusRequest,
                    ),
                },
            ),
        )
    )
    return server


def _unary(answer: Callable[[Any, float | None], Any], request_type: type[Message]) -> grpc.RpcMethodHandler:
    def handle(request: Message, context: grpc.ServicerContext) -> Any:
        timeout = context.time_remaining()
        try:
            if timeout is not None and timeout <= 0:
                # It waited for a thread until its caller had gone: do not work for nobody.
                raise ServingError(Code.DEADLINE_EXCEEDED, "Deadline exceeded before the request was begun")
            return answer(request, timeout)
        except ServingError as error:
            context.abort(grpc.StatusCode[error.code.name], shortened(error.message))

    return grpc.unary_unary_rpc_method_handler(
        handle,
        request_deserializer=request_type.FromString,
        response_serializer=lambda response: response.SerializeToString(),
    )
