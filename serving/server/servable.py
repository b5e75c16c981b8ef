"""One loaded version of a model, and the count of those who use it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving.server.session import GraphSession

DEFAULT_SIGNATURE = "serving_default"


class Servable:
    """A version that is loaded. Closing it waits for its users: closing a session cancels its runs."""

    def __init__(self, name: str, version: int, path: Path) -> None:
        """Loads the SavedModel at `path`.

        Raises:
          ServingError: it cannot be loaded; the text says why.
        """
        self.name = name
        self.version = version
        self.path = path
        self.session = GraphSession(path)
        self._users = 0
        self._unused = threading.Condition()

    @property
    def signatures(self) -> dict[str, SignatureDef]:
        """The signatures by name."""
        return self.session.signatures

    @contextmanager
    def in_use(self) -> Iterator[Servable]:
        """Holds the version open. To be entered while the version is known to be visible."""
        with self._unused:
            self._users += 1
        try:
            yield self
        finally:
            with self._unused:
                self._users -= 1
                if not self._users:
                    self._unused.notify_all()

    def close_when_unused(self) -> None:
        """Waits for the last user, then frees the memory. Nobody may enter `in_use` any more."""
        with self._unused:
            self._unused.wait_for(lambda: not self._users)
        self.session.close()
        del self.session
        _return_memory()


def _return_memory() -> None:
    # Graph and session refer to each other, and glibc keeps freed pages: without both steps a server that
    # takes a new version every night grows by the size of a model each time.
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another libc
        ctypes.CDLL("libc.so.6").malloc_trim(0)
