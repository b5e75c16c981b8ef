"""Training and applying a linear-chain CRF by CRFsuite (Okazaki 2007)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import pycrfsuite

from components.crfsuite_baseline.features import token_features
from components.crfsuite_baseline.options import CrfsuiteOptions
from components.predictor.prediction import Prediction

log = logging.getLogger("tagline.crfsuite")

# Iterations between two lines of the log.
LOG_EVERY = 20


class _Trainer(pycrfsuite.Trainer):
    """Logs progress instead of printing it."""

    def message(self, message: str) -> None:
        event = self.logparser.feed(message)
        if event == "iteration" and self.logparser.last_iteration["num"] % LOG_EVERY == 0:
            last = self.logparser.last_iteration
            log.info(
                "iteration %d  loss %.1f  %d features", last["num"], last["loss"], last["active_features"]
            )
        elif event == "optimization_end":
            log.info("stopped after iteration %d", self.logparser.last_iteration["num"])


def train(
    sentences: Iterable[tuple[Sequence[str], Sequence[str]]], path: str, options: CrfsuiteOptions
) -> int:
    """Train on sentences (tokens, tags) and write the model to `path`.

    CRFsuite keeps the features of all sentences in memory. The same sentences in the same order give the same model.

    Returns:
        The number of sentences with tokens.

    Raises:
        ValueError: no sentence has tokens.
    """
    trainer = _Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(
        {
            "c1": options.c1,
            "c2": options.c2,
            "max_iterations": options.max_iterations,
            "feature.possible_transitions": True,
        }
    )
    count = 0
    for tokens, tags in sentences:
        if tokens:
            trainer.append(token_features(tokens), list(tags))
            count += 1
    if not count:
        raise ValueError("found no sentence to train on; expected a train split with tokens")
    log.info("training on %d sentences", count)
    trainer.train(path)
    return count


class CrfsuiteTagger:
    """A model that `train` wrote."""

    def __init__(self, path: str) -> None:
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open(path)

    def predict(self, tokens: Sequence[str]) -> Prediction:
        """Compute the best tags, their marginals and the probability of the whole path."""
        if not tokens:
            return Prediction((), (), 1.0)
        self._tagger.set(token_features(tokens))
        tags = self._tagger.tag()
        confidence = tuple(self._tagger.marginal(tag, index) for index, tag in enumerate(tags))
        return Prediction(tuple(tags), confidence, self._tagger.probability(tags))
