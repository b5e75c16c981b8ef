"""What trainings of a search came to, kept on disk: what was trained once is not trained again.

A trial is known by what it trained with, never by its number: the examples, the code and every setting. A search
that is called again asks for the same trials in the same order, and those with a record answer from it. So whatever
moment a search is killed at, it goes on where it was, and a longer one begins with what a shorter one has done.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import tensorflow as tf

from trainer import remote_files
from trainer.hyperparameters import Hyperparameters

_RECORD = "trial.json"
_SEARCH = "search.json"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A training of a search.

    Attributes:
        settings: what the search chose, by name.
        hyperparameters: all that it trained with, the epochs among them.
        metric: of the score: `entity_f1_strict` or `token_accuracy`.
        dev_score: of the best epoch, 0..1; 0 of a training that failed.
        best_epoch: its number; 0 of a training that failed.
        seconds: wall time of its epochs.
        failed: why; empty if it did not.
    """

    settings: dict[str, Any]
    hyperparameters: Hyperparameters
    metric: str
    dev_score: float
    best_epoch: int
    seconds: float
    failed: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A trial in its place in a search.

    Attributes:
        number: 1 for the first.
        trial: what it came to.
        known: whether an earlier call had trained it.
    """

    number: int
    trial: Trial
    known: bool


class Trials:
    """The records of trials.

    Args:
        root: where they are kept, with the checkpoints of trainings under way; a folder, or below a bucket.
        same: what trials have in common beside their settings: digests of the examples and of the code, say.
    """

    def __init__(self, root: str, *, same: Sequence[str]) -> None:
        self._root = root
        self._same = "\0".join(same)

    def folder(self, hyperparameters: Hyperparameters) -> str:
        """Where a training with these settings keeps its checkpoints and its record."""
        settings = msgspec.json.encode(hyperparameters, order="sorted").decode()
        name = hashlib.sha256(f"{self._same}\0{settings}".encode()).hexdigest()[:16]
        return os.path.join(self._root, name)

    def find(self, hyperparameters: Hyperparameters) -> Trial | None:
        """What a training with these settings came to; None if it has not ended, or in a form of another time."""
        try:
            return msgspec.json.decode(_read(self.folder(hyperparameters), _RECORD), type=Trial)
        except (tf.errors.NotFoundError, msgspec.DecodeError):
            return None

    def keep(self, trial: Trial) -> None:
        """Record it; what its training would have gone on from is not needed any more."""
        folder = self.folder(trial.hyperparameters)
        _write(folder, _RECORD, trial)
        for name in tf.io.gfile.listdir(folder):
            path = os.path.join(folder, name)
            if tf.io.gfile.isdir(path):
                tf.io.gfile.rmtree(path)

    def discard_unfinished(self) -> None:
        """Delete what trainings would go on from that no search came back to."""
        for name in tf.io.gfile.listdir(self._root) if tf.io.gfile.isdir(self._root) else ():
            folder = os.path.join(self._root, name.rstrip("/"))
            if not tf.io.gfile.exists(os.path.join(folder, _RECORD)):
                tf.io.gfile.rmtree(folder)


def write_search(root: str, asked: Sequence[Asked]) -> None:
    """Keep what the latest search below `root` has come to so far."""
    _write(root, _SEARCH, list(asked))


def read_search(root: str) -> list[Asked]:
    """The trials of the latest search below `root`, in their order; none where there was none."""
    try:
        return msgspec.json.decode(_read(root, _SEARCH), type=list[Asked])
    except tf.errors.NotFoundError:
        return []


def best_of(asked: Sequence[Asked]) -> Asked | None:
    """The one with the highest score, of equal ones the earlier; None where none came to an end."""
    ended = [one for one in asked if not one.trial.failed]
    return max(ended, key=lambda one: (one.trial.dev_score, -one.number)) if ended else None


def spoken(settings: Mapping[str, Any]) -> str:
    """Settings in a line: `batch_size 8, learning_rate 0.00213`."""
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _read(folder: str, name: str) -> bytes:
    with tf.io.gfile.GFile(os.path.join(folder, name), "rb") as file:
        return bytes(file.read())


def _write(folder: str, name: str, what: Any) -> None:
    """In one step: a process killed in the middle leaves what was there."""
    remote_files.write(os.path.join(folder, name), msgspec.json.format(msgspec.json.encode(what), indent=2))
