"""How a graph is run for a request: by itself here, with others in `batching`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from serving.server.graph.calls import Call
from serving.server.graph.servable import Servable

Results = list[np.ndarray]


class Runner(Protocol):
    """Runs graphs; its methods may be called from any thread."""

    def run(
        self, servable: Servable, call: Call, arrays: Sequence[np.ndarray], *, timeout: float | None
    ) -> Results:
        """Run `call` and return its results, one per fetch.

        Args:
          servable: the caller is counted as its user.
          call: what to feed and to fetch.
          arrays: one per feed.
          timeout: seconds that the caller waits; None is for ever. A run that has started is not interrupted.

        Raises:
          ServingError: the op's error, or the runner refuses the request.
        """

    def stop(self) -> None:
        """End the threads once the queued runs are done."""


class Direct:
    """A `Runner` that runs each request by itself, at once."""

    def run(
        self, servable: Servable, call: Call, arrays: Sequence[np.ndarray], *, timeout: float | None
    ) -> Results:
        """Run `call` now; the ports enforce the deadline."""
        return servable.session.run(call.feeds, call.fetches, arrays)

    def stop(self) -> None:
        """Do nothing: there are no threads."""
