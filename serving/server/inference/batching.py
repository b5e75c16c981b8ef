"""Several requests in one run: whatever has queued up while the last batch ran.

The rules are TensorFlow Serving's, save one: no request waits for others. `batch_timeout_micros` is
accepted and ignored, as if it were 0: a request that finds the server idle runs at once, and under load the
queue fills by itself.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from serving.server.graph.calls import Call
from serving.server.graph.servable import Servable
from serving.server.inference.metrics import Metrics
from serving.server.inference.runner import Results
from serving.server.wire.errors import Code, ServingError, invalid

# All rows of a batch wait for its slowest and are padded to its longest: larger batches only add latency.
_ENOUGH_ROWS = 64

_LOG = logging.getLogger(__name__)
_Key = tuple[Servable, Call]


@dataclass(frozen=True, kw_only=True)
class BatchingParameters:
    """TensorFlow Serving's batching file, with its defaults except for the number of threads.

    Attributes:
      max_batch_size: the most rows of a request and of a batch.
      max_enqueued_batches: batches that may wait for one signature; further requests are refused at once.
      num_batch_threads: batches run at the same time; half the cores, since the other half reads and writes.
      allowed_batch_sizes: a batch is filled up to the next of these by repeating a row; the last is
        `max_batch_size`. Empty allows all.
      pad_variable_length_inputs: pad inputs of different lengths with their first element. That changes the
        meaning of `decode_tokens`: see docs/serving.md.
      enable_large_batch_splitting: accept requests beyond `max_batch_size`; each runs by itself.
      thread_pool_name: the label of the queue's metrics.
    """

    max_batch_size: int = 1000
    max_enqueued_batches: int = 10
    num_batch_threads: int = max(1, (os.cpu_count() or 1) // 2)
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False
    enable_large_batch_splitting: bool = False
    thread_pool_name: str = "batch_threads"

    def __post_init__(self) -> None:
        sizes = self.allowed_batch_sizes
        if list(sizes) != sorted(set(sizes)):
            raise ValueError(f"allowed_batch_sizes must increase; found {list(sizes)}")
        if sizes and sizes[-1] != self.max_batch_size:
            raise ValueError(
                f"the last of allowed_batch_sizes must be max_batch_size, {self.max_batch_size}; "
                f"found {sizes[-1]}"
            )
        for name in ("max_batch_size", "max_enqueued_batches", "num_batch_threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be positive; found {getattr(self, name)}")


@dataclass(eq=False, slots=True)
class _Run:
    """A request's run, queued by the request's thread, which waits for `done`."""

    servable: Servable
    call: Call
    arrays: Sequence[np.ndarray]
    queued_at: float = field(default_factory=time.monotonic)
    began: bool = False
    is_wanted: bool = True
    outcome: Results | ServingError = field(default_factory=list)
    done: threading.Lock = field(default_factory=threading.Lock)

    @property
    def rows(self) -> int:
        return len(self.arrays[0])

    def finish(self, outcome: Results | ServingError) -> None:
        self.outcome = outcome
        self.servable.leave()
        self.done.release()


class Batching:
    """A `Runner` whose threads each take all runs that wait for one signature of one version."""

    def __init__(self, parameters: BatchingParameters, metrics: Metrics) -> None:
        self._parameters = parameters
        self._metrics = metrics
        self._most_waiting = parameters.max_batch_size * parameters.max_enqueued_batches
        # In the order in which their oldest runs arrived; no queue is ever empty.
        self._queues: dict[_Key, deque[_Run]] = {}
        self._waiting: dict[_Key, int] = {}
        self._changed = threading.Condition()
        self._stopping = False
        for number in range(parameters.num_batch_threads):
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True).start()

    def run(
        self, servable: Servable, call: Call, arrays: Sequence[np.ndarray], *, timeout: float | None
    ) -> Results:
        """Queue the run and wait for its results.

        Raises:
          ServingError: as from `Runner.run`, and INVALID_ARGUMENT, the inputs cannot be batched;
            UNAVAILABLE, the queue is full; RESOURCE_EXHAUSTED, the timeout passed in the queue;
            DEADLINE_EXCEEDED, it passed during the run.
        """
        limit = self._parameters.max_batch_size
        if (rows := _rows(arrays)) > limit and not self._parameters.enable_large_batch_splitting:
            raise invalid(f"the request has {rows} rows; at most {limit} are allowed (max_batch_size)")
        run = _Run(servable, call, arrays)
        run.done.acquire()
        # Left when the run ends, not when its caller gives up: until then the graph must stay open.
        servable.enter()
        try:
            self._submit(run)
        except BaseException:
            servable.leave()
            raise
        if not run.done.acquire(timeout=-1 if timeout is None else timeout):
            run.is_wanted = False
            if run.began:
                raise ServingError(Code.DEADLINE_EXCEEDED, "Deadline exceeded during the run")
            raise ServingError(
                Code.RESOURCE_EXHAUSTED, "Timeout exceeded while waiting in the batching queue"
            )
        if isinstance(run.outcome, ServingError):
            # A new error: raising that of the other thread would keep its frames, and by them this run,
            # alive.
            raise ServingError(run.outcome.code, run.outcome.message)
        return run.outcome

    def stop(self) -> None:
        """End the threads once the queued runs are done."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def _submit(self, run: _Run) -> None:
        key = (run.servable, run.call)
        with self._changed:
            if self._stopping:
                raise ServingError(Code.UNAVAILABLE, "The server is stopping")
            waiting = self._waiting.get(key, 0)
            if waiting and waiting + run.rows > self._most_waiting:
                raise ServingError(
                    Code.UNAVAILABLE,
                    f"The batching queue is full: {waiting} rows wait and max_enqueued_batches is "
                    f"{self._parameters.max_enqueued_batches}",
                )
            self._queues.setdefault(key, deque()).append(run)
            self._waiting[key] = waiting + run.rows
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queues or self._stopping)
                if not self._queues:
                    return
                runs = self._take()
            now = time.monotonic()
            for run in runs:
                self._metrics.queued(self._parameters.thread_pool_name, now - run.queued_at)
            outcomes = self._outcomes(runs)
            for run, outcome in zip(runs, outcomes, strict=True):
                run.finish(outcome)
            # Keep no reference to this batch while waiting for the next.
            del runs, outcomes, run, outcome

    def _take(self) -> list[_Run]:
        """Take as many runs of the oldest queue as fit into one batch; the lock is held."""
        key = next(iter(self._queues))
        queued = self._queues.pop(key)
        most = min(self._parameters.max_batch_size, _ENOUGH_ROWS)
        runs: list[_Run] = []
        rows = 0
        while queued and (not runs or rows + queued[0].rows <= most):
            runs.append(queued.popleft())
            rows += runs[-1].rows
        if queued:
            # Behind the other signatures, so that a busy one does not block them.
            self._queues[key] = queued
            self._waiting[key] -= rows
        else:
            del self._waiting[key]
        return runs

    def _outcomes(self, runs: Sequence[_Run]) -> list[Results | ServingError]:
        wanted = [run for run in runs if run.is_wanted]
        for run in wanted:
            run.began = True
        outcomes = dict(zip(wanted, self._run_together(wanted), strict=True)) if wanted else {}
        return [outcomes.get(run, []) for run in runs]

    def _run_together(self, runs: Sequence[_Run]) -> list[Results | ServingError]:
        if len(runs) == 1 and not self._parameters.allowed_batch_sizes:
            return [_run_alone(runs[0])]
        try:
            merged = _merged(runs, self._parameters)
            call = runs[0].call
            results = runs[0].servable.session.run(call.feeds, call.fetches, merged)
            return list(_split(runs, results, len(merged[0])))
        except ServingError:
            pass
        except Exception:
            _LOG.exception("Unexpected in a batch of %d", len(runs))
        # What fails together says nothing about each: alone, each gets its own answer or its own error.
        return [_run_alone(run) for run in runs]


def _run_alone(run: _Run) -> Results | ServingError:
    try:
        return run.servable.session.run(run.call.feeds, run.call.fetches, run.arrays)
    except ServingError as error:
        return ServingError(error.code, error.message)
    except Exception as error:
        # The thread must survive, or no request would ever be answered again.
        _LOG.exception("Unexpected in a run")
        return ServingError(Code.INTERNAL, f"{type(error).__name__}: {error}")


def _rows(arrays: Sequence[np.ndarray]) -> int:
    if not arrays:
        raise invalid("a batched request must have at least one input")
    if any(array.ndim == 0 for array in arrays):
        raise invalid("the inputs of a batched request must have at least one dimension")
    if len({len(array) for array in arrays}) > 1:
        raise invalid("the inputs of a batched request must have the same number of rows")
    return len(arrays[0])


def _merged(runs: Sequence[_Run], parameters: BatchingParameters) -> list[np.ndarray]:
    """Concatenate the inputs of all runs, and fill the batch up to an allowed size."""
    merged = []
    for feed, arrays in zip(runs[0].call.feeds, zip(*(run.arrays for run in runs), strict=True), strict=True):
        if len({array.shape[1:] for array in arrays}) > 1:
            if not parameters.pad_variable_length_inputs or len({array.ndim for array in arrays}) > 1:
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    f"Requests in one batch have different shapes for {feed} and padding is turned off: they "
                    "may differ in the number of rows only, unless pad_variable_length_inputs is true",
                )
            arrays = _padded(arrays)
        rows = sum(map(len, arrays))
        filling = next((size for size in parameters.allowed_batch_sizes if size >= rows), rows) - rows
        if filling and len(arrays[-1]):
            arrays = (*arrays, np.repeat(arrays[-1][:1], filling, axis=0))
        merged.append(np.concatenate(arrays))
    return merged


def _padded(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    shape = np.max([array.shape[1:] for array in arrays], axis=0)
    padded = []
    for array in arrays:
        empty = b"" if array.dtype == np.object_ else 0
        wider = np.full((len(array), *shape), array.flat[0] if array.size else empty, array.dtype)
        wider[tuple(slice(size) for size in array.shape)] = array
        padded.append(wider)
    return tuple(padded)


def _split(runs: Sequence[_Run], results: Results, rows: int) -> list[Results]:
    """Give each run its own rows, cut to its own longest sentence."""
    for result in results:
        if result.ndim == 0:
            raise ServingError(Code.FAILED_PRECONDITION, "A scalar output cannot be split among requests")
        if len(result) != rows:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"An output of {len(result)} rows cannot be split among the {rows} rows of a batch",
            )
    call = runs[0].call
    split, at = [], 0
    for run in runs:
        size = len(run.arrays[0])
        own = [result[at : at + size] for result in results]
        at += size
        if call.lengths is not None:
            longest = int(own[call.lengths].max(initial=0))
            for number, axes in enumerate(call.time_axes):
                for axis in axes:
                    own[number] = own[number][(slice(None),) * axis + (slice(longest),)]
        split.append(own)
    return split
