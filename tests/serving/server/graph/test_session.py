"""Running graphs: the executor's fall-back, many at once; warm-up records."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.client import Tagger
from serving.server.errors import Code, ServingError
from serving.server.graph.session import GraphSession
from serving.server.inference.warmup import load
from tests.serving import tiny_model


@pytest.fixture(scope="module")
def old_control_flow(tmp_path_factory) -> Path:
    """A graph with Enter, Switch and Merge nodes, as TensorFlow 1 wrote loops."""
    folder = tmp_path_factory.mktemp("old") / "1"
    v1 = tf.compat.v1
    v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default(), v1.Session() as session:
            x = v1.placeholder(tf.int32, [], "x")
            doubled = v1.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, y * 2), [0, x])[1]
            v1.saved_model.simple_save(session, str(folder), {"x": x}, {"doubled": doubled})
    finally:
        v1.enable_control_flow_v2()
    return folder


def test_a_graph_of_old_control_flow_gets_the_default_executor(old_control_flow):
    session = GraphSession(old_control_flow)
    signature = session.signatures["serving_default"]
    feeds, fetches = (signature.inputs["x"].name,), (signature.outputs["doubled"].name,)

    def run(x: int) -> int:
        return session.run(feeds, fetches, [np.int32(x)])[0]

    assert run(5) == 40
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(50))) == [8 * x for x in range(50)]
    session.close()


def test_many_requests_with_deadlines_do_not_wait_for_each_other(server):
    with Tagger(server.target, timeout=20) as tagger, ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(tagger.tag, ["Anna sees Bob"] * 200))
    assert all(len(answer.entities) == 2 for answer in answers)


def test_a_tensor_that_is_not_in_the_graph(exported):
    session = GraphSession(exported["NAME"])
    with pytest.raises(ServingError, match="nowhere") as caught:
        session.run((), ("nowhere:0",), [])
    assert caught.value.code is Code.INVALID_ARGUMENT
    session.close()


def records(folder: Path, *logs: bytes) -> None:
    (folder / "assets.extra").mkdir(parents=True)
    with tf.io.TFRecordWriter(str(folder / "assets.extra" / "tf_serving_warmup_requests")) as writer:
        for log in logs:
            writer.write(log)


def log(signature: str, text: str) -> bytes:
    made = prediction_log_pb2.PredictionLog()
    made.predict_log.request.model_spec.signature_name = signature
    made.predict_log.request.inputs["text"].CopyFrom(tf.make_tensor_proto([text]))
    return made.SerializeToString()


def test_warm_up_records_are_replayed_and_a_failing_one_is_final(tmp_path):
    tiny_model.export(tmp_path / "1", signatures=("decode_text",))
    records(tmp_path / "1", log("decode_text", "Anna"))
    load("tagger", 1, tmp_path / "1").close_when_unused()
    (tmp_path / "1" / "assets.extra" / "tf_serving_warmup_requests").unlink()
    (tmp_path / "1" / "assets.extra").rmdir()
    records(tmp_path / "1", log("decode_text", "Anna"), log("parse", "Anna"))
    with pytest.raises(ServingError, match='Serving signature key "parse" not found'):
        load("tagger", 1, tmp_path / "1")


def test_broken_warm_up_records_are_named(tmp_path):
    tiny_model.export(tmp_path / "1", signatures=("decode_text",))
    (tmp_path / "1" / "assets.extra").mkdir()
    (tmp_path / "1" / "assets.extra" / "tf_serving_warmup_requests").write_bytes(
        b"no records, but plain text"
    )
    with pytest.raises(ServingError, match="Please verify your warmup data is in TFRecord format") as caught:
        load("tagger", 1, tmp_path / "1")
    assert caught.value.code is Code.DATA_LOSS
