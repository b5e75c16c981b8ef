"""The search itself, over a function in place of a training: what is tried, what is recorded, how it resumes.

Trainings by the line's own code are in tests/pipeline/cli/line/test_tune.py.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tensorflow as tf

from components.tuner.options import Tuning
from components.tuner.oracles import oracle_of
from components.tuner.search import Search, TooManyFailures, TrialBroke
from components.tuner.space import contains, default_space
from components.tuner.trials import SearchTrial, Trials, best_of, read_search
from trainer.hyperparameters import Hyperparameters, value_at, with_trial
from trainer.training.history import Epoch, History
from trainer.training.loop import Diverged
from trainer.training.out_of_memory import OutOfMemory

BASE = Hyperparameters(epochs=9)
ALGORITHMS = ("hyperband", "bayesian", "random")
SPACE = {name: default_space()[name] for name in ("learning_rate", "lstm_units", "input_dropout")}
# Of the Bayesian search the first four are random, and fitting the process to more of them takes a while.
TRIALS = {"hyperband": None, "bayesian": 5, "random": 12}


class _Killed(BaseException):
    """Simulates a process that is killed."""


def score_of(hp: Hyperparameters) -> float:
    """Best at a learning rate of 0.003 and 200 units, and better with more epochs."""
    distance = abs(math.log(hp.learning_rate / 0.003)) + abs(hp.lstm_units - 200) / 100 + hp.input_dropout
    return math.exp(-distance) * hp.epochs / BASE.epochs


class FakeTrainer:
    """In place of the trainer: scores by a formula, and lists what it trained.

    Args:
        killed_at: the number of the training that is killed.
        failing: whether a training with some settings diverges.
        error: raised by every training.
    """

    def __init__(
        self,
        *,
        killed_at: int = 0,
        failing: Any = lambda hp: False,
        error: Exception | None = None,
    ) -> None:
        self.trained: list[Hyperparameters] = []
        self._killed_at, self._failing, self._error = killed_at, failing, error

    def __call__(self, hp: Hyperparameters, folder: str) -> History:
        self.trained.append(hp)
        if len(self.trained) == self._killed_at:
            raise _Killed
        if self._error:
            raise self._error
        if self._failing(hp):
            raise Diverged("the loss of epoch 1 is nan")
        return History(
            "entity_f1_strict",
            (Epoch(1, 1.0, score_of(hp) / 2, 0.1, 1.0, 1.0), Epoch(2, 1.0, score_of(hp), 0.0, 2.0, 1.0)),
        )


def search(
    root: Path, trainer: FakeTrainer, *, base: Hyperparameters = BASE, **tuning: Any
) -> list[SearchTrial]:
    options = {"space": SPACE, "trials": TRIALS[tuning.get("algorithm", "hyperband")], **tuning}
    tuner = Search(
        Tuning(**options),
        base,
        metric="entity_f1_strict",
        train=trainer,
        trials=Trials(str(root / "trials"), same=("examples",)),
        root=str(root),
    )
    tuner.search()
    return read_search(str(root))


def records(trials: list[SearchTrial]) -> list[tuple[int, Any]]:
    return [(one.number, one.trial) for one in trials]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_seed_tries_the_same_and_another_seed_others(algorithm: Any, tmp_path: Path) -> None:
    one = search(tmp_path / "a", FakeTrainer(), algorithm=algorithm, seed=3)
    same = search(tmp_path / "b", FakeTrainer(), algorithm=algorithm, seed=3)
    other = search(tmp_path / "c", FakeTrainer(), algorithm=algorithm, seed=4)
    assert one == same
    assert len(one) == Tuning(algorithm=algorithm, trials=TRIALS[algorithm]).most_trials(BASE.epochs)
    drawn = [{tuple(x.trial.settings.items()) for x in trials[1:]} for trials in (one, other)]
    assert len(drawn[0] & drawn[1]) <= 1, "the first, the settings as they are, may come back in a later rung"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_trial_lies_in_the_space_and_trains_with_its_settings(algorithm: Any, tmp_path: Path) -> None:
    trainer = FakeTrainer()
    trials = search(tmp_path, trainer, algorithm=algorithm)
    assert [one.trial.hyperparameters for one in trials] == trainer.trained
    for one in trials:
        hp = one.trial.hyperparameters
        assert contains(SPACE, one.trial.settings)
        assert {name: value_at(hp, name) for name in SPACE} == one.trial.settings
        kept = {name: value_at(BASE, name) for name in ("case_embedding", "seed", "clip_norm")}
        assert {name: value_at(hp, name) for name in kept} == kept
        assert hp.epochs == BASE.epochs or algorithm == "hyperband"
        assert one.trial.dev_score == score_of(hp)
        assert (one.trial.best_epoch, one.trial.seconds) == (2, 3.0)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_killed_search_resumes_and_ends_as_one_that_was_not(algorithm: Any, tmp_path: Path) -> None:
    whole = search(tmp_path / "whole", FakeTrainer(), algorithm=algorithm)
    killed, rest = FakeTrainer(killed_at=5), FakeTrainer()
    with pytest.raises(_Killed):
        search(tmp_path / "killed", killed, algorithm=algorithm)
    assert records(read_search(str(tmp_path / "killed"))) == records(whole)[:4]
    resumed = search(tmp_path / "killed", rest, algorithm=algorithm)
    assert records(resumed) == records(whole)
    assert [one.known for one in resumed] == [True] * 4 + [False] * (len(whole) - 4)
    # The one that was killed is trained again, and nothing that had ended.
    assert killed.trained[:-1] + rest.trained == [one.trial.hyperparameters for one in whole]


def test_more_trials_continue_from_fewer(tmp_path: Path) -> None:
    search(tmp_path, FakeTrainer(), algorithm="bayesian", trials=4)
    more = FakeTrainer()
    trials = search(tmp_path, more, algorithm="bayesian", trials=6)
    assert len(more.trained) == 2
    assert records(trials) == records(
        search(tmp_path / "once", FakeTrainer(), algorithm="bayesian", trials=6)
    )


def test_hyperband_trains_the_best_of_a_rung_for_more_epochs(tmp_path: Path) -> None:
    trials = search(tmp_path, FakeTrainer())
    first = [one.trial for one in trials if one.trial.hyperparameters.epochs == 1]
    second = [one.trial for one in trials[len(first) :] if one.trial.hyperparameters.epochs == 3][:3]
    best = sorted(first, key=lambda trial: -trial.dev_score)[: len(second)]
    assert [trial.settings for trial in second] == [trial.settings for trial in best]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_first_trial_is_the_settings_as_they_are(algorithm: Any, tmp_path: Path) -> None:
    trials = search(tmp_path, FakeTrainer(), algorithm=algorithm, trials=3)
    first = trials[0].trial
    assert first.hyperparameters == msgspec.structs.replace(BASE, epochs=first.hyperparameters.epochs)


def test_settings_outside_the_space_are_no_trial(tmp_path: Path) -> None:
    base = msgspec.structs.replace(BASE, learning_rate=0.5)
    trials = search(tmp_path, FakeTrainer(), base=base, algorithm="bayesian")
    assert all(contains(SPACE, one.trial.settings) for one in trials)


def test_a_search_finds_better_settings_than_it_began_with(tmp_path: Path) -> None:
    trials = search(tmp_path, FakeTrainer(), algorithm="random", trials=40)
    best = best_of(trials)
    assert best is not None
    assert best.trial.dev_score == max(one.trial.dev_score for one in trials) > score_of(BASE)


def test_a_space_that_is_exhausted_ends_the_search(tmp_path: Path) -> None:
    space = {"batch_size": (8, 16), "crf.constrained": (True, False)}
    trials = search(tmp_path, FakeTrainer(), algorithm="random", trials=30, space=space)
    assert len({tuple(one.trial.settings.values()) for one in trials}) == len(trials) <= 4


def test_whole_numbers_in_a_float_range_are_no_whole_steps(tmp_path: Path) -> None:
    space = msgspec.convert({"clip_norm": {"min": 1, "max": 10}}, dict[str, Any])
    tuning = msgspec.convert({"space": space, "algorithm": "random", "trials": 5}, Tuning)
    oracle = oracle_of(tuning, BASE)
    drawn = [oracle.hyperparameters.space[0].random_sample(seed) for seed in range(5)]
    assert any(value != int(value) for value in drawn)


def test_a_failed_trial_is_logged_and_scores_0(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tagline.tuner")
    trainer = FakeTrainer(failing=lambda hp: hp.learning_rate > 0.0022)
    trials = search(tmp_path, trainer, algorithm="random", max_failures=20)
    failed = [one for one in trials if one.trial.failed]
    assert [one.trial.hyperparameters.learning_rate > 0.0022 for one in trials] == [
        bool(one.trial.failed) for one in trials
    ]
    assert 0 < len(failed) < len(trials)
    assert {one.trial.dev_score for one in failed} == {0.0}
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == len(failed)
    assert "failed: the loss of epoch 1 is nan" in warnings[0].getMessage()
    again = FakeTrainer()
    assert records(search(tmp_path, again, algorithm="random", max_failures=20)) == records(trials)
    assert again.trained == [], "one that diverged would do so again"


def test_too_many_failures_stop_the_search(tmp_path: Path) -> None:
    trainer = FakeTrainer(failing=lambda hp: len(trainer.trained) > 2)
    with pytest.raises(
        TooManyFailures, match="4 trainings failed one after another, the last: the loss of epoch 1"
    ):
        search(tmp_path, trainer, max_failures=4)
    assert len(trainer.trained) == 2 + 4


def test_failures_with_successes_between_do_not(tmp_path: Path) -> None:
    trainer = FakeTrainer(failing=lambda hp: len(trainer.trained) % 2 == 0)
    assert len(search(tmp_path, trainer, algorithm="random", max_failures=2, trials=8)) == 8


def test_a_search_without_any_success_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TooManyFailures, match="all trainings failed"):
        search(tmp_path, FakeTrainer(failing=lambda hp: True), trials=2, max_failures=5)


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor\nmore"),
        # Raised by a training that has split its batches as far as it can.
        OutOfMemory("OOM when allocating tensor\nmore"),
    ],
)
def test_out_of_memory_is_a_failure_that_the_next_call_tries_again(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(TooManyFailures, match="out of memory: OOM when allocating tensor;"):
        search(tmp_path, FakeTrainer(error=error), algorithm="random", trials=4)
    again = FakeTrainer()
    search(tmp_path, again, algorithm="random", trials=4)
    assert len(again.trained) == 4


def test_any_other_error_stops_the_search_at_once(tmp_path: Path) -> None:
    trainer = FakeTrainer(error=OSError("no space left"))
    with pytest.raises(TrialBroke, match="OSError: no space left"):
        search(tmp_path, trainer)
    assert len(trainer.trained) == 1


def test_what_keras_tuner_calls_best_trains_as_the_best_trial_did(tmp_path: Path) -> None:
    # What the Tuner's artifact holds, from which the line trains.
    tuner = Search(
        Tuning(),
        BASE,
        metric="entity_f1_strict",
        train=FakeTrainer(),
        trials=Trials(str(tmp_path / "trials"), same=()),
        root=str(tmp_path),
    )
    tuner.search()
    best = best_of(read_search(str(tmp_path)))
    assert best is not None
    config = tuner.get_best_hyperparameters()[0].get_config()
    assert with_trial(BASE, config["values"]) == best.trial.hyperparameters
