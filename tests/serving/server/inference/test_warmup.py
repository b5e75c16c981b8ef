"""First calls: which, how often, and what ends a load. Oracle: the runs that the session counts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from serving.client import Tagger
from serving.server.errors import Code, ServingError
from serving.server.flags import Flags
from serving.server.inference import warmup
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
    """The signatures called, in order; the calls are made."""
    made: list[str] = []
    run = warmup.run

    def counted(servable: object, request: object) -> object:
        made.append(request.model_spec.signature_name)
        return run(servable, request)

    monkeypatch.setattr(warmup, "run", counted)
    return made


@pytest.mark.embedded
def test_a_tagger_without_records_is_called_all_the_same(version, calls):
    warmup.load("tagger", 1, version).close_when_unused()
    assert calls == ["decode_text"] * 3 + ["decode"] * 3


@pytest.mark.embedded
def test_records_go_first_and_what_they_cover_is_not_called_again(version, calls):
    record(version, predict("decode_text"), predict("decode_text", "Anna sees Bob"))
    warmup.load("tagger", 1, version).close_when_unused()
    assert calls == ["decode_text"] * 2 + ["decode"] * 3
    calls.clear()
    warmup.load("tagger", 1, version, iterations=3).close_when_unused()
    assert calls == ["decode_text"] * 6 + ["decode"] * 3
    calls.clear()
    warmup.load("tagger", 1, version, warm_up=False).close_when_unused()
    assert calls == []


def classify() -> PredictionLog:
    log = PredictionLog()
    log.classify_log.request.model_spec.signature_name = "decode"
    return log


def regress() -> PredictionLog:
    log = PredictionLog()
    log.regress_log.request.model_spec.signature_name = "nobody"
    return log


def multi_inference() -> PredictionLog:
    log = PredictionLog()
    task = log.multi_inference_log.request.tasks.add()
    task.model_spec.name, task.model_spec.signature_name = "tagger", "nobody"
    return log


def session_run() -> PredictionLog:
    log = PredictionLog()
    log.session_run_log.SetInParent()
    return log


def streamed() -> PredictionLog:
    log = PredictionLog()
    log.predict_streamed_log.SetInParent()
    return log


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("make", "code", "message"),
    [
        (lambda: predict("nobody"), Code.FAILED_PRECONDITION, 'Serving signature key "nobody" not found'),
        (classify, Code.INVALID_ARGUMENT, "Expected one or two output Tensors"),
        (regress, Code.INVALID_ARGUMENT, "No signature was found with the name: nobody"),
        (multi_inference, Code.INVALID_ARGUMENT, "Requested signature not found in model graph: nobody"),
        (session_run, Code.UNIMPLEMENTED, "Unsupported log_type for warmup: 5"),
        (streamed, Code.UNIMPLEMENTED, "Unsupported log_type for warmup: 7"),
    ],
)
def test_any_record_that_fails_is_final(
    make: Callable[[], PredictionLog], code: Code, message: str, version: Path
) -> None:
    record(version, predict("decode_text"), make())
    told: list[tuple[str, str, float]] = []
    with pytest.raises(ServingError, match=message) as caught:
        warmup.load("tagger", 1, version, tell=lambda *seen: told.append(seen))
    assert caught.value.code is code
    assert [entry[:2] for entry in told] == [(str(version), code.name)]


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


def test_the_flag_switches_it_off(version):
    record(version, predict("nobody"))
    flags = Flags(model_base_path=str(version.parent), model_name="tagger", port=0, enable_model_warmup=False)
    with running(flags) as server, Tagger(server.target) as tagger:
        assert tagger.tag("Anna").entities[0].label == "ORG"
