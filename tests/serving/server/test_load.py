"""Sixteen clients for a minute while versions, labels and models change: all answers are right."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from serving.server.process import start_server_process
from tests.serving.folders import garbage, push, states, until
from tests.serving.server.management import ManagementClient, refused

CLIENTS = 16
SECONDS = 60.0


class Load:
    """Clients of the newest version or of a label; each answer is compared with that of its version."""

    def __init__(self, target: str, answers: dict[int, str]) -> None:
        self._target = target
        self._answers = answers
        self._done = threading.Event()
        self.seen: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self.threads:
            thread.join()

    def _run(self, number: int) -> None:
        words = ["Anna"] * (number + 1)
        request = PredictRequest()
        request.model_spec.name = "a"
        request.model_spec.signature_name = "decode_text"
        if number % 4 == 0:
            request.model_spec.version_label = "stable"
        request.inputs["text"].CopyFrom(tf.make_tensor_proto([" ".join(words)]))
        with grpc.insecure_channel(self._target) as channel:
            stub = PredictionServiceStub(channel)
            while not self._done.is_set():
                try:
                    answer = stub.Predict(request, timeout=20)
                except grpc.RpcError as error:
                    self.wrong.append(f"{error.code()} {error.details()}")
                    continue
                version = answer.model_spec.version.value
                label = self._answers[version]
                expected = [f"B-{label}", *[f"I-{label}"] * (len(words) - 1)]
                tags = [tag.decode() for tag in answer.outputs["tags"].string_val]
                if tags != expected:
                    self.wrong.append(f"version {version}: {tags}, expected {expected}")
                self.seen[version] += 1


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.parametrize("batching", [False, True], ids=["plain", "batching"])
def test_sixteen_clients_while_everything_changes(batching, exported, tmp_path):
    base, other = tmp_path / "a", tmp_path / "b"
    answers = {version: ("PER", "ORG")[version % 2] for version in range(1, 7)}
    push(exported[answers[1]], base / "1")
    push(exported["PER"], other / "1")
    flags = [
        f"--enable_batching={str(batching).lower()}",
        "--file_system_poll_wait_seconds=0.2",
        "--enable_reload_rpc",
    ]
    with start_server_process(base, "a", tmp_path / "log", 60, extra_flags=flags) as process:
        management = ManagementClient(process.target)
        step = SECONDS / 8
        management.reload({"a": base}, labels={"stable": 1})
        with Load(process.target, answers) as load, management.tagger("a") as watched:
            time.sleep(step)
            for version in (2, 3, 4, 5, 6):
                # Both for a moment: the label moves before its old version goes.
                management.reload(
                    {"a": base}, labels={"stable": version - 1}, versions=[version - 1, version]
                )
                push(exported[answers[version]], base / str(version))
                until(lambda version=version: states(watched).get(version) == "AVAILABLE", "the version")
                management.reload({"a": base}, labels={"stable": version})
                time.sleep(step)
            garbage(base / "9")
            until(lambda: states(watched).get(9) == "END", "the failed load")
            time.sleep(step)
            management.reload({"a": base, "b": other}, labels={"stable": 6})
            refusal = refused(management, {"a": base, "c": Path("/nowhere")})
            assert "Could not find base path" in refusal[1]
            management.reload({"a": base}, labels={"stable": 6})
            time.sleep(step)
        management.close()
    assert load.wrong == []
    assert sorted(load.seen) == list(answers)
