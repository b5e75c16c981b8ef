"""The life of a model's versions: found on disk, loaded, visible, replaced, unloaded.

The rule is TensorFlow Serving's availability-preserving one: a new version is loaded and warm before the old
one goes, so that at no moment is there none; a version that cannot be loaded changes nothing for the others.
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

from serving.registry.folder import Content, content_of, versions_in
from serving.server.config.model_config import Model
from serving.server.errors import Code, ServingError
from serving.server.graph.servable import Servable
from serving.server.versions.failed_loads import FailedLoads, Retries

_LOG = logging.getLogger(__name__)
_LOWEST_PRIORITY = 19

Loader = Callable[[str, int, Path], Servable]


class State(IntEnum):
    """Where a version stands, with the numbers of `ModelVersionStatus.State`."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True)
class VersionStatus:
    """A version's state; `code` and `message` say why a load failed."""

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
        """Knows no folder yet: `follow` says which.

        Args:
          name: the model's.
          load: loads a version and makes it warm.
          retries: what follows a failed load.
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
        self._said = ""

    def follow(self, model: Model | None) -> None:
        """What the next polls bring about; None: nothing is wanted any more, all versions go."""
        with self._lock:
            if self._model is None:  # a model that comes back starts afresh
                self._wanted, self._failures = set(), FailedLoads(self._retries)
            self._model = model

    def poll(self) -> float | None:
        """Looks at the folder once and brings what is served in line with it. Never raises.

        Returns:
          Seconds until a failed load is to be tried again; None when there is none.
        """
        model = self._model
        try:
            found = versions_in(model.base_path) if model else {}
        except OSError as error:
            # What is served stays: a file system that is away for a moment is not an order to unload.
            self._say(
                logging.ERROR, f"Could not find base path {error.filename} for servable {self.name}: {error}"
            )
            return self._failures.next_try
        wanted = model.wanted(found) if model else set()
        self._say_what_is_amiss(model, wanted, found)
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
        self._retire(wanted)
        for version in missing:
            if self._closing or self._model is not model:
                break
            if self._failures.is_due(version, found[version]):
                self._bring_up(version, found[version])
                self._retire(wanted)
        return self._failures.next_try

    def use(self, version: int | None = None) -> Servable:
        """The servable of `version` (None: the newest that is ready), held open: for a `with`, which lets it go.

        Raises:
          ServingError: NOT_FOUND when it is not ready.
        """
        with self._lock:
            chosen = max(self._ready, default=None) if version is None else version
            if chosen is None or chosen not in self._ready:
                raise not_found(self.name, version)
            servable = self._ready[chosen]
            # Counted under the lock: once a version has left `_ready` nobody new can enter it.
            servable.enter()
        return servable

    def statuses(self) -> list[VersionStatus]:
        """Every version ever seen, the newest first; unloaded and failed ones stay as END."""
        with self._lock:
            return [self._statuses[version] for version in sorted(self._statuses, reverse=True)]

    @property
    def ready(self) -> list[int]:
        """The versions that can be asked, the newest first."""
        with self._lock:
            return sorted(self._ready, reverse=True)

    @property
    def is_settled(self) -> bool:
        """Whether all that is wanted has been tried, and some can be asked or none will ever be."""
        with self._lock:
            tried = all(version in self._ready or version in self._failures for version in self._wanted)
            is_ready = bool(self._ready)
        return tried and (is_ready or self.failure is not None)

    @property
    def failure(self) -> VersionStatus | None:
        """The newest version, if none is ready and every wanted one has been given up."""
        with self._lock:
            lost = [version for version in self._wanted if self._failures.is_given_up(version)]
            if self._ready or not lost or len(lost) < len(self._wanted):
                return None
            return self._statuses[max(lost)]

    def close(self, timeout: float) -> None:
        """Unloads everything; waits until it is freed, or `timeout` seconds if runs do not end."""
        give_up = time.monotonic() + timeout
        self._closing = True
        for version in self.ready:
            self._take_down(version)
        for thread in self._unloading:
            thread.join(max(0.0, give_up - time.monotonic()))
            if thread.is_alive():
                _LOG.warning("A run in %s does not end: its memory is not freed", thread.name)

    def stop_loading(self) -> None:
        """Begins no further load."""
        self._closing = True

    def _bring_up(self, version: int, path: Path) -> None:
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
        except Exception as error:  # whatever a broken folder can raise, the old version goes on
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
            if not retry:  # it stays LOADING until then, as in TensorFlow Serving
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

    def _retire(self, wanted: set[int]) -> None:
        """Unloads what is not wanted, the lowest first, unless nothing of what is wanted is ready."""
        with self._lock:
            ready = set(self._ready)
        if not wanted or wanted & ready:
            for version in sorted(ready - wanted):
                self._take_down(version)

    def _take_down(self, version: int) -> None:
        with self._lock:
            servable = self._ready.pop(version)
            self._statuses[version] = VersionStatus(version, State.UNLOADING)
        self._announce()

        def unload() -> None:
            # Of this thread alone: what is freed can wait, the requests cannot.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
            servable.close_when_unused()
            with self._lock:
                # Wanted again meanwhile, the same number stands for another load.
                if self._statuses[version].state is State.UNLOADING:
                    self._statuses[version] = VersionStatus(version, State.END)
            self._announce()
            _LOG.info("Done unloading servable version {name: %s version: %d}", self.name, version)

        # In its own thread: one long request must not keep the next version from being found.
        thread = threading.Thread(target=unload, name=f"unload-{self.name}-{version}", daemon=True)
        self._unloading = [*(other for other in self._unloading if other.is_alive()), thread]
        thread.start()

    def _announce(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _say_what_is_amiss(self, model: Model | None, wanted: set[int], found: Mapping[int, Path]) -> None:
        if model is None:
            return
        moved = [
            version
            for version in sorted(wanted & self._ready.keys())
            if self._ready[version].path != found[version]
        ]
        if model.specific is not None and (absent := sorted(model.specific - wanted)):
            self._say(
                logging.WARNING,
                f"Version {', '.join(map(str, absent))} of servable {self.name}, which was requested to be "
                "served as a 'specific' version in the servable's version policy, was not found in the file "
                "system",
            )
        elif not wanted:
            self._say(
                logging.WARNING,
                f"No versions of servable {self.name} found under base path {model.base_path}. Did you forget "
                "to name your leaf directory as a number (eg. '/1/')?",
            )
        elif moved:
            self._say(
                logging.WARNING,
                f"Version {', '.join(map(str, moved))} of servable {self.name} goes on being served from the "
                f"folder it was loaded from, not from {model.base_path}: a number that is served is not loaded "
                "again; give the other model another number",
            )
        else:
            self._said = ""

    def _say(self, level: int, text: str) -> None:
        """Logs `text` unless the last poll had the same to say."""
        if text != self._said:
            self._said = text
            _LOG.log(level, "%s", text)


def not_found(name: str, version: int | None) -> ServingError:
    """What is said of a model, or of a version of it, that is not ready."""
    wish = f"Latest({name})" if version is None else f"Specific({name}, {version})"
    return ServingError(Code.NOT_FOUND, f"Servable not found for request: {wish}")
