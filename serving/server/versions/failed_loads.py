"""Failed loads, and when each is due for another try."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from serving.registry.version_folder import Content, content_of


@dataclass(frozen=True)
class Retries:
    """Repeat a failed load at most `most` times, `pause` seconds apart."""

    most: int = 5
    pause: float = 60.0


@dataclass(frozen=True)
class _Failure:
    """A load that failed `tries` times; the next is due at `due` (monotonic), None if given up."""

    tries: int
    due: float | None
    content: Content


class FailedLoads:
    """The versions of one model that failed to load. Written by one thread, read by any."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._failures: dict[int, _Failure] = {}

    def __contains__(self, version: int) -> bool:
        return version in self._failures

    def add(self, version: int, content: Content) -> int:
        """Record another failed load of `version`, on files like `content`.

        Returns:
          The number of the next try, from 1; 0 when the version is given up.
        """
        before = self._failures.get(version)
        tries = before.tries + 1 if before else 1
        again = tries <= self._retries.most
        due = time.monotonic() + self._retries.pause if again else None
        self._failures[version] = _Failure(tries, due, content)
        return tries if again else 0

    def keep(self, versions: Iterable[int]) -> None:
        """Forget all but `versions`."""
        self._failures = {version: self._failures[version] for version in versions if version in self}

    def is_due(self, version: int, folder: Path) -> bool:
        """Whether `version` may be loaded now: it never failed, is due again, or its files have changed."""
        failure = self._failures.get(version)
        if failure is None:
            return True
        if content_of(folder) != failure.content:
            # Repaired or copied completely meanwhile: count the tries from the start.
            self.keep(self._failures.keys() - {version})
            return True
        return failure.due is not None and failure.due <= time.monotonic()

    def is_given_up(self, version: int) -> bool:
        """Whether no further try of `version` is planned."""
        failure = self._failures.get(version)
        return failure is not None and failure.due is None

    @property
    def next_try(self) -> float | None:
        """Seconds until the next try; None when none is planned."""
        due = [failure.due for failure in self._failures.values() if failure.due is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None
