"""AtomicPusher's executor on hand-made artifacts; `serving.registry.pushing` has tests of the folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow_model_analysis.proto import metrics_for_slice_pb2
from tfx.components.evaluator import constants
from tfx.types import standard_artifacts

from components.atomic_pusher.executor import Executor
from components.digests import served_digest
from components.model_gate.executor import BLESSED_DIGEST
from components.serving_check.budgets import MEDIAN
from components.serving_check.verdict import ServingVerdict, answers_rule
from components.verdict import Rule, Verdict
from serving.registry.manifest import file_sums, manifest
from serving.registry.pushing import NotBlessed
from serving.registry.version_folder import versions_in

OVER_BUDGET = Rule(name=MEDIAN, words="the median latency is 9 ms; allowed: at most 5 ms", passed=False)
BELOW_FLOOR = Rule(name="floor", words="entity F1 (strict) is 0.1; required: at least 0.5", passed=False)
BROKEN = answers_rule(["token 0: served O, expected B-PER"], 3)
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


def write_verdicts(folder: Path, failed: list[Rule]) -> tuple[str, str]:
    """What ModelGate and ServingCheck leave behind; the former has the rules of the latter too."""
    serving = [rule for rule in failed if rule.name != "floor"]
    served = ServingVerdict(
        blessed=not serving, reasons=[rule.words for rule in serving], answers=3, median_ms=9.0,
        seconds_to_ready=1.0, rules=[answers_rule([], 3), *serving],
    )  # fmt: skip
    for name, verdict in (("gate", Verdict.of("ModelGate", failed)), ("serving", served)):
        (folder / name).mkdir()
        (folder / name / "verdict.json").write_text(verdict.to_json())
    return str(folder / "gate"), str(folder / "serving")


class Line:
    """The pusher's place in a line: inputs that change from run to run, one destination."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.destination = folder, folder / "serving" / "tagger"
        self._runs = 0

    def push(
        self,
        weights: bytes = b"weights",
        *,
        failed: tuple[Rule, ...] = (),
        force: str = "",
        destination: str | None = None,
        settings: str = SETTINGS,
        blessed: str | None = None,
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
        model_blessing.uri, infra_blessing.uri = write_verdicts(here, list(failed))
        model_blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, int(not failed))
        model_blessing.set_string_custom_property(
            BLESSED_DIGEST, served_digest(model) if blessed is None else blessed
        )
        infra_blessing.set_int_custom_property("blessed", int(all(rule.name == "floor" for rule in failed)))
        Executor().Do(
            {
                "model": [model],
                "model_blessing": [model_blessing],
                "infra_blessing": [infra_blessing],
                "evaluation": [evaluation],
                "examples": [examples],
            },
            {"pushed_model": [pushed]},
            {
                "destination": destination or str(self.destination),
                "settings": settings,
                "force": force,
                "training": "t",
            },
        )
        return pushed

    def numbers(self) -> list[int]:
        return list(versions_in(self.destination))


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def properties(pushed: Any) -> tuple[int, int, str]:
    return (
        pushed.get_int_custom_property("pushed"),
        pushed.get_int_custom_property("pushed_version"),
        pushed.get_string_custom_property("pushed_destination"),
    )


def test_the_first_model_becomes_version_1(line: Line) -> None:
    pushed = line.push()
    version_dir = line.destination / "1"
    assert properties(pushed) == (1, 1, str(version_dir))
    assert (version_dir / "saved_model.pb").read_bytes() == b"graph"
    assert (version_dir / "settings.yaml").read_text() == SETTINGS
    about = manifest(version_dir)
    assert about["version"] == 1
    assert about["metrics"] == {"primary": 0.75, "entity_f1_strict": 0.75}
    assert about["data_fingerprint"] == "f00d"
    assert about["training"] == "t"
    assert about["settings_sha256"] == hashlib.sha256(SETTINGS.encode()).hexdigest()
    assert about["files"] == file_sums(version_dir)


def test_another_model_becomes_the_next_version(line: Line) -> None:
    line.push(b"one")
    assert properties(line.push(b"two"))[:2] == (1, 2)
    assert line.numbers() == [1, 2]


def test_the_next_version_follows_the_highest_number(line: Line) -> None:
    (line.destination / "41").mkdir(parents=True)
    assert properties(line.push())[1] == 42


def test_the_same_model_is_not_pushed_twice(line: Line) -> None:
    line.push()
    again = line.push(settings=SETTINGS + "# another run\n")
    assert properties(again) == (1, 1, str(line.destination / "1"))
    assert line.numbers() == [1]


def test_a_model_that_an_older_version_holds_is_pushed_again(line: Line) -> None:
    for weights in (b"one", b"two", b"one"):
        line.push(weights)
    assert line.numbers() == [1, 2, 3]


def test_a_model_whose_version_was_damaged_is_pushed_again(line: Line) -> None:
    line.push()
    (line.destination / "1" / "saved_model.pb").write_bytes(b"grap")
    assert properties(line.push())[1] == 2


@pytest.mark.parametrize("failed", [(BELOW_FLOOR,), (OVER_BUDGET,), (BROKEN,), (BELOW_FLOOR, BROKEN)])
def test_a_refused_model_leaves_nothing(line: Line, failed: tuple[Rule, ...]) -> None:
    assert properties(line.push(failed=failed)) == (0, 0, "")
    assert not line.destination.exists()


def test_a_refused_model_leaves_the_served_one_alone(line: Line) -> None:
    line.push(b"one")
    before = file_sums(line.destination)
    assert properties(line.push(b"two", failed=(BELOW_FLOOR,)))[0] == 0
    assert file_sums(line.destination) == before


@pytest.mark.parametrize("failed", [(BELOW_FLOOR,), (OVER_BUDGET,), (BELOW_FLOOR, OVER_BUDGET)])
def test_a_forced_push_is_marked_for_ever(line: Line, failed: tuple[Rule, ...]) -> None:
    line.push(b"one")
    pushed = line.push(b"two", failed=failed, force="the test split is wrong")
    assert properties(pushed) == (1, 2, str(line.destination / "2"))
    assert pushed.get_string_custom_property("forced") == "the test split is wrong"
    forced = manifest(line.destination / "2")["forced"]
    assert forced["reason"] == "the test split is wrong"
    assert forced["against"] == [rule.words for rule in failed]
    assert forced["at"].endswith("+00:00")
    assert "forced" not in manifest(line.destination / "1")
    # The same model blessed later is in place already: the mark stays.
    again = line.push(b"two")
    assert properties(again)[1] == 2
    assert manifest(line.destination / "2")["forced"] == forced
    assert again.get_string_custom_property("forced") == ""


@pytest.mark.parametrize("failed", [(BROKEN,), (BROKEN, OVER_BUDGET), (BELOW_FLOOR, BROKEN)])
def test_a_broken_model_is_not_forced(line: Line, failed: tuple[Rule, ...]) -> None:
    pushed = line.push(failed=failed, force="we need it")
    assert properties(pushed) == (0, 0, "")
    assert "ServingCheck found that the model does not answer" in pushed.get_string_custom_property(
        "not_forced"
    )
    assert not line.destination.exists()


def test_a_blessed_model_is_not_marked_as_forced(line: Line) -> None:
    pushed = line.push(force="to be sure")
    assert properties(pushed)[:2] == (1, 1)
    assert pushed.get_string_custom_property("forced") == ""
    assert "forced" not in manifest(line.destination / "1")


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


@pytest.mark.parametrize("blessed", ["0" * 64, ""])
@pytest.mark.parametrize("force", ["", "we need it"])
def test_what_was_not_judged_is_not_pushed(line: Line, blessed: str, force: str) -> None:
    """As when the model changes between the gate's verdict and the copy; a forced one was judged too."""
    line.push()
    failed = (BELOW_FLOOR,) if force else ()
    with pytest.raises(NotBlessed, match=r"expected the blessed model, SHA-256 (0{64}|not recorded); found"):
        line.push(b"other", blessed=blessed, failed=failed, force=force)
    assert line.numbers() == [1]
    assert not [path.name for path in line.destination.iterdir() if path.name.startswith(".staging")]
