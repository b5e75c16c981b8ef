"""The search: a keras-tuner tuner whose trials are trained by the pipeline's own trainer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import keras_tuner
import tensorflow as tf
from keras_tuner.engine.base_tuner import BaseTuner

from components.metrics.display_names import display_name
from components.tuner.options import Tuning
from components.tuner.oracles import OBJECTIVE, oracle_of
from components.tuner.space import rounded, tried
from components.tuner.trials import SearchTrial, Trial, Trials, best_of, settings_text, write_search
from trainer.hyperparameters import Hyperparameters, with_trial
from trainer.training.history import History
from trainer.training.loop import Diverged
from trainer.training.out_of_memory import OutOfMemory

log = logging.getLogger("tagline.tuner")

# keras-tuner's own folder below the search's root; overwritten by each search, since the records hold more.
_ORACLE = "oracle"


class TooManyFailures(keras_tuner.errors.FatalError):
    """Too many trainings failed one after another, or all of them."""


class TrialBroke(keras_tuner.errors.FatalError):
    """A training raised an error that its settings did not cause."""


class Search(BaseTuner):
    """Gets values from an oracle, trains with them, and reports the dev scores to it.

    A rung of Hyperband trains from scratch with more epochs: the learning rate falls to 0 over a training, so
    a longer one cannot continue from the weights of a shorter one. This costs less than 50 % more,
    and each trial is exactly what the pipeline would train with these settings.

    Args:
        tuning: the options.
        hyperparameters: the current settings, of which the search replaces some; no trial has more epochs.
        metric: of the dev score.
        train: trains with settings, or resumes from the checkpoints in a folder.
        trials: the records.
        root: the folder of all that the search writes.
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
        self._done: list[SearchTrial] = []
        oracle = oracle_of(tuning, hyperparameters)
        super().__init__(oracle, directory=root, project_name=_ORACLE, overwrite=True)
        # Its own display prints; this search logs instead.
        self.oracle.verbose = 0

    def run_trial(self, trial: keras_tuner.engine.trial.Trial, *_: Any, **__: Any) -> dict[str, float]:
        """Return `{"dev_score": ...}` of a training with the trial's values, from its record if it has one.

        Raises:
            TooManyFailures: this training and those before it failed.
            TrialBroke: an error that the settings did not cause.
        """
        try:
            return {OBJECTIVE: self._score(trial)}
        except keras_tuner.errors.FatalError:
            raise
        except Exception as error:
            # keras-tuner would take it for a bad trial and continue.
            raise TrialBroke(f"{type(error).__name__}: {error}") from error

    def _score(self, trial: keras_tuner.engine.trial.Trial) -> float:
        values = rounded(self._tuning.space, trial.hyperparameters.values)
        trial.hyperparameters.values = values
        hp = with_trial(self._base, values)
        settings = {name: values[name] for name in tried(self._tuning.space)}
        number = int(trial.trial_id) + 1
        record = self._trials.find(hp)
        is_known = record is not None
        if record is None:
            log.info(
                "trial %d/%d  %d epochs: %s",
                number,
                self.oracle.max_trials,
                hp.epochs,
                settings_text(settings),
            )
            record = self._trained(hp, settings)
        self._done.append(SearchTrial(number=number, trial=record, known=is_known))
        write_search(self._root, self._done)
        self._log(self._done[-1])
        self._require_success()
        return record.dev_score

    def on_search_end(self) -> None:
        """Delete unused checkpoints.

        Raises:
            TooManyFailures: all trainings failed.
        """
        self._trials.discard_unfinished()
        if self._done and best_of(self._done) is None:
            raise TooManyFailures(f"all trainings failed, the last: {self._done[-1].trial.failed}")

    def search_space_summary(self, extended: bool = False) -> None:
        """Print nothing: the settings show the search space."""

    def results_summary(self, num_trials: int = 10) -> None:
        """Print nothing: the command prints a table."""

    def _trained(self, hp: Hyperparameters, settings: dict[str, Any]) -> Trial:
        folder = self._trials.folder(hp)
        common: dict[str, Any] = {"settings": settings, "hyperparameters": hp, "metric": self._metric}
        try:
            history = self._train(hp, folder)
        except Diverged as error:
            trial = Trial(**common, dev_score=0.0, best_epoch=0, seconds=0.0, failed=str(error))
        except (tf.errors.ResourceExhaustedError, OutOfMemory) as error:
            # Not recorded: the next call may find more memory.
            reason = f"out of memory: {str(error).splitlines()[0]}"
            return Trial(**common, dev_score=0.0, best_epoch=0, seconds=0.0, failed=reason)
        else:
            seconds = sum(epoch.seconds for epoch in history.epochs)
            best = history.best
            trial = Trial(**common, dev_score=best.dev_score, best_epoch=best.number, seconds=seconds)
        self._trials.keep(trial)
        return trial

    def _log(self, latest: SearchTrial) -> None:
        trial, best = latest.trial, best_of(self._done)
        place = f"trial {latest.number}/{self.oracle.max_trials}"
        known = "  trained before" if latest.known else ""
        if trial.failed:
            log.warning("%s  failed: %s  (%s)%s", place, trial.failed, settings_text(trial.settings), known)
            return
        assert best is not None
        so_far = (
            "the best so far"
            if best is latest
            else f"best so far {best.trial.dev_score:.4f} of trial {best.number}"
        )
        log.info(
            "%s  %d epochs  dev %s %.4f, %s  %.1f s%s",
            place, trial.hyperparameters.epochs, display_name(trial.metric), trial.dev_score, so_far,
            trial.seconds, known,
        )  # fmt: skip

    def _require_success(self) -> None:
        latest = self._done[-self._tuning.max_failures :]
        if len(latest) == self._tuning.max_failures and all(each.trial.failed for each in latest):
            raise TooManyFailures(
                f"{len(latest)} trainings failed one after another, the last: {latest[-1].trial.failed}; put "
                "smaller values into tuning.space, or allow more failures by tuning.max_failures"
            )
