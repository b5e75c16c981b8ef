"""The life of a model's versions: found on disk, loaded, visible, replaced, unloaded.

The rule is TensorFlow Serving's availability-preserving one: a new version is loaded and warm before the old
one goes, so that at no moment is there none; a version that cannot be loaded changes nothing for the others.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from serving.server.errors import Code, ServingError
from serving.server.folder import versions_in
from serving.server.servable import Servable

_LOG = logging.getLogger(__name__)

Loader = Callable[[str, int, Path], Servable]
Policy = Callable[[Iterable[int]], set[int]]


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


def latest(versions: Iterable[int]) -> set[int]:
    """The default policy: the newest version is wanted, no other."""
    return {max(versions)} if versions else set()


class ModelVersions:
    """All versions of one model. `poll` belongs to one thread, everything else to any."""

    def __init__(self, name: str, base: Path, load: Loader, *, wanted: Policy = latest) -> None:
        self.name = name
        self._base = base
        self._load = load
        self._wanted = wanted
        self._lock = threading.Lock()
        self._ready: dict[int, Servable] = {}
        self._statuses: dict[int, VersionStatus] = {}
        self._failed: set[int] = set()
        self._unloading: list[threading.Thread] = []
        self._warned = False

    def poll(self) -> None:
        """Looks at the folder once and brings what is served in line with it. Never raises."""
        try:
            found = versions_in(self._base)
        except OSError as error:
            # What is served stays: a file system that is away for a moment is not an order to unload.
            _LOG.error("Could not find base path %s for servable %s: %s", self._base, self.name, error)
            return
        if not found and not self._ready:
            self._warn_once()
        self._failed &= found.keys()
        wanted = self._wanted(found.keys())
        for version in sorted(wanted - self._ready.keys() - self._failed, reverse=True):
            self._bring_up(version, found[version])
        if not wanted or wanted & self._ready.keys():
            for version in sorted(self._ready.keys() - wanted):
                self._take_down(version)

    @contextmanager
    def use(self, version: int | None = None) -> Iterator[Servable]:
        """The servable of `version` (None: the newest that is ready), held open meanwhile.

        Raises:
          ServingError: NOT_FOUND when it is not ready.
        """
        with self._lock:
            chosen = max(self._ready, default=None) if version is None else version
            if chosen is None or chosen not in self._ready:
                wish = f"Latest({self.name})" if version is None else f"Specific({self.name}, {version})"
                raise ServingError(Code.NOT_FOUND, f"Servable not found for request: {wish}")
            # Counted under the lock: once a version has left `_ready` nobody new can enter it.
            user = self._ready[chosen].in_use()
            servable = user.__enter__()
        try:
            yield servable
        finally:
            user.__exit__(None, None, None)

    def statuses(self) -> list[VersionStatus]:
        """Every version ever seen, the newest first; unloaded and failed ones stay as END."""
        with self._lock:
            return [self._statuses[version] for version in sorted(self._statuses, reverse=True)]

    @property
    def is_ready(self) -> bool:
        """Whether any version can be asked."""
        return bool(self._ready)

    @property
    def failure(self) -> VersionStatus | None:
        """The newest version that could not be loaded and is still there."""
        return self._statuses[max(self._failed)] if self._failed else None

    def close(self, timeout: float) -> None:
        """Unloads everything; waits until it is freed, or `timeout` seconds if runs do not end."""
        give_up = time.monotonic() + timeout
        for version in list(self._ready):
            self._take_down(version)
        for thread in self._unloading:
            thread.join(max(0.0, give_up - time.monotonic()))
            if thread.is_alive():
                _LOG.warning("A run in %s does not end: its memory is not freed", thread.name)

    def _bring_up(self, version: int, path: Path) -> None:
        self._note(VersionStatus(version, State.LOADING))
        _LOG.info("Loading servable {name: %s version: %d} from %s", self.name, version, path)
        try:
            servable = self._load(self.name, version, path)
        except ServingError as error:
            self._fail(version, error.code, error.message)
            return
        except Exception as error:  # whatever a broken folder can raise, the old version goes on
            _LOG.exception("Unexpected while loading %s version %d", self.name, version)
            self._fail(version, Code.UNKNOWN, f"{type(error).__name__}: {error}")
            return
        with self._lock:
            self._ready[version] = servable
            self._statuses[version] = VersionStatus(version, State.AVAILABLE)
        _LOG.info("Successfully loaded servable version {name: %s version: %d}", self.name, version)

    def _fail(self, version: int, code: Code, message: str) -> None:
        self._failed.add(version)
        self._note(VersionStatus(version, State.END, code, message))
        _LOG.error("Loading servable {name: %s version: %d} failed: %s", self.name, version, message)

    def _take_down(self, version: int) -> None:
        with self._lock:
            servable = self._ready.pop(version)
            self._statuses[version] = VersionStatus(version, State.UNLOADING)

        def unload() -> None:
            servable.close_when_unused()
            self._note(VersionStatus(version, State.END))
            _LOG.info("Done unloading servable version {name: %s version: %d}", self.name, version)

        # In its own thread: one long request must not keep the next version from being found.
        thread = threading.Thread(target=unload, name=f"unload-{self.name}-{version}", daemon=True)
        self._unloading = [*(other for other in self._unloading if other.is_alive()), thread]
        thread.start()

    def _note(self, status: VersionStatus) -> None:
        with self._lock:
            self._statuses[status.version] = status

    def _warn_once(self) -> None:
        if not self._warned:
            self._warned = True
            _LOG.warning(
                "No versions of servable %s found under base path %s. Did you forget to name your leaf "
                "directory as a number (eg. '/1/')?",
                self.name,
                self._base,
            )
