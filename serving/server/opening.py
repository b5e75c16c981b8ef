"""The ports that the flags describe: their files are read, then gRPC and REST are opened on a catalogue."""

from __future__ import annotations

import grpc
from grpc_health.v1.health import HealthServicer
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest, ReloadConfigResponse

from serving.server.config.config_text import Kind, read_file
from serving.server.endpoints import demo, health
from serving.server.endpoints.grpc_service import make_server
from serving.server.endpoints.ports import RestPort, address_of, bind_grpc
from serving.server.endpoints.rest import make_app
from serving.server.endpoints.tls import server_credentials, ssl_context
from serving.server.flags import Flags
from serving.server.inference.batching import BatchingParameters
from serving.server.inference.metrics import Metrics
from serving.server.inference.predictor import Predictor
from serving.server.versions.catalogue import Catalogue
from serving.server.versions.reload import reload
from serving.server.wire.errors import Code, ServingError, invalid

_METRICS_PATH = "/monitoring/prometheus/metrics"
# Default numbers of threads: as many runs as a few cores can take side by side; with batching, as many
# requests as may wait in a queue, since each occupies a thread there.
_RUNNING, _WAITING = 16, 256
_LONGEST_RELOAD = 600.0


class Endpoints:
    """The gRPC and the REST endpoint of one server.

    Attributes:
      port: the gRPC port; 0 before it is open.
      rest_port: the REST port; None when REST is off, or not open yet.
    """

    def __init__(self, flags: Flags) -> None:
        """Read the files that the flags name; open no port yet.

        Raises:
          ServingError: a file is missing or invalid.
        """
        self.port = 0
        self.rest_port: int | None = None
        self._flags = flags
        self._batching = _batching(flags)
        self._metrics_path = _metrics_path(flags)
        self._credentials = server_credentials(flags.ssl_config_file) if flags.ssl_config_file else None
        self._rest_tls = ssl_context(flags.ssl_config_file) if flags.rest_api_enable_tls else None
        self._default_threads = _RUNNING if self._batching is None else _WAITING
        self._predictor: Predictor | None = None
        self._grpc: grpc.Server | None = None
        self._rest: RestPort | None = None
        self._health: HealthServicer | None = None

    def open(self, catalogue: Catalogue, metrics: Metrics) -> None:
        """Open the ports on the models of `catalogue`.

        Raises:
          PortTaken: one of them cannot be listened on.
        """
        self._predictor = Predictor(catalogue, metrics, batching=self._batching)
        try:
            if self._flags.rest_api_port:
                self._open_rest(self._predictor)
            self._open_grpc(self._predictor)
        except BaseException:
            self.close(grace=0)
            raise

    def close(self, grace: float) -> None:
        """Report NOT_SERVING, accept no new requests, wait up to `grace` seconds for those in flight."""
        if self._health is not None:
            self._health.enter_graceful_shutdown()
        drained = self._grpc.stop(grace) if self._grpc is not None else None
        if self._rest is not None:
            self._rest.stop(grace)
        if drained is not None:
            # Calls that were cancelled after the grace time count as ended although their runs go on.
            drained.wait()
        if self._predictor is not None:
            self._predictor.stop()

    def _open_grpc(self, predictor: Predictor) -> None:
        flags = self._flags

        def apply(request: ReloadConfigRequest, timeout: float | None) -> ReloadConfigResponse:
            if not flags.enable_reload_rpc:
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    "HandleReloadConfigRequest is off: start the server with --enable_reload_rpc, or change the file "
                    "of --model_config_file, which it polls every --model_config_file_poll_wait_seconds",
                )
            # A caller that disappears without a deadline must not occupy its thread for ever.
            seconds = _LONGEST_RELOAD if timeout is None else min(timeout, _LONGEST_RELOAD)
            return reload(predictor.catalogue, request, timeout=seconds, count=predictor.metrics.count)

        self._grpc = make_server(
            predictor,
            apply,
            threads=flags.grpc_max_threads or self._default_threads,
            channel_arguments=flags.grpc_channel_arguments,
        )
        if flags.enable_grpc_healthcheck_service:
            self._health = health.add_to(self._grpc)
        port = bind_grpc(self._grpc, address_of(flags.host, flags.port), self._credentials)
        if flags.grpc_socket_path:
            bind_grpc(self._grpc, f"unix:{flags.grpc_socket_path}", self._credentials)
        self._grpc.start()
        self.port = port

    def _open_rest(self, predictor: Predictor) -> None:
        flags = self._flags
        app = make_app(
            predictor,
            timeout=flags.rest_api_timeout_in_ms / 1000,
            threads=flags.rest_api_num_threads or self._default_threads,
            body_limit=flags.rest_api_max_body_bytes,
            metrics_path=self._metrics_path,
            allow_cors=flags.rest_api_enable_cors_support,
            pages=demo.routes(predictor.catalogue) if flags.demo else (),
        )
        # 0 is "off" in TensorFlow Serving, so -1 stands for a free port.
        self._rest = RestPort(app, flags.host, max(flags.rest_api_port, 0), self._rest_tls)
        self.rest_port = self._rest.port


def _batching(flags: Flags) -> BatchingParameters | None:
    if not flags.enable_batching:
        return None
    if not flags.batching_parameters_file:
        return BatchingParameters()
    message = read_file(Kind.BATCHING, flags.batching_parameters_file)
    fields = {field.name: value for field, value in message.ListFields()}
    names = BatchingParameters.__dataclass_fields__.keys() & fields.keys()
    values = {name: getattr(fields[name], "value", fields[name]) for name in names}
    if "allowed_batch_sizes" in values:
        values["allowed_batch_sizes"] = tuple(values["allowed_batch_sizes"])
    try:
        return BatchingParameters(**values)
    except ValueError as error:
        raise invalid(f"{flags.batching_parameters_file}: {error}") from error


def _metrics_path(flags: Flags) -> str | None:
    if not flags.monitoring_config_file:
        return None
    config = read_file(Kind.MONITORING, flags.monitoring_config_file).prometheus_config
    path = config.path or _METRICS_PATH
    if not path.startswith("/"):
        raise invalid(f"{flags.monitoring_config_file}: path {path!r} does not begin with /")
    return path if config.enable else None
