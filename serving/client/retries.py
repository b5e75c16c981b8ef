"""Whether and when a failed call is retried."""

from __future__ import annotations

import random
import time

from serving.client.protocol.errors import TaggerError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


class Attempts:
    """The tries of one request; its clock starts when it is constructed."""

    def __init__(self, *, timeout: float, retries: int) -> None:
        self._deadline = time.monotonic() + timeout
        self._retries_left = retries
        self._pause = _FIRST_PAUSE

    def seconds_left(self) -> float:
        """Return the seconds that the next try may take."""
        return max(0.001, self._deadline - time.monotonic())

    def pause_after(self, error: TaggerError) -> float:
        """Return the seconds to wait before the next try.

        Raises:
          TaggerError: `error` itself, if a retry cannot help or none is left.
        """
        # Jitter keeps many clients from retrying in one wave.
        pause = self._pause * random.uniform(0.5, 1.5)
        if not error.may_pass or self._retries_left == 0 or time.monotonic() + pause >= self._deadline:
            raise error
        self._retries_left -= 1
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return pause
