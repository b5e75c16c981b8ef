"""Requests for inference, from a message to its answer, whichever port they came by."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

import numpy as np
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest, ClassificationResponse
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest, MultiInferenceResponse
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.regression_pb2 import RegressionRequest, RegressionResponse

from serving.server.errors import Code, ServingError, invalid
from serving.server.graph.calls import Call
from serving.server.graph.servable import Servable
from serving.server.inference import scoring
from serving.server.inference.batching import Batching, BatchingParameters
from serving.server.inference.predict import prepare, respond
from serving.server.inference.runner import Direct, Results, Runner
from serving.server.metrics import Metrics
from serving.server.versions.catalogue import Catalogue


class Inference:
    """Answers requests from the models of a catalogue, each in the thread it is asked in.

    Every method takes the seconds that the caller still waits (`timeout`; None is for ever) and the port the
    request came by (`entrypoint`: `GRPC` or `REST`), and raises ServingError with TensorFlow Serving's code and
    text.
    """

    def __init__(
        self, catalogue: Catalogue, metrics: Metrics, *, batching: BatchingParameters | None = None
    ) -> None:
        """Runs each request by itself, or several in one run as `batching` says."""
        self.catalogue = catalogue
        self.metrics = metrics
        self._is_batching = batching is not None
        self._runner: Runner = Direct() if batching is None else Batching(batching, metrics)

    def stop(self) -> None:
        """Ends its threads once what waits is done."""
        self._runner.stop()

    def predict(self, request: PredictRequest, *, timeout: float | None, entrypoint: str) -> PredictResponse:
        """Tensors in, tensors out."""
        with self._measured(request.model_spec, "Predict", entrypoint):
            _require_spec(request)
            with self.catalogue.use(request.model_spec) as servable:
                name, call, arrays = prepare(servable, request, batched=self._is_batching)
                results = self._run(servable, call, arrays, "Predict", timeout)
                return respond(servable, request, name, call, results)

    def classify(
        self, request: ClassificationRequest, *, timeout: float | None, entrypoint: str
    ) -> ClassificationResponse:
        """tf.Examples in, classes and scores out."""
        with self._measured(request.model_spec, "Classify", entrypoint):
            _require_spec(request)
            with self.catalogue.use(request.model_spec) as servable:
                call = scoring.classify_call(servable, request.model_spec)
                examples = scoring.examples_of(request.input)
                results = self._run(servable, call, [examples], "Classify", timeout)
                response = ClassificationResponse(result=scoring.classification(call, results, len(examples)))
                scoring.fill_spec(response.model_spec, request.model_spec, servable)
                return response

    def regress(
        self, request: RegressionRequest, *, timeout: float | None, entrypoint: str
    ) -> RegressionResponse:
        """tf.Examples in, a value for each out."""
        with self._measured(request.model_spec, "Regress", entrypoint):
            _require_spec(request)
            with self.catalogue.use(request.model_spec) as servable:
                call = scoring.regress_call(servable, request.model_spec)
                examples = scoring.examples_of(request.input)
                results = self._run(servable, call, [examples], "Regress", timeout)
                response = RegressionResponse(result=scoring.regression(results, len(examples)))
                scoring.fill_spec(response.model_spec, request.model_spec, servable)
                return response

    def multi_inference(
        self, request: MultiInferenceRequest, *, timeout: float | None, entrypoint: str
    ) -> MultiInferenceResponse:
        """tf.Examples in, the results of several signatures out, by one run."""
        spec = request.tasks[0].model_spec if request.tasks else ModelSpec()
        with self._measured(spec, "MultiInference", entrypoint):
            if not request.tasks or not request.tasks[0].HasField("model_spec"):
                raise invalid("Missing ModelSpec")
            with self.catalogue.use(spec) as servable:
                whole, calls = scoring.multi_inference_call(servable, request)
                examples = scoring.examples_of(request.input)
                results = self._run(servable, whole, [examples], "MultiInference", timeout)
                fetched = dict(zip(whole.fetches, results, strict=True))
                return MultiInferenceResponse(
                    results=[
                        scoring.inference_result(servable, task, call, fetched, len(examples))
                        for task, call in zip(request.tasks, calls, strict=True)
                    ]
                )

    def _run(
        self, servable: Servable, call: Call, arrays: Sequence[np.ndarray], api: str, timeout: float | None
    ) -> Results:
        if timeout is not None and timeout <= 0:
            # It waited until its caller had gone: do not work for nobody.
            raise ServingError(Code.DEADLINE_EXCEEDED, "Deadline exceeded before the request was begun")
        began = time.perf_counter()
        results = self._runner.run(servable, call, arrays, timeout=timeout)
        self.metrics.ran(servable.name, api=api, seconds=time.perf_counter() - began)
        if arrays and arrays[0].ndim:
            self.metrics.examples(servable.name, len(arrays[0]))
        return results

    def _measured(self, spec: ModelSpec, api: str, entrypoint: str) -> _Measured:
        # Names that nobody serves are told as one: whoever asks for many of them must not fill the memory.
        model = spec.name if spec.name in self.catalogue.names() else ""
        return _Measured(self.metrics, model, api, entrypoint)


class _Measured:
    """Counts a request at its end."""

    __slots__ = ("_api", "_began", "_entrypoint", "_metrics", "_model")

    def __init__(self, metrics: Metrics, model: str, api: str, entrypoint: str) -> None:
        self._metrics = metrics
        self._model = model
        self._api = api
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
            self._model, status.name, api=self._api, entrypoint=self._entrypoint, seconds=seconds
        )


def _require_spec(request: PredictRequest | ClassificationRequest | RegressionRequest) -> None:
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
