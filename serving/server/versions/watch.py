"""A thread that looks at something again and again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_LOG = logging.getLogger(__name__)


class Watch:
    """Calls `look` at once, after each pause and when woken, in one thread of its own."""

    def __init__(self, name: str, look: Callable[[], float | None], *, every: float) -> None:
        """Starts nothing yet.

        Args:
          name: the thread's.
          look: what to call; gives the seconds after which it wants to be called at the latest, or None.
          every: the pause in seconds; 0 looks once, and again only when woken or when `look` asked for it.
        """
        self._look = look
        self._every = every or None
        self._awake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def wake(self) -> None:
        """Has it look now, or once more after the look it is taking."""
        self._awake.set()

    def stop(self, timeout: float | None = None) -> None:
        """Ends it; waits up to `timeout` seconds for the look it is taking."""
        self._stopping = True
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping:
            self._awake.clear()
            asked = None
            try:
                asked = self._look()
            except Exception:  # a look that fails is no reason to look no more
                _LOG.exception("%s: looking failed; trying again", self._thread.name)
            pauses = [pause for pause in (self._every, asked) if pause is not None]
            if not self._stopping:
                self._awake.wait(min(pauses) if pauses else None)
