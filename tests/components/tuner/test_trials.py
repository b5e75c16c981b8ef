from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from components.tuner.trials import (
    SearchTrial,
    Trial,
    Trials,
    best_of,
    read_search,
    settings_text,
    write_search,
)
from trainer.hyperparameters import Crf, Hyperparameters

HERE = Hyperparameters(epochs=3, learning_rate=0.01, crf=Crf(constrained=False))


def trial(score: float = 0.5, *, failed: str = "", hyperparameters: Hyperparameters = HERE) -> Trial:
    return Trial(
        settings={"learning_rate": 0.01, "batch_size": 8, "crf.constrained": False},
        hyperparameters=hyperparameters,
        metric="entity_f1_strict",
        dev_score=score,
        best_epoch=2,
        seconds=1.25,
        failed=failed,
    )


def test_a_record_is_found(tmp_path: Path) -> None:
    Trials(str(tmp_path), same=("examples", "code")).keep(trial())
    assert Trials(str(tmp_path), same=("examples", "code")).find(HERE) == trial()


@pytest.mark.parametrize(
    "same", [("other", "code"), ("examples", "other"), ("examples",), ("code", "examples")]
)
def test_other_examples_or_code_make_another_trial(same: tuple[str, ...], tmp_path: Path) -> None:
    Trials(str(tmp_path), same=("examples", "code")).keep(trial())
    assert Trials(str(tmp_path), same=same).find(HERE) is None


@pytest.mark.parametrize("field", Hyperparameters.__struct_fields__)
def test_any_other_setting_makes_another_trial(field: str, tmp_path: Path) -> None:
    trials = Trials(str(tmp_path), same=())
    # Some settings of word vectors mean something with a file only.
    base = msgspec.structs.replace(HERE, vectors="file.txt", vectors_frozen=True)
    value = getattr(base, field)
    other = {bool: not value, int: value + 1 if isinstance(value, int) else 0, str: f"{value}x"}
    changed = other.get(type(value), Crf() if field == "crf" else 0.123)
    trials.keep(trial(hyperparameters=base))
    assert trials.find(base) is not None
    assert trials.find(msgspec.structs.replace(base, **{field: changed})) is None


def test_an_unreadable_record_is_no_record(tmp_path: Path) -> None:
    trials = Trials(str(tmp_path), same=())
    trials.keep(trial())
    Path(trials.folder(HERE), "trial.json").write_text('{"settings": {}}')
    assert trials.find(HERE) is None


def test_the_checkpoints_of_a_finished_training_are_deleted(tmp_path: Path) -> None:
    trials = Trials(str(tmp_path), same=())
    os.makedirs(os.path.join(trials.folder(HERE), "last"))
    Path(trials.folder(HERE), "last", "epoch-1.index").write_text("weights")
    trials.keep(trial())
    assert os.listdir(trials.folder(HERE)) == ["trial.json"]


def test_only_unfinished_trainings_are_discarded(tmp_path: Path) -> None:
    trials = Trials(str(tmp_path / "trials"), same=())
    trials.discard_unfinished()
    trials.keep(trial())
    (tmp_path / "trials" / "unfinished" / "last").mkdir(parents=True)
    trials.discard_unfinished()
    assert os.listdir(tmp_path / "trials") == [os.path.basename(trials.folder(HERE))]


def test_a_search_is_read_as_it_was_written(tmp_path: Path) -> None:
    root = str(tmp_path / "tuning")
    assert read_search(root) == []
    trials = [
        SearchTrial(number=1, trial=trial(), known=True),
        SearchTrial(number=2, trial=trial(failed="why"), known=False),
    ]
    write_search(root, trials)
    assert read_search(root) == trials
    assert os.listdir(root) == ["search.json"]


def test_the_best_is_the_highest_the_earlier_of_equals_and_none_that_failed() -> None:
    scores = [(0.2, ""), (0.9, "failed"), (0.7, ""), (0.7, ""), (0.1, "")]
    trials = [
        SearchTrial(number=n, trial=trial(s, failed=f), known=False)
        for n, (s, f) in enumerate(scores, start=1)
    ]
    best = best_of(trials)
    assert best is not None
    assert best.number == 3
    assert best_of([trials[1]]) is None
    assert best_of([]) is None


def test_settings_are_written_in_a_line() -> None:
    assert settings_text({"batch_size": 8, "learning_rate": 0.00213}) == "batch_size 8, learning_rate 0.00213"


@pytest.mark.parametrize("content", [b"", b'{"settings": {"lea', b'"\xff\0'])
def test_damaged_records_are_told_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    trials = Trials(str(tmp_path), same=())
    trials.keep(trial())
    write_search(str(tmp_path), [SearchTrial(number=1, trial=trial(), known=False)])
    record = Path(trials.folder(HERE), "trial.json")
    for path in (record, tmp_path / "search.json"):
        path.write_bytes(content)
    assert trials.find(HERE) is None
    assert read_search(str(tmp_path)) == []
    assert [line.partition(":")[0] for line in caplog.messages] == [
        str(record),
        str(tmp_path / "search.json"),
    ]
    trials.keep(trial())
    assert trials.find(HERE) == trial()
