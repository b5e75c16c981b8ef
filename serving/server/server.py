"""The server as a whole: models, the watch over their folders, the gRPC port and the REST port."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from types import TracebackType

from serving.server.catalogue import Catalogue
from serving.server.flags import Flags
from serving.server.grpc_service import make_server
from serving.server.rest import RestPort
from serving.server.versions import ModelVersions
from serving.server.warmup import load

_LOG = logging.getLogger(__name__)
# How long a stop waits for requests in flight before it cancels them.
GRACE_SECONDS = 10.0
_SHORTEST_POLL = 0.05


class StartError(RuntimeError):
    """The server could not begin to serve; the text says why and what to do."""


class Server:
    """An embedded TensorFlow Serving. As a context manager it serves inside and stops at the end.

    Attributes:
      port: the gRPC port, once started.
      rest_port: the REST port, once started; None when REST is off.
    """

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.port = 0
        self.rest_port: int | None = None
        self._model = ModelVersions(flags.model_name, Path(flags.model_base_path), load)
        self._catalogue = Catalogue([self._model])
        self._grpc = make_server(self._catalogue, threads=flags.grpc_threads)
        self._rest: RestPort | None = None
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._keep_polling, name="versions", daemon=True)

    @property
    def target(self) -> str:
        """`host:port` of the gRPC port."""
        return f"{self.flags.host}:{self.port}"

    def start(self) -> None:
        """Loads the first version, then opens the ports; waits for a version when there is none yet.

        Raises:
          StartError: the version there is cannot be loaded, or a port cannot be taken.
        """
        if not Path(self.flags.model_base_path).is_dir():
            raise StartError(
                f"no folder {self.flags.model_base_path}; --model_base_path must name the folder that holds "
                "the numbered versions"
            )
        while not self._stopping.is_set():
            self._model.poll()
            if self._model.is_ready:
                break
            if failure := self._model.failure:
                raise StartError(
                    f"version {failure.version} of {self.flags.model_name} did not become available: "
                    f"{failure.message}; export it again or remove its folder"
                )
            self._stopping.wait(max(self.flags.file_system_poll_wait_seconds, _SHORTEST_POLL))
        if self._stopping.is_set():
            return
        self._open_ports()
        if self.flags.file_system_poll_wait_seconds:
            self._watch.start()

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Takes no new request, finishes those in flight (up to `grace` seconds), frees the models."""
        self._stopping.set()
        drained = self._grpc.stop(grace)
        if self._rest is not None:
            self._rest.stop(grace)
        drained.wait()
        if self._watch.is_alive():
            self._watch.join()
        self._model.close(timeout=grace + 1)

    def poll(self) -> None:
        """Looks at the folder now; only for a server that does not watch it by itself."""
        self._model.poll()

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

    def _open_ports(self) -> None:
        address = f"{self.flags.host}:{self.flags.port}"
        try:
            self.port = self._grpc.add_insecure_port(address)
        except RuntimeError as error:
            raise StartError(
                f"cannot listen on {address}; another server may hold the port: choose another --port, or 0 "
                "for a free one"
            ) from error
        self._grpc.start()
        if self.flags.rest_api_port:
            timeout = self.flags.rest_api_timeout_in_ms / 1000
            try:
                self._rest = RestPort(
                    self._catalogue,
                    self.flags.host,
                    max(self.flags.rest_api_port, 0),
                    timeout=timeout,
                    threads=self.flags.grpc_threads,
                )
            except OSError as error:
                raise StartError(
                    f"cannot listen on {self.flags.host}:{self.flags.rest_api_port}; choose another "
                    f"--rest_api_port, or -1 for a free one: {error}"
                ) from error
            self.rest_port = self._rest.port

    def _keep_polling(self) -> None:
        while not self._stopping.wait(self.flags.file_system_poll_wait_seconds):
            try:
                self._model.poll()
            except Exception:
                _LOG.exception("Looking for versions failed; trying again")
