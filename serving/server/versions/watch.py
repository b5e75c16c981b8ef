"""A thread that polls."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_LOG = logging.getLogger(__name__)


class Watch:
    """Calls `look` at once, after each pause and when woken, in one thread of its own."""

    def __init__(self, name: str, look: Callable[[], float | None], *, every: float) -> None:
        """Prepare the thread; `start` starts it.

        Args:
          name: the thread's.
          look: returns the seconds after which it must be called again at the latest, or None.
          every: the pause in seconds; 0 looks once, and again only when woken or when due by the result of `look`.
        """
        self._look = look
        self._every = every or None
        self._awake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start to look."""
        self._thread.start()

    def wake(self) -> None:
        """Look now, or once more after the look in progress."""
        self._awake.set()

    def stop(self, timeout: float | None = None) -> None:
        """End the thread; wait up to `timeout` seconds for the look in progress."""
        self._stopping = True
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping:
            self._awake.clear()
            latest = None
            try:
                latest = self._look()
            except Exception:  # the next look may succeed
                _LOG.exception("%s: looking failed; trying again", self._thread.name)
            pauses = [pause for pause in (self._every, latest) if pause is not None]
            if not self._stopping:
                self._awake.wait(min(pauses) if pauses else None)
