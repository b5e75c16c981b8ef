"""The search: a tuner of keras-tuner whose trials are trained by the line's own code."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import keras_tuner
import tensorflow as tf
from keras_tuner.engine.base_tuner import BaseTuner

from components.metrics.display_names import spoken as metric_spoken
from components.tuner.options import Tuning
from components.tuner.oracles import OBJECTIVE, oracle_of
from components.tuner.space import readable, tried
from components.tuner.trials import Asked, Trial, Trials, best_of, spoken, write_search
from trainer.hyperparameters import Hyperparameters
from trainer.overrides import with_trial
from trainer.training.history import History
from trainer.training.loop import Diverged
from trainer.training.out_of_memory import OutOfMemory

log = logging.getLogger("tagline.tuner")

# A folder below the search's root for what keras-tuner writes: begun anew by each search, as the records know more.
_ORACLE = "oracle"


class TooManyFailures(keras_tuner.errors.FatalError):
    """One training after another has failed."""


class TrialBroke(keras_tuner.errors.FatalError):
    """A training ended by an error that is none of its settings."""


class Search(BaseTuner):
    """Asks an oracle for values, trains with them, and tells it the dev scores.

    A rung of Hyperband trains anew, with more epochs: the learning rate falls to 0 over a training, so the weights
    of a shorter one are no beginning of a longer one. What it costs is less than half as much again, and a trial
    is then just what the line would train with these settings.

    Args:
        tuning: the search.
        hyperparameters: the settings as they are, of which the search replaces some; no trial has more epochs.
        metric: of the dev score.
        train: trains with settings, keeping checkpoints in a folder from which it goes on.
        trials: the records.
        root: where the search keeps what it writes.
    """

    def __init__(
        self,
        tuning: Tuning,
        hyperparameters: Hyperparameters,
        *,
        metric: str,
        train: Callable[[Hyperparameters, str], History],
        trials: Trials,
        root: str,
    ) -> None:
        self._tuning = tuning
        self._base = hyperparameters
        self._metric = metric
        self._train = train
        self._trials = trials
        self._root = root
        self._asked: list[Asked] = []
        oracle = oracle_of(tuning, hyperparameters)
        super().__init__(oracle, directory=root, project_name=_ORACLE, overwrite=True)
        # Its own display prints; what there is to tell goes through the log.
        self.oracle.verbose = 0

    def run_trial(self, trial: keras_tuner.engine.trial.Trial, *_: Any, **__: Any) -> dict[str, float]:
        """Train with the trial's values, unless that was done before: `{"dev_score": ...}`.

        Raises:
            TooManyFailures: this one failed, and so did those before it.
            TrialBroke: an error of which the settings are no cause.
        """
        try:
            return {OBJECTIVE: self._score(trial)}
        except keras_tuner.errors.FatalError:
            raise
        except Exception as error:
            # keras-tuner would take it for a bad trial, and go on.
            raise TrialBroke(f"{type(error).__name__}: {error}") from error

    def _score(self, trial: keras_tuner.engine.trial.Trial) -> float:
        values = readable(self._tuning.space, trial.hyperparameters.values)
        trial.hyperparameters.values = values
        hp = with_trial(self._base, values)
        settings = {name: values[name] for name in tried(self._tuning.space)}
        number = int(trial.trial_id) + 1
        found = self._trials.find(hp)
        if found is None:
            log.info(
                "trial %d/%d  %d epochs: %s", number, self.oracle.max_trials, hp.epochs, spoken(settings)
            )
        trained = found or self._trained(hp, settings)
        self._asked.append(Asked(number=number, trial=trained, known=found is not None))
        write_search(self._root, self._asked)
        self._tell(self._asked[-1])
        self._require_success()
        return trained.dev_score

    def on_search_end(self) -> None:
        """Raises:
        TooManyFailures: there is no best one.
        """
        self._trials.discard_unfinished()
        if self._asked and best_of(self._asked) is None:
            raise TooManyFailures(f"all trainings failed, the last: {self._asked[-1].trial.failed}")

    def search_space_summary(self, extended: bool = False) -> None:
        """Nothing: the search space stands in the settings."""

    def results_summary(self, num_trials: int = 10) -> None:
        """Nothing: the command prints a table."""

    def _trained(self, hp: Hyperparameters, settings: dict[str, Any]) -> Trial:
        folder = self._trials.folder(hp)
        about: dict[str, Any] = {"settings": settings, "hyperparameters": hp, "metric": self._metric}
        try:
            history = self._train(hp, folder)
        except Diverged as error:
            trial = Trial(**about, dev_score=0.0, best_epoch=0, seconds=0.0, failed=str(error))
        except (tf.errors.ResourceExhaustedError, OutOfMemory) as error:
            # Not kept: the next call may find more memory.
            why = f"out of memory: {str(error).splitlines()[0]}"
            return Trial(**about, dev_score=0.0, best_epoch=0, seconds=0.0, failed=why)
        else:
            seconds = sum(epoch.seconds for epoch in history.epochs)
            best = history.best
            trial = Trial(**about, dev_score=best.dev_score, best_epoch=best.number, seconds=seconds)
        self._trials.keep(trial)
        return trial

    def _tell(self, asked: Asked) -> None:
        trial, best = asked.trial, best_of(self._asked)
        place = f"trial {asked.number}/{self.oracle.max_trials}"
        known = "  trained before" if asked.known else ""
        if trial.failed:
            log.warning("%s  failed: %s  (%s)%s", place, trial.failed, spoken(trial.settings), known)
            return
        assert best is not None
        so_far = (
            "the best so far"
            if best is asked
            else f"best so far {best.trial.dev_score:.4f} of trial {best.number}"
        )
        log.info(
            "%s  %d epochs  dev %s %.4f, %s  %.1f s%s",
            place, trial.hyperparameters.epochs, metric_spoken(trial.metric, {}), trial.dev_score, so_far,
            trial.seconds, known,
        )  # fmt: skip

    def _require_success(self) -> None:
        latest = self._asked[-self._tuning.max_failures :]
        if len(latest) == self._tuning.max_failures and all(asked.trial.failed for asked in latest):
            raise TooManyFailures(
                f"{len(latest)} trainings failed one after another, the last: {latest[-1].trial.failed}; take "
                "smaller values into tuning.space, or allow more by tuning.max_failures"
            )
