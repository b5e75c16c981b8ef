"""The requests recorded with a model: the embedded server replays them, also many at once, and they are the same every
time."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from serving.server.inference.predict import run
from serving.server.inference.warmup import load
from serving.server.wire.errors import ServingError
from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from trainer.export import saved_model, warmup
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory, tiny_model: BiLstmCrf, vocabulary: Vocabulary) -> Path:
    base = tmp_path_factory.mktemp("exported")
    for version in ("1", "2"):
        saved_model.export(
            tiny_model, vocabulary, BIOES, directory=str(base / version), n_best=SMALL.n_best, extra={}
        )
    return base


def _record(version: Path) -> Path:
    return version / "assets.extra" / warmup.FILE


def _logs(version: Path) -> list[PredictionLog]:
    return [
        PredictionLog.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(_record(version)))
    ]


def test_all_that_is_served_is_called_alone_and_in_a_batch(versions: Path) -> None:
    sizes: dict[str, set[int]] = {}
    for log in _logs(versions / "1"):
        request = log.predict_log.request
        ((_, tensor),) = request.inputs.items()
        sizes.setdefault(request.model_spec.signature_name, set()).add(tensor.tensor_shape.dim[0].size)
    served = set(tf.saved_model.load(str(versions / "1")).signatures) - {"evaluate"}
    assert {"serving_default", "decode", "decode_text", "decode_tokens", "decode_nbest"} <= served
    assert sizes == {name: {1, 8} for name in served}


def test_the_embedded_server_replays_it(versions: Path, caplog: pytest.LogCaptureFixture) -> None:
    reports: list[tuple[str, str, float]] = []
    count = len(_logs(versions / "1"))
    with caplog.at_level("INFO"):
        load("tagger", 1, versions / "1", report=lambda *report: reports.append(report)).close_when_unused()
    assert f"Finished warming tagger version 1 up with {count} records" in caplog.text
    assert [report[:2] for report in reports] == [(str(versions / "1"), "OK")]


def test_a_request_that_fails_there_is_final(versions: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(versions / "1", tmp_path / "1"))
    wrong = _logs(versions / "1")[0]
    wrong.predict_log.request.model_spec.signature_name = "nobody"
    with tf.io.TFRecordWriter(str(_record(copy))) as writer:
        writer.write(wrong.SerializeToString())
    with pytest.raises(ServingError, match='Serving signature key "nobody" not found'):
        load("tagger", 1, copy)
    load("tagger", 1, copy, warm_up=False).close_when_unused()


def test_the_same_model_gives_the_same_bytes(versions: Path) -> None:
    assert _record(versions / "1").read_bytes() == _record(versions / "2").read_bytes()


def test_requests_side_by_side_do_not_wait_for_each_other(versions: Path) -> None:
    """The model's loops and functions: run in a pool of threads, two requests can hold all of its threads."""
    servable = load("tagger", 1, versions / "1", warm_up=False)
    requests = [log.predict_log.request for log in _logs(versions / "1")] * 8
    pool = ThreadPoolExecutor(8)
    done, waiting = wait([pool.submit(run, servable, request) for request in requests], timeout=120)
    pool.shutdown(wait=False, cancel_futures=True)
    assert not waiting
    assert all(future.result().outputs for future in done)
    servable.close_when_unused()
