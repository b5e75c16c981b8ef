"""A third-party client; `curl`, and `grpc` with stubs, are tested in tests/docs/test_guides.py."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.server.process import ServerProcess, start_server_process
from tests.serving import tiny_model

# In a process of its own: the client brings its own copy of TensorFlow Serving's messages, and a process
# can hold one.
_BY_OVMSCLIENT = """
import sys
from ovmsclient import make_grpc_client, make_http_client

grpc_target, rest_target, example = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3])
by_grpc, by_http = make_grpc_client(grpc_target), make_http_client(rest_target)
# Its reader of metadata over HTTP expects another server's form.
inputs = by_grpc.get_model_metadata("tagger", 7)["inputs"]
print(*inputs, inputs["examples"]["dtype"], inputs["examples"]["shape"])
for client in (by_grpc, by_http):
    outputs = client.predict({"examples": [example]}, "tagger", 7)
    print(outputs["tags"].astype(str).tolist(), outputs["lengths"].tolist())
    # Its "latest" is version 0, a number like any other to TensorFlow Serving.
    for version in (7, 0):
        try:
            print(client.get_model_status("tagger", version)[7]["state"])
        except Exception as error:
            print(type(error).__name__)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    base = tmp_path_factory.mktemp("models")
    tiny_model.export(base / "7", "PER")
    with start_server_process(base, "tagger", base.parent / "server.log", rest_api_port=-1) as process:
        yield process


def test_ovmsclient(server: ServerProcess, tmp_path: Path) -> None:
    import tensorflow as tf

    example = tf.train.Example()
    example.features.feature["tokens"].bytes_list.value.extend([b"Anna", b"sees", b"Bob"])
    arguments = [server.target, str(server.rest_target), example.SerializeToString().hex()]
    done = subprocess.run(
        [sys.executable, "-c", _BY_OVMSCLIENT, *arguments], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.splitlines() == [
        "examples DT_STRING [-1]",
        *["[['B-PER', 'O', 'B-PER']] [3]", "AVAILABLE", "ModelNotFoundError"] * 2,
    ], done.stderr
