"""One loaded version of a model, and the count of those who use it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
from pathlib import Path
from types import TracebackType

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving.server.graph.calls import Call
from serving.server.graph.session import GraphSession

DEFAULT_SIGNATURE = "serving_default"

# Signature, feeds, outputs wanted, and whether runs are shared: what a `Call` is worked out from.
CallKey = tuple[str, tuple[str, ...], tuple[str, ...], bool]


class Servable:
    """A version that is loaded. Closing it waits for its users: closing a session cancels its runs.

    Attributes:
      calls: what was worked out for requests like those already seen.
    """

    def __init__(self, name: str, version: int, path: Path) -> None:
        """Loads the SavedModel at `path`.

        Raises:
          ServingError: it cannot be loaded; the text says why.
        """
        self.name = name
        self.version = version
        self.path = path
        # The graphs of unloaded versions refer to themselves and have to be collected, which holds the
        # interpreter's lock for tens of milliseconds: here, where a load takes turns with the requests anyway,
        # and not after the change, when everything is expected to be quick again.
        gc.collect()
        self.session = GraphSession(path)
        self.calls: dict[CallKey, Call] = {}
        self._users = 0
        self._unused = threading.Condition()

    @property
    def signatures(self) -> dict[str, SignatureDef]:
        """The signatures by name."""
        return self.session.signatures

    def __enter__(self) -> Servable:
        """Ends by `leave` what `enter`, called before, began; so `with` costs a request next to nothing."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()

    def enter(self) -> None:
        """Begins a use, while the version is known to be visible; `leave` ends it."""
        with self._unused:
            self._users += 1

    def leave(self) -> None:
        """Ends what `enter` began."""
        with self._unused:
            self._users -= 1
            if not self._users:
                self._unused.notify_all()

    def close_when_unused(self) -> None:
        """Waits for the last user, then frees the memory. Nobody may `enter` any more."""
        with self._unused:
            self._unused.wait_for(lambda: not self._users)
        self.session.close()
        del self.session
        with contextlib.suppress(OSError, AttributeError):  # another libc
            # It keeps the pages of what was freed: a server would grow by a model at each new version.
            ctypes.CDLL("libc.so.6").malloc_trim(0)
