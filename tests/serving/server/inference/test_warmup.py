"""Warm-up calls: which are made, how often, and which failures end a load."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from serving.client import Tagger
from serving.server.flags import Flags
from serving.server.inference import warmup
from serving.server.wire.errors import Code, ServingError
from tests.serving.running import running

RECORDS = Path("assets.extra", "tf_serving_warmup_requests")


@pytest.fixture
def version(exported: dict[str, Path], tmp_path: Path) -> Path:
    """A version of `decode_text` and `decode`, without records."""
    return Path(shutil.copytree(exported["ORG"], tmp_path / "models" / "1"))


def record(version: Path, *logs: PredictionLog) -> None:
    (version / RECORDS).parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(version / RECORDS)) as writer:
        for log in logs:
            writer.write(log.SerializeToString())


def predict(signature: str, text: str = "Anna") -> PredictionLog:
    log = PredictionLog()
    log.predict_log.request.model_spec.signature_name = signature
    log.predict_log.request.inputs["text"].CopyFrom(tf.make_tensor_proto([text]))
    return log


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records the signatures called, in order; the calls are still made."""
    made: list[str] = []
    run = warmup.run

    def counted(servable: object, request: object) -> object:
        made.append(request.model_spec.signature_name)
        return run(servable, request)

    monkeypatch.setattr(warmup, "run", counted)
    return made


@pytest.mark.embedded
def test_a_tagger_without_records_is_called_with_a_built_in_sentence(version, calls):
    warmup.load("tagger", 1, version).close_when_unused()
    assert calls == ["decode_text"] * 3 + ["decode"] * 3


@pytest.mark.embedded
def test_records_go_first_and_their_signatures_are_not_called_again(version, calls):
    record(version, predict("decode_text"), predict("decode_text", "Anna sees Bob"))
    warmup.load("tagger", 1, version).close_when_unused()
    assert calls == ["decode_text"] * 2 + ["decode"] * 3
    calls.clear()
    warmup.load("tagger", 1, version, iterations=3).close_when_unused()
    assert calls == ["decode_text"] * 6 + ["decode"] * 3
    calls.clear()
    warmup.load("tagger", 1, version, warm_up=False).close_when_unused()
    assert calls == []


def other(kind: str) -> PredictionLog:
    """A record of another call."""
    log = PredictionLog()
    getattr(log, kind).SetInParent()
    return log


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("log", "code", "message"),
    [
        (predict("nobody"), Code.FAILED_PRECONDITION, 'Serving signature key "nobody" not found'),
        (other("session_run_log"), Code.UNIMPLEMENTED, "Unsupported kind of warm-up record: session_run_log"),
        (other("predict_streamed_log"), Code.UNIMPLEMENTED, "record: predict_streamed_log"),
    ],
)
def test_a_failing_record_fails_the_load(log: PredictionLog, code: Code, message: str, version: Path) -> None:
    record(version, predict("decode_text"), log)
    reports: list[tuple[str, str, float]] = []
    with pytest.raises(ServingError, match=message) as caught:
        warmup.load("tagger", 1, version, report=lambda *report: reports.append(report))
    assert caught.value.code is code
    assert [report[:2] for report in reports] == [(str(version), code.name)]


@pytest.mark.embedded
def test_records_of_calls_that_are_not_served_are_skipped(version, calls, caplog):
    record(version, *map(other, ["classify_log", "regress_log", "multi_inference_log", "classify_log"]))
    warmup.load("tagger", 1, version).close_when_unused()
    assert calls == ["decode_text"] * 3 + ["decode"] * 3
    skipped = [entry.getMessage() for entry in caplog.records if "are skipped" in entry.getMessage()]
    assert len(skipped) == 3
    assert "records of kind classify_log are skipped: this server answers Predict only" in skipped[0]


@pytest.mark.embedded
def test_too_many_records(version):
    record(version, *[PredictionLog()] * 1000)
    warmup.load("tagger", 1, version).close_when_unused()
    record(version, *[PredictionLog()] * 1001)
    with pytest.raises(ServingError) as caught:
        warmup.load("tagger", 1, version)
    assert caught.value.message == (
        f"Number of warmup records exceeds the maximum (1000) at {version / RECORDS}"
    )


@pytest.mark.embedded
def test_a_record_that_is_no_log(version):
    (version / RECORDS).parent.mkdir()
    with tf.io.TFRecordWriter(str(version / RECORDS)) as writer:
        writer.write(b"\xff\xff")
    with pytest.raises(ServingError, match="Failed to parse warmup record: 1 from"):
        warmup.load("tagger", 1, version)


@pytest.mark.embedded
def test_a_file_that_is_no_tfrecord(version):
    (version / RECORDS).parent.mkdir()
    (version / RECORDS).write_bytes(b"no records, but plain text")
    with pytest.raises(ServingError, match="Please verify your warmup data is in TFRecord format") as caught:
        warmup.load("tagger", 1, version)
    assert caught.value.code is Code.DATA_LOSS


def test_the_flag_switches_it_off(version):
    record(version, predict("nobody"))
    flags = Flags(model_base_path=str(version.parent), model_name="tagger", port=0, enable_model_warmup=False)
    with running(flags) as server, Tagger(server.target) as tagger:
        assert tagger.tag("Anna").entities[0].label == "ORG"
