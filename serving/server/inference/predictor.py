"""Answer Predict requests by the models of a catalogue, and count them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

import numpy as np
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from serving.server.graph.calls import Call
from serving.server.graph.servable import Servable
from serving.server.inference.batching import Batching, BatchingParameters
from serving.server.inference.metrics import Metrics
from serving.server.inference.predict import prepare, respond
from serving.server.inference.runner import Direct, Results, Runner
from serving.server.versions.catalogue import Catalogue
from serving.server.wire.errors import Code, ServingError, invalid

_API = "Predict"


class Predictor:
    """Answers each request in the caller's thread."""

    def __init__(
        self, catalogue: Catalogue, metrics: Metrics, *, batching: BatchingParameters | None = None
    ) -> None:
        """Run each request by itself, or with `batching` several in one run."""
        self.catalogue = catalogue
        self.metrics = metrics
        self._is_batching = batching is not None
        self._runner: Runner = Direct() if batching is None else Batching(batching, metrics)

    def stop(self) -> None:
        """End the runner's threads once the queued runs are done."""
        self._runner.stop()

    def predict(self, request: PredictRequest, *, timeout: float | None, entrypoint: str) -> PredictResponse:
        """Answer `request` by the version that it names.

        Args:
          request: as it came.
          timeout: seconds that the caller still waits; None is for ever.
          entrypoint: the port it came by, `GRPC` or `REST`, for the metrics.

        Raises:
          ServingError: with TensorFlow Serving's code.
        """
        # Unknown names are counted as one, or requests with many of them would fill the memory.
        is_listed = request.model_spec.name in self.catalogue.names()
        model = request.model_spec.name if is_listed else ""
        with _Measured(self.metrics, model, entrypoint):
            if not request.HasField("model_spec"):
                raise invalid("Missing ModelSpec")
            with self.catalogue.use(request.model_spec) as servable:
                name, call, arrays = prepare(servable, request, batched=self._is_batching)
                results = self._run(servable, call, arrays, timeout)
                return respond(servable, request, name, call, results)

    def _run(
        self, servable: Servable, call: Call, arrays: Sequence[np.ndarray], timeout: float | None
    ) -> Results:
        if timeout is not None and timeout <= 0:
            # It waited for a thread until its caller had gone.
            raise ServingError(Code.DEADLINE_EXCEEDED, "Deadline exceeded before the request was started")
        began = time.perf_counter()
        results = self._runner.run(servable, call, arrays, timeout=timeout)
        self.metrics.ran(servable.name, api=_API, seconds=time.perf_counter() - began)
        if arrays and arrays[0].ndim:
            self.metrics.examples(servable.name, len(arrays[0]))
        return results


class _Measured:
    """Counts a request at its end."""

    __slots__ = ("_began", "_entrypoint", "_metrics", "_model")

    def __init__(self, metrics: Metrics, model: str, entrypoint: str) -> None:
        self._metrics = metrics
        self._model = model
        self._entrypoint = entrypoint

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        status = Code.OK if error is None else error.code if isinstance(error, ServingError) else Code.UNKNOWN
        seconds = time.perf_counter() - self._began
        self._metrics.answered(
            self._model, status.name, api=_API, entrypoint=self._entrypoint, seconds=seconds
        )
