"""AtomicPusher's executor on hand-made artifacts; the folder itself is the business of test_pushed_versions."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow_model_analysis.proto import metrics_for_slice_pb2, validation_result_pb2
from tfx.components.evaluator import constants
from tfx.types import standard_artifacts

from components.atomic_pusher import versions
from components.atomic_pusher.executor import Executor

SETTINGS = "name: tagger\ntrainer:\n  epochs: 3\n"


def write_evaluation(folder: Path, metrics: dict[str, float]) -> None:
    """What TFMA's writer leaves behind, for the overall slice alone."""
    folder.mkdir(parents=True)
    row = metrics_for_slice_pb2.MetricsForSlice()
    for name, value in metrics.items():
        item = row.metric_keys_and_values.add()
        item.key.name = name
        item.value.double_value.value = value
    with tf.io.TFRecordWriter(str(folder / "metrics-00000-of-00001.tfrecord")) as writer:
        writer.write(row.SerializeToString())
    with tf.io.TFRecordWriter(str(folder / "validations.tfrecord")) as writer:
        writer.write(validation_result_pb2.ValidationResult(validation_ok=True).SerializeToString())


class Line:
    """The pusher's place in a line: inputs that change from run to run, one destination."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.destination = folder, folder / "serving" / "tagger"
        self._runs = 0

    def push(
        self,
        weights: bytes = b"weights",
        *,
        blessed: bool = True,
        infra_blessed: bool = True,
        destination: str | None = None,
        settings: str = SETTINGS,
    ) -> Any:
        """Runs the executor on a model of these weights. Returns the PushedModel."""
        self._runs += 1
        here = self.folder / str(self._runs)
        files = here / "model" / "Format-Serving"
        (files / "variables").mkdir(parents=True)
        (files / "saved_model.pb").write_bytes(b"graph")
        (files / "variables" / "variables.index").write_bytes(weights)
        write_evaluation(here / "evaluation", {"primary": 0.75, "entity_f1_strict": 0.75})
        model, examples = standard_artifacts.Model(), standard_artifacts.Examples()
        evaluation, pushed = standard_artifacts.ModelEvaluation(), standard_artifacts.PushedModel()
        model_blessing, infra_blessing = (
            standard_artifacts.ModelBlessing(),
            standard_artifacts.InfraBlessing(),
        )
        model.uri, evaluation.uri, pushed.uri = (
            str(here / name) for name in ("model", "evaluation", "pushed")
        )
        examples.set_string_custom_property("data_fingerprint", "f00d")
        model_blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, int(blessed))
        infra_blessing.set_int_custom_property("blessed", int(infra_blessed))
        Executor().Do(
            {
                "model": [model],
                "model_blessing": [model_blessing],
                "infra_blessing": [infra_blessing],
                "evaluation": [evaluation],
                "examples": [examples],
            },
            {"pushed_model": [pushed]},
            {"destination": destination or str(self.destination), "settings": settings},
        )
        return pushed

    def numbers(self) -> list[int]:
        return versions.versions(self.destination)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def told(pushed: Any) -> tuple[int, int, str]:
    return (
        pushed.get_int_custom_property("pushed"),
        pushed.get_int_custom_property("pushed_version"),
        pushed.get_string_custom_property("pushed_destination"),
    )


def test_the_first_model_becomes_version_1(line: Line) -> None:
    pushed = line.push()
    version_dir = line.destination / "1"
    assert told(pushed) == (1, 1, str(version_dir))
    assert (version_dir / "saved_model.pb").read_bytes() == b"graph"
    assert (version_dir / "settings.yaml").read_text() == SETTINGS
    about = versions.manifest(version_dir)
    assert about["version"] == 1
    assert about["metrics"] == {"primary": 0.75, "entity_f1_strict": 0.75}
    assert about["data_fingerprint"] == "f00d"
    assert about["settings_sha256"] == hashlib.sha256(SETTINGS.encode()).hexdigest()
    assert about["files"] == versions.file_sums(version_dir)


def test_another_model_becomes_the_next_version(line: Line) -> None:
    line.push(b"one")
    assert told(line.push(b"two"))[:2] == (1, 2)
    assert line.numbers() == [1, 2]


def test_the_next_version_follows_the_greatest_there_is(line: Line) -> None:
    (line.destination / "41").mkdir(parents=True)
    assert told(line.push())[1] == 42


def test_the_same_model_is_not_pushed_twice(line: Line) -> None:
    line.push()
    again = line.push(settings=SETTINGS + "# another run\n")
    assert told(again) == (1, 1, str(line.destination / "1"))
    assert line.numbers() == [1]


def test_a_model_that_an_older_version_holds_is_pushed_again(line: Line) -> None:
    for weights in (b"one", b"two", b"one"):
        line.push(weights)
    assert line.numbers() == [1, 2, 3]


def test_a_version_that_was_damaged_is_pushed_anew(line: Line) -> None:
    line.push()
    (line.destination / "1" / "saved_model.pb").write_bytes(b"grap")
    assert told(line.push())[1] == 2


@pytest.mark.parametrize(("blessed", "infra_blessed"), [(False, True), (True, False), (False, False)])
def test_what_a_gate_refused_leaves_nothing(line: Line, blessed: bool, infra_blessed: bool) -> None:
    assert told(line.push(blessed=blessed, infra_blessed=infra_blessed)) == (0, 0, "")
    assert not line.destination.exists()


def test_a_refused_model_leaves_the_served_one_alone(line: Line) -> None:
    line.push(b"one")
    before = versions.file_sums(line.destination)
    assert told(line.push(b"two", blessed=False))[0] == 0
    assert versions.file_sums(line.destination) == before


def test_what_a_killed_push_left_is_cleared(line: Line) -> None:
    abandoned = line.destination / ".staging-dead"
    abandoned.mkdir(parents=True)
    (abandoned / "saved_model.pb").write_bytes(b"ha")
    line.push()
    assert not abandoned.exists()
    assert line.numbers() == [1]


def test_a_destination_that_is_no_folder_is_refused(line: Line) -> None:
    with pytest.raises(ValueError, match=r"destination: found gs://bucket/tagger; expected a mounted"):
        line.push(destination="gs://bucket/tagger")
