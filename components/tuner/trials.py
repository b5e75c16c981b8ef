"""The records of a search's trials on disk, so that nothing is trained twice.

A trial is identified by the examples, the code and every setting, not by its number. A repeated search tries
the same settings in the same order, and those with a record are not trained again. So a search that was
killed resumes where it was, and a longer search starts with the results of a shorter one.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import tensorflow as tf

from trainer import remote_files
from trainer.hyperparameters import Hyperparameters

log = logging.getLogger("tagline.tuner")

_RECORD = "trial.json"
_SEARCH = "search.json"

_Record = TypeVar("_Record")


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The record of one training.

    Attributes:
        settings: the values that the search chose, by name.
        hyperparameters: all settings of the training, its epochs among them.
        metric: of the score: `entity_f1_strict` or `token_accuracy`.
        dev_score: of the best epoch, 0..1; 0 for a training that failed.
        best_epoch: its number; 0 for a training that failed.
        seconds: wall time of its epochs.
        failed: the reason; empty if it did not fail.
    """

    settings: dict[str, Any]
    hyperparameters: Hyperparameters
    metric: str
    dev_score: float
    best_epoch: int
    seconds: float
    failed: str = ""


class SearchTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial as part of a search.

    Attributes:
        number: 1 for the first.
        trial: its record.
        known: whether an earlier call had trained it.
    """

    number: int
    trial: Trial
    known: bool


class Trials:
    """The records of all trials.

    Args:
        root: the folder, or bucket path, of the records and of the checkpoints of unfinished trainings.
        same: what identifies a trial beside its settings, such as digests of the examples and the code.
    """

    def __init__(self, root: str, *, same: Sequence[str]) -> None:
        self._root = root
        self._same = "\0".join(same)

    def folder(self, hyperparameters: Hyperparameters) -> str:
        """Return the folder of checkpoints and record of a training with these settings."""
        settings = msgspec.json.encode(hyperparameters, order="sorted").decode()
        name = hashlib.sha256(f"{self._same}\0{settings}".encode()).hexdigest()[:16]
        return os.path.join(self._root, name)

    def find(self, hyperparameters: Hyperparameters) -> Trial | None:
        """Read the record of a training with these settings; None if there is no readable one."""
        return _read(self.folder(hyperparameters), _RECORD, Trial)

    def keep(self, trial: Trial) -> None:
        """Write the record of a finished trial, and delete its checkpoints."""
        folder = self.folder(trial.hyperparameters)
        _write(folder, _RECORD, trial)
        for name in tf.io.gfile.listdir(folder):
            path = os.path.join(folder, name)
            if tf.io.gfile.isdir(path):
                tf.io.gfile.rmtree(path)

    def discard_unfinished(self) -> None:
        """Delete the checkpoints of trainings that no search resumed."""
        for name in tf.io.gfile.listdir(self._root) if tf.io.gfile.isdir(self._root) else ():
            folder = os.path.join(self._root, name.rstrip("/"))
            if not tf.io.gfile.exists(os.path.join(folder, _RECORD)):
                tf.io.gfile.rmtree(folder)


def write_search(root: str, trials: Sequence[SearchTrial]) -> None:
    """Write the trials so far of the latest search below `root`."""
    _write(root, _SEARCH, list(trials))


def read_search(root: str) -> list[SearchTrial]:
    """Read the trials of the latest search below `root`, in their order; empty if there is no readable one."""
    return _read(root, _SEARCH, list[SearchTrial]) or []


def best_of(trials: Sequence[SearchTrial]) -> SearchTrial | None:
    """Return the trial with the highest score, of equal ones the earlier; None if all failed."""
    succeeded = [each for each in trials if not each.trial.failed]
    return max(succeeded, key=lambda each: (each.trial.dev_score, -each.number), default=None)


def settings_text(settings: Mapping[str, Any]) -> str:
    """Write settings in a line: `batch_size 8, learning_rate 0.00213`."""
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _read(folder: str, name: str, kind: type[_Record]) -> _Record | None:
    """Read a file that `_write` wrote; None if it is missing, or, which is logged, cannot be read."""
    path = os.path.join(folder, name)
    try:
        with tf.io.gfile.GFile(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=kind)
    except tf.errors.NotFoundError:
        return None
    except ValueError as error:
        log.warning("%s: not as this version writes it (%s): the same search makes it anew", path, error)
        return None


def _write(folder: str, name: str, content: Any) -> None:
    """Write in one step: a killed process leaves the earlier file as it was."""
    remote_files.write(
        os.path.join(folder, name), msgspec.json.format(msgspec.json.encode(content), indent=2)
    )
