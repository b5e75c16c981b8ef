"""Runs of several requests in one: whatever has queued up while the last batch ran.

TensorFlow Serving's rules and texts, save one: nobody waits for company. Its `batch_timeout_micros` is read and
changes nothing, as if it were 0: a request that finds the server idle is run at once, and under load the queue
fills by itself.
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

from serving.server.errors import Code, ServingError, invalid
from serving.server.graph.calls import Call
from serving.server.graph.servable import Servable
from serving.server.inference.runner import Results
from serving.server.metrics import Metrics

# A batch is only as quick as its last row, and as wide as its longest: beyond that the first wait for too many.
_ENOUGH_ROWS = 64

_LOG = logging.getLogger(__name__)
_Key = tuple[Servable, Call]


@dataclass(frozen=True, kw_only=True)
class BatchingParameters:
    """TensorFlow Serving's batching file; the defaults are its own, but for the threads.

    Attributes:
      max_batch_size: rows that a request, and a batch, may have.
      max_enqueued_batches: batches that may wait for one signature; what comes then is refused at once.
      num_batch_threads: batches run at the same time; half the cores, since the other half reads and writes.
      allowed_batch_sizes: a batch is filled up to the next of these by repeating a row; the last is
        `max_batch_size`. Empty allows all.
      pad_variable_length_inputs: make inputs of different lengths fit by repeating their first element. Unsafe
        where the padding means something: see docs/serving.md.
      enable_large_batch_splitting: take requests beyond `max_batch_size` too; they run alone.
      thread_pool_name: the label of the metrics of the queue.
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
            raise ValueError("allowed_batch_sizes entries must be monotonically increasing")
        if sizes and sizes[-1] != self.max_batch_size:
            raise ValueError(
                "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
                f"{sizes[-1]}; expected {self.max_batch_size}"
            )
        for name in ("max_batch_size", "max_enqueued_batches", "num_batch_threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be positive; was {getattr(self, name)}")


@dataclass(eq=False, slots=True)
class _Run:
    """A request's run, and what its thread waits for."""

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
    """A `Runner` whose threads each take all that waits for one signature of one version."""

    def __init__(self, parameters: BatchingParameters, metrics: Metrics) -> None:
        self._parameters = parameters
        self._metrics = metrics
        self._most_waiting = parameters.max_batch_size * parameters.max_enqueued_batches
        # In the order of arrival of their oldest run; no queue is ever empty.
        self._queues: dict[_Key, deque[_Run]] = {}
        self._waiting: dict[_Key, int] = {}
        self._changed = threading.Condition()
        self._stopping = False
        for number in range(parameters.num_batch_threads):
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True).start()

    def run(
        self, servable: Servable, call: Call, arrays: Sequence[np.ndarray], *, timeout: float | None
    ) -> Results:
        """As `Runner.run`; also refuses what cannot be batched, as TensorFlow Serving does.

        Raises:
          ServingError: also UNAVAILABLE, the queue is full; RESOURCE_EXHAUSTED, the time was over before the run
            began; DEADLINE_EXCEEDED, it was over later.
        """
        limit = self._parameters.max_batch_size
        if (rows := _rows(arrays)) > limit and not self._parameters.enable_large_batch_splitting:
            raise invalid(f"Task size {rows} is larger than maximum input batch size {limit}")
        run = _Run(servable, call, arrays)
        run.done.acquire()
        # Left when the run ends, not when its caller goes: it must not lose its graph meanwhile.
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
                Code.RESOURCE_EXHAUSTED, "Run() timeout exceeded while waiting in batching queue"
            )
        if isinstance(run.outcome, ServingError):
            # Made here: an error from another thread would hold that thread's frames, and they this run.
            raise ServingError(run.outcome.code, run.outcome.message)
        return run.outcome

    def stop(self) -> None:
        """As `Runner.stop`."""
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
                    "The batch scheduling queue to which this task was submitted is full; currently "
                    f"{waiting} rows wait and max_enqueued_batches is {self._parameters.max_enqueued_batches}",
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
            try:
                outcomes = self._outcomes(runs)
            except Exception as error:
                # The thread must live on: without it nobody would ever be answered again.
                _LOG.exception("Unexpected in a batch of %d", len(runs))
                outcomes = _to_each(runs, ServingError(Code.INTERNAL, f"{type(error).__name__}: {error}"))
            for run, outcome in zip(runs, outcomes, strict=True):
                run.finish(outcome)
            # Until the next batch comes, nothing of this one is held.
            del runs, outcomes, run, outcome

    def _take(self) -> list[_Run]:
        """The oldest queue's runs, as many as make one batch; with the lock held."""
        key = next(iter(self._queues))
        queued = self._queues.pop(key)
        most = min(self._parameters.max_batch_size, _ENOUGH_ROWS)
        runs: list[_Run] = []
        rows = 0
        while queued and (not runs or rows + queued[0].rows <= most):
            runs.append(queued.popleft())
            rows += runs[-1].rows
        if queued:
            # Behind the other signatures: a busy one must not keep them waiting.
            self._queues[key] = queued
            self._waiting[key] -= rows
        else:
            del self._waiting[key]
        return runs

    def _outcomes(self, runs: Sequence[_Run]) -> list[Results | ServingError]:
        wanted = [run for run in runs if run.is_wanted]
        for run in wanted:
            run.began = True
        found = dict(zip(wanted, self._run_together(wanted), strict=True)) if wanted else {}
        return [found.get(run, []) for run in runs]

    def _run_together(self, runs: Sequence[_Run]) -> list[Results | ServingError]:
        if len(runs) == 1 and not self._parameters.allowed_batch_sizes:
            return [_run_alone(runs[0])]
        call = runs[0].call
        if len({tuple(array.dtype for array in run.arrays) for run in runs}) > 1:
            # Put together, the wrong types would become right ones, or the right ones wrong.
            return [_run_alone(run) for run in runs]
        try:
            merged = _merged(runs, self._parameters)
        except ServingError as error:
            return _to_each(runs, error)
        try:
            results = runs[0].servable.session.run(call.feeds, call.fetches, merged)
        except ServingError:
            # One bad row fails a whole run: by itself each gets its own answer, or its own error.
            return [_run_alone(run) for run in runs]
        try:
            return list(_split(runs, results, len(merged[0])))
        except ServingError as error:
            return _to_each(runs, error)


def _run_alone(run: _Run) -> Results | ServingError:
    try:
        return run.servable.session.run(run.call.feeds, run.call.fetches, run.arrays)
    except ServingError as error:
        return ServingError(error.code, error.message)


def _to_each(runs: Sequence[_Run], error: ServingError) -> list[Results | ServingError]:
    return [ServingError(error.code, error.message) for _ in runs]


def _rows(arrays: Sequence[np.ndarray]) -> int:
    if not arrays:
        raise invalid("Batching session Run() must have at least one input tensor")
    if any(array.ndim == 0 for array in arrays):
        raise invalid("Batching session Run() input tensors must have at least one dimension")
    if len({len(array) for array in arrays}) > 1:
        raise invalid("Batching session Run() input tensors must have equal 0th-dimension size")
    return len(arrays[0])


def _merged(runs: Sequence[_Run], parameters: BatchingParameters) -> list[np.ndarray]:
    """The inputs of all runs, one below the other, and rows to fill the batch up to an allowed size."""
    merged = []
    for feed, arrays in zip(runs[0].call.feeds, zip(*(run.arrays for run in runs), strict=True), strict=True):
        if len({array.shape[1:] for array in arrays}) > 1:
            if not parameters.pad_variable_length_inputs or len({array.ndim for array in arrays}) > 1:
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    f"Tensors with name '{feed}' from different tasks have different shapes and padding is "
                    "turned off.Set pad_variable_length_inputs to true, or ensure that all tensors with the "
                    "same namehave equal dimensions starting with the first dim.",
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
    """Each run's own rows, cut to its own longest sentence."""
    for result in results:
        if result.ndim == 0:
            raise ServingError(Code.FAILED_PRECONDITION, "Batched output tensor has 0 dimensions")
        if len(result) != rows:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of "
                "the input tensors",
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
