"""Running graphs: the fall-back to the default executor, many runs at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from serving.client import Tagger
from serving.server.graph.session import GraphSession
from serving.server.wire.errors import Code, ServingError


@pytest.fixture(scope="module")
def v1_control_flow(tmp_path_factory) -> Path:
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


def test_a_graph_with_v1_control_flow_gets_the_default_executor(v1_control_flow):
    session = GraphSession(v1_control_flow)
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


def test_an_unknown_tensor(exported):
    session = GraphSession(exported["NAME"])
    with pytest.raises(ServingError, match="nowhere") as caught:
        session.run((), ("nowhere:0",), [])
    assert caught.value.code is Code.INVALID_ARGUMENT
    session.close()
