"""Several trainings that differ only by their seed, of which the median by dev score is kept.

A single seed can be lucky, and the best of several is luckier still: its dev score promises too much. The
median shows what the settings give. Of an even number it is the lower of the two in the middle; of equal
scores the earlier seed's.

A finished seed leaves its history, and its weights for as long as it may still be the median. So a training
that was killed resumes with the seed it was at.
"""

from __future__ import annotations

import gc
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import tensorflow as tf

from trainer import remote_files
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training import checkpoints
from trainer.training.history import History
from trainer.training.loop import Diverged

log = logging.getLogger("tagline.trainer")

# Below a SavedModel's `assets.extra`.
FILE_NAME = "training_seeds.json"

_HISTORY = "history.json"  # of a finished seed


@dataclass(frozen=True)
class Seeds:
    """The results of all seeds, in the order of training.

    Attributes:
        histories: of the seeds whose training finished.
        diverged: why the others did not finish.
    """

    histories: Mapping[int, History]
    diverged: Mapping[int, str] = field(default_factory=dict)

    @property
    def chosen(self) -> int:
        """The seed of the median."""
        (seed,) = may_be_median({seed: h.best.dev_score for seed, h in self.histories.items()}, missing=0)
        return seed

    @property
    def history(self) -> History:
        """The history of the median."""
        return self.histories[self.chosen]

    def to_json(self) -> str:
        """`{"metric", "chosen", "lowest", "median", "highest", "seeds": [{"seed", "metric", "best", "epochs"}],
        "diverged": {seed: why}}`."""
        scores = [history.best.dev_score for history in self.histories.values()]
        return json.dumps(
            {
                "metric": self.history.metric,
                "chosen": self.chosen,
                "lowest": min(scores),
                "median": self.history.best.dev_score,
                "highest": max(scores),
                "seeds": [
                    {"seed": seed, **json.loads(history.to_json())}
                    for seed, history in self.histories.items()
                ],
                "diverged": {str(seed): why for seed, why in self.diverged.items()},
            }
        )


def may_be_median(scores: Mapping[int, float], *, missing: int) -> list[int]:
    """List the seeds of `scores` that can still be the median once `missing` more seeds are trained."""
    rank = (len(scores) + missing - 1) // 2
    earliest: dict[float, int] = {}
    for seed, score in scores.items():
        earliest.setdefault(score, seed)

    def possible(score: float) -> bool:
        lower = sum(other < score for other in scores.values())
        not_higher = sum(other <= score for other in scores.values())
        return lower <= rank < not_higher + missing

    return [seed for score, seed in earliest.items() if possible(score)]


def train(
    seeds: Iterable[int],
    *,
    train_one: Callable[[int, str], tuple[BiLstmCrf, History]],
    build: Callable[[int], BiLstmCrf],
    checkpoint_dir: str,
    report: Callable[[int, History], None] = lambda *_: None,
) -> tuple[BiLstmCrf, Seeds]:
    """Train each seed, and return the median.

    Args:
        seeds: at least one.
        train_one: trains one seed with its checkpoints in a folder, as `loop.train` does; the model that it
            returns has the weights of its best epoch.
        build: makes an untrained model of a seed, to hold the median's weights.
        checkpoint_dir: where an interrupted training finds the seeds that are finished.
        report: called with the history of each seed that an earlier call had finished.

    Returns:
        The median with the weights of its best epoch, and the results of all seeds.

    Raises:
        Diverged: half of the seeds or more, or the only one; fewer are left out of the median.
    """
    wanted = list(seeds)
    if len(wanted) == 1:
        model, history = train_one(wanted[0], checkpoint_dir)
        return model, Seeds({wanted[0]: history})
    histories: dict[int, History] = {}
    diverged: dict[int, str] = {}
    for number, seed in enumerate(wanted, start=1):
        name = f"seed {seed}, {number} of {len(wanted)}"
        folder = _folder(checkpoint_dir, seed)
        finished = _finished(folder)
        if finished is not None:
            log.info("%s, was trained before", name)
            report(seed, finished)
        else:
            log.info("%s", name)
            try:
                finished = _train_to_the_end(seed, folder, train_one)
            except Diverged as error:
                diverged[seed] = str(error)
                _require_most(wanted, diverged, error)
                log.warning("seed %d is left out: %s", seed, error)
                continue
        histories[seed] = finished
        _discard_unneeded_weights(checkpoint_dir, histories, missing=len(wanted) - number)
    return _median(Seeds(histories, diverged), build, checkpoint_dir)


def _train_to_the_end(
    seed: int, folder: str, train_one: Callable[[int, str], tuple[BiLstmCrf, History]]
) -> History:
    history = train_one(seed, folder)[1]
    remote_files.write(os.path.join(folder, _HISTORY), history.to_json())
    # A model and its graphs are reference cycles, which only a collection frees.
    gc.collect()
    return history


def _require_most(seeds: Sequence[int], diverged: Mapping[int, str], error: Diverged) -> None:
    if 2 * len(diverged) >= len(seeds):
        raise Diverged(
            f"{len(diverged)} of {len(seeds)} seeds ({', '.join(map(str, diverged))}) diverged: {error}"
        ) from error


def _median(
    results: Seeds, build: Callable[[int], BiLstmCrf], checkpoint_dir: str
) -> tuple[BiLstmCrf, Seeds]:
    """Load the median's weights into a model, and log how the seeds compare."""
    median = results.history.best
    model = build(results.chosen)
    checkpoints.restore_best(_folder(checkpoint_dir, results.chosen), model, epoch=median.number)
    scores = [history.best.dev_score for history in results.histories.values()]
    log.info(
        "median of %d seeds: %d, dev %.4f (%.4f to %.4f)",
        len(scores), results.chosen, median.dev_score, min(scores), max(scores),
    )  # fmt: skip
    return model, results


def _folder(checkpoint_dir: str, seed: int) -> str:
    return os.path.join(checkpoint_dir, f"seed-{seed}")


def _finished(folder: str) -> History | None:
    """Read the history of a finished seed; None if it is not finished, or, which is logged, cannot be read."""
    path = os.path.join(folder, _HISTORY)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path, "rb") as file:
        try:
            return History.from_json(file.read())
        except (ValueError, KeyError, TypeError) as error:
            log.warning("%s: not the history of a seed (%s): the seed is trained again", path, error)
            return None


def _discard_unneeded_weights(checkpoint_dir: str, histories: Mapping[int, History], *, missing: int) -> None:
    """Delete the weights of all seeds that can no longer be the median, and of all epochs but the best."""
    scores = {seed: history.best.dev_score for seed, history in histories.items()}
    needed = may_be_median(scores, missing=missing)
    for seed, history in histories.items():
        best = history.best.number if seed in needed else None
        checkpoints.discard_weights(_folder(checkpoint_dir, seed), but=best)
