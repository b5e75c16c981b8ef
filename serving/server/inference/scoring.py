"""Classify, Regress and MultiInference: tf.Examples in, classes, scores or values out.

A tagger has no such signature; other models in the same server may.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.classification_pb2 import ClassificationResult
from tensorflow_serving.apis.inference_pb2 import InferenceResult, InferenceTask, MultiInferenceRequest
from tensorflow_serving.apis.input_pb2 import Input
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.regression_pb2 import RegressionResult

from serving.server.errors import Code, ServingError, invalid
from serving.server.graph.calls import Call
from serving.server.graph.servable import DEFAULT_SIGNATURE, Servable

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"

_INPUTS = "inputs"
_CLASSES, _SCORES, _OUTPUTS = "classes", "scores", "outputs"
_TYPES = {
    "object": "DT_STRING",
    "float32": "DT_FLOAT",
    "float64": "DT_DOUBLE",
    "int32": "DT_INT32",
    "int64": "DT_INT64",
}


def examples_of(sent: Input) -> np.ndarray:
    """The serialized tf.Examples of a request, string[B]; a common context is put before each.

    Raises:
      ServingError: there are none.
    """
    if sent.WhichOneof("kind") == "example_list_with_context":
        listed = sent.example_list_with_context
        context = listed.context.SerializeToString()
    else:
        listed, context = sent.example_list, b""
    if not listed.examples:
        raise invalid("Input is empty.")
    serialized = np.empty(len(listed.examples), np.object_)
    # Protocol buffers merge by being written one after the other.
    serialized[:] = [context + example.SerializeToString() for example in listed.examples]
    return serialized


def classify_call(servable: Servable, spec: ModelSpec) -> Call:
    """What Classify feeds and fetches.

    Raises:
      ServingError: no such signature, or none that classifies.
    """
    return _classification(_signature(servable, spec))


def regress_call(servable: Servable, spec: ModelSpec) -> Call:
    """What Regress feeds and fetches.

    Raises:
      ServingError: no such signature, or none that gives values.
    """
    return _regression(_signature(servable, spec))


def multi_inference_call(servable: Servable, request: MultiInferenceRequest) -> tuple[Call, list[Call]]:
    """One call for all tasks, and that of each task.

    Raises:
      ServingError: tasks that do not belong together, or one that cannot be answered.
    """
    names: set[str] = set()
    calls: list[Call] = []
    model = ""
    for task in request.tasks:
        spec = task.model_spec
        if not spec.name:
            raise invalid("Found ModelSpec with an empty model name.")
        if model not in ("", spec.name):
            raise invalid("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
        model = spec.name
        name = spec.signature_name or DEFAULT_SIGNATURE
        if name in names:
            raise invalid(f"Duplicate evaluation of signature: {name}")
        names.add(name)
        signature = servable.signatures.get(name)
        if signature is None:
            raise invalid(f"Requested signature not found in model graph: {name}")
        calls.append(_task_call(task, signature))
        if calls[-1].feeds != calls[0].feeds:
            raise invalid("Input tensor must be the same for all Signatures.")
    fetches = sorted({name for call in calls for name in call.fetches})
    return Call(calls[0].feeds, tuple(fetches), tuple(fetches)), calls


def inference_result(
    servable: Servable, task: InferenceTask, call: Call, results: Mapping[str, np.ndarray], count: int
) -> InferenceResult:
    """The result of one task, from the tensors of all.

    Raises:
      ServingError: the model's outputs have other shapes or types than its method asks for.
    """
    told = InferenceResult()
    fetched = [results[name] for name in call.fetches]
    if task.method_name == CLASSIFY:
        told.classification_result.CopyFrom(classification(call, fetched, count))
    else:
        told.regression_result.CopyFrom(regression(fetched, count))
    fill_spec(told.model_spec, task.model_spec, servable)
    return told


def classification(call: Call, results: Sequence[np.ndarray], count: int) -> ClassificationResult:
    """Labels and scores by row.

    Raises:
      ServingError: outputs of other shapes or types.
    """
    found = dict(zip(call.aliases, results, strict=True))
    for alias, kind, wanted in ((_CLASSES, np.object_, "DT_STRING"), (_SCORES, np.float32, "DT_FLOAT")):
        if alias not in found:
            continue
        array = found[alias]
        if array.ndim != 2:
            raise invalid(f"Expected Tensor shape: [batch_size num_classes] but got {_shape(array)}")
        if array.dtype != kind:
            raise invalid(f"Expected {alias} Tensor of {wanted}. Got: {_type(array)}")
        if len(array) != count:
            raise invalid(f"Expected {alias} output batch size of {count}. Got: {len(array)}")
    if len(found) == 2 and found[_CLASSES].shape[1] != found[_SCORES].shape[1]:
        raise invalid(
            "Tensors class and score should match in dim_size(1). Got "
            f"{found[_CLASSES].shape[1]} vs. {found[_SCORES].shape[1]}"
        )
    told = ClassificationResult()
    columns = next(iter(found.values())).shape[1]
    for row in range(count):
        classes = told.classifications.add().classes
        for column in range(columns):
            entry = classes.add()
            if _CLASSES in found:
                entry.label = found[_CLASSES][row, column]
            if _SCORES in found:
                entry.score = found[_SCORES][row, column]
    return told


def regression(results: Sequence[np.ndarray], count: int) -> RegressionResult:
    """A value by row.

    Raises:
      ServingError: an output of another shape or type.
    """
    (array,) = results
    if array.ndim != 1 and not (array.ndim == 2 and array.shape[1] == 1):
        raise invalid(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {_shape(array)}"
        )
    if len(array) != count:
        raise invalid(f"Input batch size did not match output batch size: {count} vs. {len(array)}")
    if array.dtype != np.float32:
        raise invalid(f"Expected output Tensor of DT_FLOAT.  Got: {_type(array)}")
    told = RegressionResult()
    for value in array.ravel():
        told.regressions.add().value = value
    return told


def fill_spec(told: ModelSpec, asked: ModelSpec, servable: Servable) -> None:
    """Says in an answer which signature and version gave it."""
    told.name = asked.name
    told.signature_name = asked.signature_name or DEFAULT_SIGNATURE
    told.version.value = servable.version


def _signature(servable: Servable, spec: ModelSpec) -> SignatureDef:
    name = spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(name)
    if signature is None:
        raise invalid(f"No signature was found with the name: {name}")
    return signature


def _task_call(task: InferenceTask, signature: SignatureDef) -> Call:
    if task.method_name == CLASSIFY:
        return _classification(signature)
    if task.method_name == REGRESS:
        return _regression(signature)
    raise ServingError(Code.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}")


def _classification(signature: SignatureDef) -> Call:
    _require_one_input(signature)
    if len(signature.outputs) not in (1, 2):
        raise invalid(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    feed = _fed(signature, "classification")
    aliases = tuple(alias for alias in (_CLASSES, _SCORES) if alias in signature.outputs)
    if not aliases:
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f'Expected classification signature outputs to contain at least one of "{_CLASSES}" or "{_SCORES}". '
            f"Signature was: {signature}",
        )
    return Call((feed,), tuple(signature.outputs[alias].name for alias in aliases), aliases)


def _regression(signature: SignatureDef) -> Call:
    _require_one_input(signature)
    if len(signature.outputs) != 1:
        raise invalid("Expected one output Tensor.")
    feed = _fed(signature, "regression")
    if _OUTPUTS not in signature.outputs:
        raise ServingError(
            Code.FAILED_PRECONDITION, f"No regression outputs found in SignatureDef: {signature}"
        )
    return Call((feed,), (signature.outputs[_OUTPUTS].name,), (_OUTPUTS,))


def _require_one_input(signature: SignatureDef) -> None:
    if len(signature.inputs) != 1:
        raise invalid("Expected one input Tensor.")


def _fed(signature: SignatureDef, kind: str) -> str:
    if _INPUTS not in signature.inputs:
        raise ServingError(Code.FAILED_PRECONDITION, f"No {kind} inputs found in SignatureDef: {signature}")
    return signature.inputs[_INPUTS].name


def _shape(array: np.ndarray) -> str:
    return "[" + ",".join(map(str, array.shape)) + "]"


def _type(array: np.ndarray) -> str:
    return _TYPES.get(str(array.dtype), str(array.dtype))
