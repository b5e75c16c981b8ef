"""One loaded version of a model, and the count of its users."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
from pathlib import Path

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving.server.graph.calls import Call
from serving.server.graph.session import GraphSession

DEFAULT_SIGNATURE = "serving_default"

# Signature, output filter in order, and whether runs are shared: what a `Call` depends on.
CallKey = tuple[str, tuple[str, ...], bool]


class Servable:
    """A loaded version. Closing it waits for its users, since closing a session cancels its runs.

    Attributes:
      calls: the calls of the requests seen so far.
    """

    def __init__(self, name: str, version: int, path: Path) -> None:
        """Load the SavedModel at `path`.

        Raises:
          ServingError: it cannot be loaded; the message says why.
        """
        self.name = name
        self.version = version
        self.path = path
        # The graphs of unloaded versions are reference cycles, and collecting them holds the interpreter's
        # lock for tens of milliseconds. Do it here, where a load slows requests anyway, not after the
        # change.
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
        """Return the servable, which `enter` has counted a user of; `with` calls `leave` at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def enter(self) -> None:
        """Count one more user; the caller knows that the version is still visible."""
        with self._unused:
            self._users += 1

    def leave(self) -> None:
        """Count one user less."""
        with self._unused:
            self._users -= 1
            if not self._users:
                self._unused.notify_all()

    def close_when_unused(self) -> None:
        """Wait for the last user, then free the memory. Nobody may `enter` any more."""
        with self._unused:
            self._unused.wait_for(lambda: not self._users)
        self.session.close()
        del self.session
        with contextlib.suppress(OSError, AttributeError):  # another libc
            # glibc keeps the pages of freed memory: a server would grow by a model at each new version.
            ctypes.CDLL("libc.so.6").malloc_trim(0)
