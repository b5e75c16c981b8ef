"""gRPC's health protocol, under the service names that TensorFlow Serving reports."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

# "" stands for the server itself.
SERVICES = ("", "ModelService", "PredictionService")
_SERVING = health_pb2.HealthCheckResponse.SERVING


def add_to(server: grpc.Server) -> health.HealthServicer:
    """Let `server` answer SERVING for all its services.

    Call `enter_graceful_shutdown()` of the result before the server stops: from then on it answers
    NOT_SERVING.
    """
    servicer = health.HealthServicer()
    for name in SERVICES:
        servicer.set(name, _SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    return servicer
