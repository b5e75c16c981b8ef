"""Several trainings that differ by their seed, of which the median by dev score is kept.

A single seed can be lucky; the best of several is a luckier one, and its dev score promises too much. The median is
what the settings give. Of an even number it is the lower of the two in the middle; of equal scores the earlier
seed's.

A seed whose training has ended leaves its history, and its weights for as long as it may still be the median. So a
training that was killed goes on with the seed it was at.
"""

from __future__ import annotations

import gc
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
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

_HISTORY = "history.json"  # of a seed whose training has ended


@dataclass(frozen=True)
class Seeds:
    """What the trainings came to, by seed, in the order of training.

    Attributes:
        histories: of those that came to an end.
        diverged: why the others have none.
    """

    histories: Mapping[int, History]
    diverged: Mapping[int, str] = field(default_factory=dict)

    @property
    def chosen(self) -> int:
        """The median's seed."""
        (seed,) = may_be_median({seed: h.best.dev_score for seed, h in self.histories.items()}, missing=0)
        return seed

    @property
    def history(self) -> History:
        """The median's."""
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
    """Of seeds with their scores, in order, those that can be the median when `missing` more have theirs."""
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
    tell: Callable[[int, History], None] = lambda *_: None,
) -> tuple[BiLstmCrf, Seeds]:
    """Train each seed, and give back the median.

    Args:
        seeds: at least one.
        train_one: trains one seed, keeping its checkpoints in a folder, as `training.train` does; the model that it
            returns has the weights of its best epoch.
        build: makes an untrained model of a seed, for the median's weights.
        checkpoint_dir: where trainings that are interrupted find what is done.
        tell: called with the history of a seed whose training had ended before.

    Returns:
        The median with the weights of its best epoch, and what all came to.

    Raises:
        Diverged: half of the seeds or more did, or the only one; fewer are left out of the median.
    """
    wanted = list(seeds)
    if len(wanted) == 1:
        model, history = train_one(wanted[0], checkpoint_dir)
        return model, Seeds({wanted[0]: history})
    histories: dict[int, History] = {}
    diverged: dict[int, str] = {}
    for number, seed in enumerate(wanted, start=1):
        folder = _folder(checkpoint_dir, seed)
        before = _finished(folder)
        if before is not None:
            history = before
            log.info("seed %d, %d of %d, was trained before", seed, number, len(wanted))
            tell(seed, history)
        else:
            log.info("seed %d, %d of %d", seed, number, len(wanted))
            try:
                history = train_one(seed, folder)[1]
            except Diverged as error:
                diverged[seed] = str(error)
                log.warning("seed %d is left out: %s", seed, error)
                if 2 * len(diverged) >= len(wanted):
                    raise Diverged(
                        f"{len(diverged)} of {len(wanted)} seeds ({', '.join(map(str, diverged))}) came to no end: "
                        f"{error}"
                    ) from error
                continue
            _finish(folder, history)
            # A model and its graphs refer to each other in circles, which only a collection frees.
            gc.collect()
        histories[seed] = history
        _discard_what_is_not_needed(checkpoint_dir, histories, missing=len(wanted) - number)
    found = Seeds(histories, diverged)
    model = build(found.chosen)
    checkpoints.restore_weights(_folder(checkpoint_dir, found.chosen), model, epoch=found.history.best.number)
    scores = [history.best.dev_score for history in histories.values()]
    log.info(
        "median of %d seeds: %d, dev %.4f (%.4f to %.4f)",
        len(histories), found.chosen, found.history.best.dev_score, min(scores), max(scores),
    )  # fmt: skip
    return model, found


def _folder(checkpoint_dir: str, seed: int) -> str:
    return os.path.join(checkpoint_dir, f"seed-{seed}")


def _finished(folder: str) -> History | None:
    path = os.path.join(folder, _HISTORY)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path, "r") as file:
        return History.from_json(file.read())


def _finish(folder: str, history: History) -> None:
    remote_files.write(os.path.join(folder, _HISTORY), history.to_json())


def _discard_what_is_not_needed(
    checkpoint_dir: str, histories: Mapping[int, History], *, missing: int
) -> None:
    scores = {seed: history.best.dev_score for seed, history in histories.items()}
    needed = may_be_median(scores, missing=missing)
    for seed, history in histories.items():
        best = history.best.number if seed in needed else None
        checkpoints.discard_weights(_folder(checkpoint_dir, seed), but=best)
