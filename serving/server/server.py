"""A complete server: models, the polling of their configuration file, and the ports."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from pathlib import Path

from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.server.config.config_text import Kind, read_file
from serving.server.config.model_config import single
from serving.server.endpoints.ports import PortTaken, address_of
from serving.server.flags import Flags
from serving.server.inference.metrics import Metrics
from serving.server.inference.warmup import load
from serving.server.opening import Endpoints
from serving.server.versions.catalogue import Catalogue
from serving.server.versions.failed_loads import Retries
from serving.server.versions.verified import verified
from serving.server.versions.watch import Watch
from serving.server.wire.errors import ServingError

_LOG = logging.getLogger(__name__)
# How long a stop waits for requests in flight before it cancels them.
GRACE_SECONDS = 10.0


class StartError(RuntimeError):
    """The server could not start; the message says why and what to do."""


class Server:
    """An embedded stand-in for TensorFlow Serving. As a context manager it starts, and stops at the end.

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
            report=self._metrics.warmed,
        )
        self.catalogue = Catalogue(
            verified(
                warm_load,
                require_manifest=flags.require_manifest,
                public_key=Path(flags.public_key_file) if flags.public_key_file else None,
            ),
            poll_wait=flags.file_system_poll_wait_seconds,
            retries=Retries(flags.max_num_load_retries, max(flags.load_retry_interval_micros, 0) / 1e6),
            labels_before_versions=flags.allow_version_labels_for_unavailable_models,
        )
        self._endpoints: Endpoints | None = None
        self._config_watch = Watch(
            "model-config", self._reread_config, every=flags.model_config_file_poll_wait_seconds
        )
        self._last_complaint = ""
        # Held while ports are opened and closed: a stop may come during a start.
        self._switching = threading.Lock()
        self._stopped = False

    @property
    def target(self) -> str:
        """`host:port` of the gRPC port."""
        return address_of(self.flags.host, self.port)

    def start(self) -> None:
        """Load the first versions, then open the ports; wait for a first version of each model.

        Raises:
          StartError: a configuration file is invalid, a model cannot be loaded, or a port is taken.
        """
        try:
            endpoints = Endpoints(self.flags)
            self.catalogue.wait(self.catalogue.apply(self._read_config()))
        except ServingError as error:
            if self._stopped:
                return
            raise StartError(f"{error.code.name}: {error.message}") from error
        with self._switching:
            if self._stopped:
                return
            try:
                endpoints.open(self.catalogue, self._metrics)
            except PortTaken as error:
                raise StartError(
                    f"cannot listen on {error}; another server may hold the port: choose another --port or "
                    "--rest_api_port, or a free one by 0 and -1"
                ) from error
            self._endpoints = endpoints
            self.port, self.rest_port = endpoints.port, endpoints.rest_port
        if self.flags.model_config_file and self.flags.model_config_file_poll_wait_seconds:
            self._config_watch.start()

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Accept no new requests, finish those in flight (up to `grace` seconds), free the models."""
        give_up = time.monotonic() + grace
        with self._switching:
            self._stopped = True
            self._config_watch.stop(timeout=grace)
            if self._endpoints is not None:
                self._endpoints.close(grace)
        self.catalogue.close(timeout=max(0.0, give_up - time.monotonic()) + 1)

    def __enter__(self) -> Server:
        try:
            self.start()
        except BaseException:
            self.stop(grace=0)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read_config(self) -> ModelServerConfig:
        if self.flags.model_config_file:
            return read_file(Kind.MODELS, self.flags.model_config_file)
        return single(self.flags.model_name, self.flags.model_base_path)

    def _reread_config(self) -> None:
        """Apply the configuration file if it has changed; an invalid one is logged and changes nothing."""
        step = "Failed to read ModelServerConfig file"
        try:
            config = self._read_config()
            step = "PollFilesystemAndReloadConfig failed to ReloadConfig"
            # A configuration that came by RPC holds until the next poll of the file, as in TensorFlow
            # Serving.
            if config != self.catalogue.config:
                self.catalogue.apply(config)
            self._last_complaint = ""
        except ServingError as error:
            # Logged once, tried at each poll: a label may have to wait for its version.
            if error.message != self._last_complaint:
                self._last_complaint = error.message
                _LOG.error("%s: %s", step, error.message)
