"""Ways to run a graph for a request, in the thread of the request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from serving.server.graph.calls import Call
from serving.server.graph.servable import Servable

Results = list[np.ndarray]


class Runner(Protocol):
    """What requests run graphs by; its methods may be called from any thread."""

    def run(
        self, servable: Servable, call: Call, arrays: Sequence[np.ndarray], *, timeout: float | None
    ) -> Results:
        """The results of `call`, one per fetch.

        Args:
          servable: held open by the caller.
          call: what to feed and to fetch.
          arrays: one per feed.
          timeout: seconds that somebody waits for the answer; None is for ever. A run that has begun goes on
            to its end.

        Raises:
          ServingError: the op's own; what else a runner refuses.
        """

    def stop(self) -> None:
        """Ends its threads once what waits is done."""


class Direct:
    """A `Runner` that runs each request by itself, at once."""

    def run(
        self, servable: Servable, call: Call, arrays: Sequence[np.ndarray], *, timeout: float | None
    ) -> Results:
        """As `Runner.run`; a deadline is the port's to keep."""
        return servable.session.run(call.feeds, call.fetches, arrays)

    def stop(self) -> None:
        """Nothing to end."""
