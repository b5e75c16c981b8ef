"""Clients of a served tiny model whose every answer is known, beside whatever a test does to the server."""

from __future__ import annotations

import threading
from pathlib import Path

import grpc
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub


def request(signature: str, **inputs: object) -> PredictRequest:
    """A Predict request to the model `tagger`."""
    made = PredictRequest()
    made.model_spec.name = "tagger"
    made.model_spec.signature_name = signature
    for alias, value in inputs.items():
        made.inputs[alias].CopyFrom(tf.make_tensor_proto(value))
    return made


def sentence(number: int) -> tuple[list[str], list[bytes]]:
    """A sentence for each number, and the tags that the model named `PER` gives it."""
    words = [f"Anna{number}", *["sees"] * (number % 7), "Bob"]
    last = b"I-PER" if number % 7 == 0 else b"B-PER"
    return words, [b"B-PER", *[b"O"] * (number % 7), last]


class HonestClients:
    """Threads that send numbered sentences within a `with`, each until its first error.

    Attributes:
      found: by number the tags answered, or the name of the error's code.
      expected: by number the tags of the sentence.
    """

    def __init__(self, target: str, *, clients: int = 4, most: int = 10**9) -> None:
        self.found: dict[int, object] = {}
        self._target = target
        self._most = most
        self._done = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(first, clients)) for first in range(clients)
        ]

    @property
    def expected(self) -> dict[int, object]:
        return {number: sentence(number)[1] for number in self.found}

    def _run(self, first: int, step: int) -> None:
        with grpc.insecure_channel(self._target, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            stub = PredictionServiceStub(channel)
            for number in range(first, self._most, step):
                if self._done.is_set():
                    return
                made = request("decode_text", text=[" ".join(sentence(number)[0])])
                try:
                    answer = stub.Predict(made, timeout=60)
                    self.found[number] = list(answer.outputs["tags"].string_val)
                except grpc.RpcError as error:
                    self.found[number] = error.code().name
                    return

    def wait(self) -> None:
        """Wait until `most` sentences have been sent."""
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> HonestClients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.wait()


def memory_of(pid: int) -> int:
    """The resident memory of a process, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
