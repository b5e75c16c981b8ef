"""gRPC's health protocol, under the service names that TensorFlow Serving reports."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

# "" stands for the server as a whole.
SERVICES = ("", "ModelService", "PredictionService")
_SERVING = health_pb2.HealthCheckResponse.SERVING


def add_to(server: grpc.Server) -> health.HealthServicer:
    """Has `server` answer that all its services are serving.

    `enter_graceful_shutdown()` of what is given back answers NOT_SERVING from then on: for just before the server
    stops.
    """
    servicer = health.HealthServicer()
    for name in SERVICES:
        servicer.set(name, _SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    return servicer
