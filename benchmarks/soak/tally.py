"""What became of all requests."""

from __future__ import annotations

import threading
from collections import Counter


class Tally:
    """Counts from many threads.

    Attributes:
        statuses: requests by status, honest and hostile ones apart.
        wrong: answers that are not the expected ones, and statuses that no request may get; the first ones in
            words.
        lost: honest requests without an answer; the first ones in words.
    """

    def __init__(self) -> None:
        self.statuses: Counter[tuple[str, str]] = Counter()
        self.wrong: list[str] = []
        self.lost: list[str] = []
        self._lock = threading.Lock()

    def add(self, kind: str, status: str, *, wrong: str = "", lost: str = "") -> None:
        """Count one request; `wrong` and `lost` say in words why it is."""
        with self._lock:
            self.statuses[kind, status] += 1
            if wrong:
                self.wrong.append(f"{kind} {status}: {wrong[:300]}")
            if lost:
                self.lost.append(f"{kind} {status}: {lost[:300]}")

    def told(self) -> list[str]:
        """Say the counts, a line each."""
        lines = [f"wrong {len(self.wrong)}, lost {len(self.lost)}"]
        for kind in sorted({kind for kind, _ in self.statuses}):
            counts = sorted((status, count) for (of, status), count in self.statuses.items() if of == kind)
            lines.append(f"{kind}: " + ", ".join(f"{status} {count:,}" for status, count in counts))
        return lines
