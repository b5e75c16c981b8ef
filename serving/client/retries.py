"""Whether a call that failed is made again, and when."""

from __future__ import annotations

import random
import time

from serving.client.errors import TaggerError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


class Attempts:
    """The tries that one request has; its clock starts when it is made."""

    def __init__(self, *, timeout: float, retries: int) -> None:
        self._give_up = time.monotonic() + timeout
        self._retries_left = retries
        self._pause = _FIRST_PAUSE

    def seconds_left(self) -> float:
        """The deadline of the next try."""
        return max(0.001, self._give_up - time.monotonic())

    def pause_after(self, error: TaggerError) -> float:
        """Seconds to wait before the next try.

        Raises:
          TaggerError: `error` itself, if another try could not help or there is none left.
        """
        # Jitter keeps many clients from coming back in one wave.
        pause = self._pause * random.uniform(0.5, 1.5)
        if not error.may_pass or self._retries_left == 0 or time.monotonic() + pause >= self._give_up:
            raise error
        self._retries_left -= 1
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return pause
