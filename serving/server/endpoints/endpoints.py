"""What the flags say about the ports: their files are read, then gRPC and REST are opened on a catalogue."""

from __future__ import annotations

import grpc
from grpc_health.v1.health import HealthServicer
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse

from serving.server.config.config_text import Kind, read_file
from serving.server.endpoints import demo, health
from serving.server.endpoints.grpc_service import make_server
from serving.server.endpoints.ports import RestPort, address_of, bind_grpc
from serving.server.endpoints.rest import make_app
from serving.server.endpoints.tls import server_credentials
from serving.server.errors import invalid
from serving.server.flags import Flags
from serving.server.inference.batching import BatchingParameters
from serving.server.inference.inference import Inference
from serving.server.metrics import Metrics
from serving.server.versions.catalogue import Catalogue
from serving.server.versions.reload import reload

_METRICS_PATH = "/monitoring/prometheus/metrics"
# Threads where the flags name no number: what a few cores can run side by side, and with batching as many as may
# wait in a queue, since a thread waits there for each.
_RUNNING, _WAITING = 16, 256
_LONGEST_RELOAD = 600.0


class Faces:
    """The gRPC and the REST face of one server, as its flags describe them.

    Attributes:
      port: the gRPC port; 0 before it is open.
      rest_port: the REST port; None when REST is off, or not open yet.
    """

    def __init__(self, flags: Flags) -> None:
        """Reads the files that the flags name; opens nothing yet.

        Raises:
          ServingError: one of them is not there, or wrong.
        """
        self.port = 0
        self.rest_port: int | None = None
        self._flags = flags
        self._batching = _batching(flags)
        self._metrics_path = _metrics_path(flags)
        self._credentials = server_credentials(flags.ssl_config_file) if flags.ssl_config_file else None
        self._inference: Inference | None = None
        self._grpc: grpc.Server | None = None
        self._rest: RestPort | None = None
        self._health: HealthServicer | None = None

    def open(self, catalogue: Catalogue, metrics: Metrics) -> None:
        """Opens the ports on the models of `catalogue`.

        Raises:
          PortTaken: one of them cannot be had.
        """
        self._inference = Inference(catalogue, metrics, batching=self._batching)
        try:
            if self._flags.rest_api_port:
                self._open_rest(self._inference)
            self._open_grpc(self._inference)
        except BaseException:
            self.close(grace=0)
            raise

    def close(self, grace: float) -> None:
        """Answers NOT_SERVING, takes no new request, waits up to `grace` seconds for those in flight."""
        if self._health is not None:
            self._health.enter_graceful_shutdown()
        drained = self._grpc.stop(grace) if self._grpc is not None else None
        if self._rest is not None:
            self._rest.stop(grace)
        if drained is not None:
            drained.wait()
        if self._inference is not None:
            self._inference.stop()

    def _open_grpc(self, inference: Inference) -> None:
        flags = self._flags

        def reloaded(request: ReloadConfigRequest, timeout: float | None) -> ReloadConfigResponse:
            # A caller that goes away without a deadline must not keep its thread for ever.
            seconds = _LONGEST_RELOAD if timeout is None else min(timeout, _LONGEST_RELOAD)
            return reload(inference.catalogue, request, timeout=seconds, count=inference.metrics.count)

        self._grpc = make_server(
            inference,
            reloaded,
            threads=flags.grpc_max_threads or self._usual_threads,
            channel_arguments=flags.grpc_channel_arguments,
        )
        if flags.enable_grpc_healthcheck_service:
            self._health = health.add_to(self._grpc)
        port = bind_grpc(self._grpc, address_of(flags.host, flags.port), self._credentials)
        if flags.grpc_socket_path:
            bind_grpc(self._grpc, f"unix:{flags.grpc_socket_path}", self._credentials)
        self._grpc.start()
        self.port = port

    def _open_rest(self, inference: Inference) -> None:
        flags = self._flags
        app = make_app(
            inference,
            timeout=flags.rest_api_timeout_in_ms / 1000,
            threads=flags.rest_api_num_threads or self._usual_threads,
            metrics_path=self._metrics_path,
            allow_cors=flags.rest_api_enable_cors_support,
            pages=demo.routes(inference.catalogue) if flags.demo else (),
        )
        # 0 is "off" in TensorFlow Serving, so a free port is asked for by -1.
        self._rest = RestPort(app, flags.host, max(flags.rest_api_port, 0))
        self.rest_port = self._rest.port

    @property
    def _usual_threads(self) -> int:
        return _RUNNING if self._batching is None else _WAITING


def _batching(flags: Flags) -> BatchingParameters | None:
    if not flags.enable_batching:
        return None
    if not flags.batching_parameters_file:
        return BatchingParameters()
    told = read_file(Kind.BATCHING, flags.batching_parameters_file)
    given = {field.name: value for field, value in told.ListFields()}
    names = BatchingParameters.__dataclass_fields__.keys() & given.keys()
    values = {name: getattr(given[name], "value", given[name]) for name in names}
    if "allowed_batch_sizes" in values:
        values["allowed_batch_sizes"] = tuple(values["allowed_batch_sizes"])
    try:
        return BatchingParameters(**values)
    except ValueError as error:
        raise invalid(f"{flags.batching_parameters_file}: {error}") from error


def _metrics_path(flags: Flags) -> str | None:
    if not flags.monitoring_config_file:
        return None
    told = read_file(Kind.MONITORING, flags.monitoring_config_file).prometheus_config
    path = told.path or _METRICS_PATH
    if not path.startswith("/"):
        raise invalid(f"{flags.monitoring_config_file}: path {path!r} does not begin with /")
    return path if told.enable else None
