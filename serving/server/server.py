"""The server as a whole: models, the watch over their configuration, and the ports."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from types import TracebackType

from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.server.config.config_text import Kind, read_file
from serving.server.config.model_config import single
from serving.server.endpoints.endpoints import Faces
from serving.server.endpoints.ports import PortTaken, address_of
from serving.server.errors import ServingError
from serving.server.flags import Flags
from serving.server.inference.warmup import load
from serving.server.metrics import Metrics
from serving.server.versions.catalogue import Catalogue
from serving.server.versions.failed_loads import Retries
from serving.server.versions.watch import Watch

_LOG = logging.getLogger(__name__)
# How long a stop waits for requests in flight before it cancels them.
GRACE_SECONDS = 10.0


class StartError(RuntimeError):
    """The server could not begin to serve; the text says why and what to do."""


class Server:
    """An embedded TensorFlow Serving. As a context manager it serves inside and stops at the end.

    Attributes:
      port: the gRPC port, once started.
      rest_port: the REST port, once started; None when REST is off.
      catalogue: the models.
    """

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.port = 0
        self.rest_port: int | None = None
        self._metrics = Metrics(distributions=bool(flags.monitoring_config_file))
        warm_load = partial(
            load,
            warm_up=flags.enable_model_warmup,
            iterations=max(flags.num_request_iterations_for_warmup, 1),
            tell=self._metrics.warmed,
        )
        self.catalogue = Catalogue(
            warm_load,
            poll_wait=flags.file_system_poll_wait_seconds,
            retries=Retries(flags.max_num_load_retries, max(flags.load_retry_interval_micros, 0) / 1e6),
            labels_before_versions=flags.allow_version_labels_for_unavailable_models,
        )
        self._faces: Faces | None = None
        self._config_watch = Watch(
            "model-config", self._reread_config, every=flags.model_config_file_poll_wait_seconds
        )
        self._complaint = ""
        # Ports are opened and closed under it: a stop may come while a start is still going on.
        self._turning = threading.Lock()
        self._stopped = False

    @property
    def target(self) -> str:
        """`host:port` of the gRPC port."""
        return address_of(self.flags.host, self.port)

    def start(self) -> None:
        """Loads the first versions, then opens the ports; waits for a version where there is none yet.

        Raises:
          StartError: a file of the flags is wrong, a model cannot be loaded, or a port cannot be had.
        """
        try:
            faces = Faces(self.flags)
            self.catalogue.wait(self.catalogue.apply(self._read_config()), noun="servable(s)")
        except ServingError as error:
            if self._stopped:
                return
            raise StartError(f"{error.code.name}: {error.message}") from error
        with self._turning:
            if self._stopped:
                return
            try:
                faces.open(self.catalogue, self._metrics)
            except PortTaken as error:
                raise StartError(
                    f"cannot listen on {error}; another server may hold the port: choose another --port or "
                    "--rest_api_port, or a free one by 0 and -1"
                ) from error
            self._faces = faces
            self.port, self.rest_port = faces.port, faces.rest_port
        if self.flags.model_config_file and self.flags.model_config_file_poll_wait_seconds:
            self._config_watch.start()

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Takes no new request, finishes those in flight (up to `grace` seconds), frees the models."""
        give_up = time.monotonic() + grace
        with self._turning:
            self._stopped = True
            self._config_watch.stop(timeout=grace)
            if self._faces is not None:
                self._faces.close(grace)
        self.catalogue.close(timeout=max(0.0, give_up - time.monotonic()) + 1)

    def __enter__(self) -> Server:
        try:
            self.start()
        except BaseException:
            self.stop(grace=0)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _read_config(self) -> ModelServerConfig:
        if self.flags.model_config_file:
            return read_file(Kind.MODELS, self.flags.model_config_file)
        return single(self.flags.model_name, self.flags.model_base_path)

    def _reread_config(self) -> None:
        """Follows the file; what is wrong with it changes nothing of what is served."""
        doing = "Failed to read ModelServerConfig file"
        try:
            config = self._read_config()
            doing = "PollFilesystemAndReloadConfig failed to ReloadConfig"
            # A configuration that came by RPC holds until the next look at the file, as in TensorFlow Serving.
            if config != self.catalogue.config:
                self.catalogue.apply(config)
            self._complaint = ""
        except ServingError as error:
            # Said once, tried at each look: a label may have to wait for its version.
            if error.message != self._complaint:
                self._complaint = error.message
                _LOG.error("%s: %s", doing, error.message)
