"""A SavedModel's graph in a TF1 session, run with the least overhead.

Serving wants many small runs side by side: one thread per request inside the graph, parallelism from the
requests. A TF1 session does that with the least overhead, and its errors read as TensorFlow Serving's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving.server.wire.errors import Code, ServingError

_LOG = logging.getLogger(__name__)
_QUICK_EXECUTOR = "SINGLE_THREADED_EXECUTOR"
# In that executor's error for a graph it does not support (v1 control flow, reference variables), raised
# before any op has run. Such a graph gets the default executor.
_REFUSAL = "ingle-threaded executor does not support"

try:
    from tensorflow.python.client import pywrap_tf_session as _native
except ImportError:  # a later TensorFlow may move it; Session.run does the same 0.2 ms slower
    _native = None


Names = tuple[str, ...]


@dataclass(frozen=True)
class _Call:
    """Feeds and fetches as handles of one session's graph; they are invalid in another session."""

    session: tf.compat.v1.Session
    feeds: tuple[Any, ...]
    fetches: tuple[Any, ...]


class GraphSession:
    """The loaded graph of one version. Safe to run from many threads."""

    def __init__(self, path: Path) -> None:
        """Load `path` with the tag `serve`.

        Raises:
          ServingError: NOT_FOUND or the loader's own code, with the loader's message.
        """
        self._path = path
        self._lock = threading.Lock()
        self._calls: dict[tuple[Names, Names], _Call] = {}
        self._retired: list[tf.compat.v1.Session] = []
        try:
            self._open(_QUICK_EXECUTOR)
        except tf.errors.OpError as error:
            if _REFUSAL not in str(error):
                raise _serving_error(error) from error
            self._open("")
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise ServingError(Code.INVALID_ARGUMENT, f"{path} cannot be loaded: {error}") from error

    def run(self, feeds: Names, fetches: Names, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run the graph in the caller's thread, from end to end; a run cannot be interrupted.

        Args:
          feeds: names of the tensors fed (`text:0`).
          fetches: names of the tensors fetched, in the order of the result.
          arrays: one per feed.

        Raises:
          ServingError: with the code and the message of the op that failed.
        """
        call = self._call(feeds, fetches)
        try:
            return _run(call, arrays)
        except tf.errors.OpError as error:
            if _REFUSAL not in error.message:
                raise _serving_error(error) from error
            self._fall_back(call.session)
            return self.run(feeds, fetches, arrays)
        except UnicodeDecodeError as error:
            # Raised while an error message that quotes the request's bytes is converted to a Python string.
            raise ServingError(Code.INVALID_ARGUMENT, f"invalid bytes in the request: {error}") from error

    def _call(self, feeds: Names, fetches: Names) -> _Call:
        call = self._calls.get((feeds, fetches))
        if call is not None:
            return call
        with self._lock:
            session = self._session
            try:
                tensors = [session.graph.get_tensor_by_name(name) for name in (*feeds, *fetches)]
            except (KeyError, ValueError) as error:
                raise ServingError(Code.INVALID_ARGUMENT, str(error)) from error
            handles = tensors if _native is None else [tensor._as_tf_output() for tensor in tensors]
            call = _Call(session, tuple(handles[: len(feeds)]), tuple(handles[len(feeds) :]))
            self._calls[feeds, fetches] = call
            return call

    def close(self) -> None:
        """Free graph and variables. Runs in flight would be cancelled: call it when there are none."""
        for session in (*self._retired, self._session):
            session.close()
        self._retired.clear()

    def _open(self, executor: str) -> None:
        config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1, allow_soft_placement=True)
        config.experimental.executor_type = executor
        if executor == _QUICK_EXECUTOR:
            # Everything runs in the caller's thread. In a thread pool the bodies of loops and functions
            # hold a thread while they wait for those inside them: as many runs as threads deadlock.
            config.inter_op_parallelism_threads = -1
        # A training process or another version may use the same GPU: take only what is needed.
        config.gpu_options.allow_growth = True
        graph = tf.Graph()
        session = tf.compat.v1.Session(graph=graph, config=config)
        try:
            with graph.as_default():
                meta_graph = tf.compat.v1.saved_model.loader.load(
                    session, [tf.compat.v1.saved_model.tag_constants.SERVING], str(self._path)
                )
        except BaseException:
            session.close()
            raise
        # Copies, since a reference to a part of the message would keep the complete graph alive.
        self.signatures: dict[str, SignatureDef] = {}
        for name, signature in meta_graph.signature_def.items():
            self.signatures[name] = SignatureDef()
            self.signatures[name].CopyFrom(signature)
        self._session = session

    def _fall_back(self, refused: tf.compat.v1.Session) -> None:
        with self._lock:
            if self._session is not refused:
                return  # another request has already fallen back
            _LOG.info("%s needs the default executor: the single-threaded one refused its graph", self._path)
            # Kept open until the end: other requests may still be running in it.
            self._retired.append(refused)
            self._open("")
            self._calls = {}


def _run(call: _Call, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    feeds = dict(zip(call.feeds, arrays, strict=True))
    if _native is None:
        return call.session.run(list(call.fetches), feeds)
    return _native.TF_SessionRun_wrapper(call.session._session, None, feeds, list(call.fetches), [], None)


def _serving_error(error: tf.errors.OpError) -> ServingError:
    return ServingError(Code(error.error_code), error.message)
