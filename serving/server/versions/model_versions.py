"""A model's versions from START to END: found on disk, loaded, served, replaced, unloaded.

The policy is TensorFlow Serving's availability-preserving one: a new version is loaded and warmed up before
the old one is unloaded, so that some version is always available; a failed load does not affect the other
versions.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from serving.registry.version_folder import Content, content_of, versions_in
from serving.server.config.model_config import Model
from serving.server.graph.servable import Servable
from serving.server.versions.failed_loads import FailedLoads, Retries
from serving.server.wire.errors import Code, ServingError

_LOG = logging.getLogger(__name__)
_LOWEST_PRIORITY = 19

Loader = Callable[[str, int, Path], Servable]


class State(IntEnum):
    """The state of a version, with the numbers of `ModelVersionStatus.State`."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True)
class VersionStatus:
    """A version's state, with code and message of a failed load."""

    version: int
    state: State
    code: Code = Code.OK
    message: str = ""


class ModelVersions:
    """All versions of one model. `poll` belongs to one thread, everything else to any."""

    def __init__(
        self,
        name: str,
        load: Loader,
        *,
        retries: Retries | None = None,
        changed: threading.Condition | None = None,
    ) -> None:
        """Start without a folder; `follow` sets it.

        Args:
          name: the model's.
          load: loads a version and warms it up.
          retries: how often and when a failed load is repeated.
          changed: notified after each change of a state.
        """
        self.name = name
        self._load = load
        self._retries = retries or Retries()
        self._changed = changed or threading.Condition()
        self._lock = threading.Lock()
        self._model: Model | None = None
        self._wanted: set[int] = set()
        self._ready: dict[int, Servable] = {}
        self._statuses: dict[int, VersionStatus] = {}
        self._failures = FailedLoads(self._retries)
        self._unloading: list[threading.Thread] = []
        self._closing = False
        self._last_complaint = ""

    def follow(self, model: Model | None) -> None:
        """Set the configuration that the next polls carry out; None unloads all versions."""
        with self._lock:
            if self._model is None:  # a model that is listed again starts afresh
                self._wanted, self._failures = set(), FailedLoads(self._retries)
            self._model = model

    def poll(self) -> float | None:
        """Read the folder once, then load and unload versions to match it. Does not raise.

        Returns:
          Seconds until a failed load is due for another try; None when none is.
        """
        model = self._model
        try:
            on_disk = versions_in(model.base_path) if model else {}
        except OSError as error:
            # Keep serving: a file system that is unreachable for a moment is no reason to unload.
            self._complain(
                logging.ERROR, f"Could not find base path {error.filename} for servable {self.name}: {error}"
            )
            return self._failures.next_try
        wanted = model.wanted(on_disk) if model else set()
        if model:
            self._complain_of_missing(model, wanted, on_disk)
        with self._lock:
            self._wanted = wanted
            missing = sorted(wanted - self._ready.keys(), reverse=True)
            self._failures.keep(missing)
            for status in list(self._statuses.values()):
                if status.state in (State.START, State.LOADING) and status.version not in wanted:
                    self._statuses[status.version] = VersionStatus(status.version, State.END)
            for version in missing:
                if version not in self._failures:
                    self._statuses[version] = VersionStatus(version, State.START)
        self._unload_unwanted(wanted)
        for version in missing:
            if self._closing or self._model is not model:
                break
            if self._failures.is_due(version, on_disk[version]):
                self._load_version(version, on_disk[version])
                self._unload_unwanted(wanted)
        return self._failures.next_try

    def use(self, version: int | None = None) -> Servable:
        """Find the servable of `version` (None: the newest ready one) and count its user; leave it by `with`.

        Raises:
          ServingError: NOT_FOUND when it is not ready.
        """
        with self._lock:
            chosen = max(self._ready, default=None) if version is None else version
            if chosen is None or chosen not in self._ready:
                raise not_found(self.name, version)
            servable = self._ready[chosen]
            # Counted under the lock: a version that has left `_ready` gets no new users.
            servable.enter()
        return servable

    def statuses(self) -> list[VersionStatus]:
        """List every version ever seen, the newest first; unloaded and failed ones stay as END."""
        with self._lock:
            return [self._statuses[version] for version in sorted(self._statuses, reverse=True)]

    @property
    def ready(self) -> list[int]:
        """The available versions, the newest first."""
        with self._lock:
            return sorted(self._ready, reverse=True)

    @property
    def is_settled(self) -> bool:
        """Whether every wanted version has been tried, and one is available or all are given up."""
        with self._lock:
            tried = all(version in self._ready or version in self._failures for version in self._wanted)
            is_ready = bool(self._ready)
        return tried and (is_ready or self.failure is not None)

    @property
    def failure(self) -> VersionStatus | None:
        """The status of the newest version, if none is ready and every wanted one has been given up."""
        with self._lock:
            lost = [version for version in self._wanted if self._failures.is_given_up(version)]
            if self._ready or not lost or len(lost) < len(self._wanted):
                return None
            return self._statuses[max(lost)]

    def close(self, timeout: float) -> None:
        """Unload everything; wait until it is freed, or `timeout` seconds if runs do not end."""
        give_up = time.monotonic() + timeout
        self._closing = True
        for version in self.ready:
            self._unload(version)
        for thread in self._unloading:
            thread.join(max(0.0, give_up - time.monotonic()))
            if thread.is_alive():
                _LOG.warning("A run in %s does not end: its memory is not freed", thread.name)

    def stop_loading(self) -> None:
        """Start no further load."""
        self._closing = True

    def _load_version(self, version: int, path: Path) -> None:
        content = content_of(path)
        with self._lock:
            self._statuses[version] = VersionStatus(version, State.LOADING)
        self._announce()
        _LOG.info("Loading servable {name: %s version: %d} from %s", self.name, version, path)
        try:
            servable = self._load(self.name, version, path)
        except ServingError as error:
            self._fail(version, content, error.code, error.message)
            return
        except Exception as error:  # a broken folder can raise anything; the old version stays
            _LOG.exception("Unexpected while loading %s version %d", self.name, version)
            self._fail(version, content, Code.UNKNOWN, f"{type(error).__name__}: {error}")
            return
        with self._lock:
            self._failures.keep(self._wanted - {version})
            self._ready[version] = servable
            self._statuses[version] = VersionStatus(version, State.AVAILABLE)
        self._announce()
        _LOG.info("Successfully loaded servable version {name: %s version: %d}", self.name, version)

    def _fail(self, version: int, content: Content, code: Code, message: str) -> None:
        with self._lock:
            retry = self._failures.add(version, content)
            if not retry:  # until then it stays LOADING, as in TensorFlow Serving
                self._statuses[version] = VersionStatus(version, State.END, code, message)
        self._announce()
        _LOG.error("Loading servable {name: %s version: %d} failed: %s", self.name, version, message)
        if retry:
            _LOG.warning(
                "Retrying of Loading servable: {name: %s version: %d} retry: %d, in %g s",
                self.name,
                version,
                retry,
                self._retries.pause,
            )

    def _unload_unwanted(self, wanted: set[int]) -> None:
        """Unload unwanted versions, the lowest first, once a wanted one is ready or none is wanted."""
        with self._lock:
            ready = set(self._ready)
        if not wanted or wanted & ready:
            for version in sorted(ready - wanted):
                self._unload(version)

    def _unload(self, version: int) -> None:
        with self._lock:
            servable = self._ready.pop(version)
            self._statuses[version] = VersionStatus(version, State.UNLOADING)
        self._announce()

        def unload() -> None:
            # For this thread alone: freeing memory can wait, requests cannot.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
            servable.close_when_unused()
            with self._lock:
                # Loaded again meanwhile, the number may be that of another servable.
                if self._statuses[version].state is State.UNLOADING:
                    self._statuses[version] = VersionStatus(version, State.END)
            self._announce()
            _LOG.info("Done unloading servable version {name: %s version: %d}", self.name, version)

        # In its own thread: one long request must not delay the next version.
        thread = threading.Thread(target=unload, name=f"unload-{self.name}-{version}", daemon=True)
        self._unloading = [*(other for other in self._unloading if other.is_alive()), thread]
        thread.start()

    def _announce(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _complain_of_missing(self, model: Model, wanted: set[int], on_disk: Mapping[int, Path]) -> None:
        moved = [
            version
            for version in sorted(wanted & self._ready.keys())
            if self._ready[version].path != on_disk[version]
        ]
        if model.specific is not None and (absent := sorted(model.specific - wanted)):
            self._complain(
                logging.WARNING,
                f"Version {', '.join(map(str, absent))} of servable {self.name}, which was requested to be "
                "served as a 'specific' version in the servable's version policy, was not found in the file "
                "system",
            )
        elif not wanted:
            self._complain(
                logging.WARNING,
                f"No versions of servable {self.name} found under base path {model.base_path}. Did you "
                "forget to name your leaf directory as a number (eg. '/1/')?",
            )
        elif moved:
            self._complain(
                logging.WARNING,
                f"Version {', '.join(map(str, moved))} of servable {self.name} is still served from the "
                f"folder it was loaded from, not {model.base_path}: a served number is not loaded again; "
                "give the other model another number",
            )
        else:
            self._last_complaint = ""

    def _complain(self, level: int, text: str) -> None:
        """Log `text`, unless the last poll logged the same."""
        if text != self._last_complaint:
            self._last_complaint = text
            _LOG.log(level, "%s", text)


def not_found(name: str, version: int | None) -> ServingError:
    """Make the error for a model, or a version of it, that is not ready."""
    wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
    return ServingError(Code.NOT_FOUND, f"Servable not found for request: {wanted}")
