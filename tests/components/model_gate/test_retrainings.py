"""Does the gate tell a worse model from an unlucky one? Simulated retrainings on one test set.

A sentence has a difficulty, the same for every model; a model errs on its entities independently of other models. So
retrainings are equal but for luck, as those of one configuration with other seeds are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components.model_gate.options import Evaluation
from components.model_gate.rules import NO_FALL, rules
from components.predictor.answer import Answer
from components.scores.measure import measure
from tagging.schemes import BIOES
from tests.components.scores.handmade_answers import answer_files

SENTENCES = 200
RETRAININGS = 100


class TestSet:
    """Gold sentences of no, one or several entities, and models that err on them."""

    __test__ = False

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._entities = self._random.poisson(1.8, SENTENCES)
        self._difficulty = self._random.beta(1.0, 4.0, SENTENCES)  # a fifth of the entities, on average

    def retrained(self, *, errors: float = 1.0) -> list[Answer]:
        """What a model answers that errs `errors` times as often."""
        answers = []
        for entities, difficulty in zip(self._entities, self._difficulty, strict=True):
            gold = ["S-PER", "O"] * entities + ["O"] * 3
            wrong = self._random.random(len(gold)) < min(1.0, errors * difficulty)
            # Entities are missed; now and then one is found where there is none.
            invents = self._random.random(len(gold)) < 0.02 * errors
            predicted = [
                ("O" if off else "S-PER") if tag != "O" else ("S-PER" if invented else "O")
                for tag, off, invented in zip(gold, wrong, invents, strict=True)
            ]
            tokens = tuple(f"w{number}" for number in range(len(gold)))
            answers.append(Answer(tokens=tokens, gold=tuple(gold), predicted=tuple(predicted)))
        return answers


def refused(folder: Path, candidate: list[Answer], baseline: list[Answer], allowed_fall: float) -> bool:
    options = Evaluation(allowed_fall=allowed_fall, floor=0.0, resamples=1000, length_buckets=())
    found = measure(answer_files(folder, candidate=candidate, baseline=baseline), BIOES, options.scores)
    primary = found.analysis.overall.candidate["entity_f1_strict"].value
    (rule,) = [
        rule
        for rule in rules(found, options, evaluator_primary=primary, evaluator_blessed=True)
        if rule.name == NO_FALL
    ]
    assert rule.value is not None
    return not rule.passed


def test_an_equal_model_is_not_refused_by_noise(tmp_path: Path) -> None:
    """At most 5 of 100, with no fall allowed at all, where the gate is at its strictest."""
    test_set = TestSet(seed=0)
    refusals = sum(
        refused(tmp_path, test_set.retrained(), test_set.retrained(), 0.0) for _ in range(RETRAININGS)
    )
    assert refusals <= 5


def test_a_lucky_model_does_not_shut_the_gate(tmp_path: Path) -> None:
    """The latest blessed model stays while others are trained: its luck would count against all of them."""
    test_set = TestSet(seed=1)
    blessed = test_set.retrained()
    allowed = Evaluation().allowed_fall
    refusals = sum(refused(tmp_path, test_set.retrained(), blessed, allowed) for _ in range(RETRAININGS))
    assert refusals <= 5


@pytest.mark.parametrize(("errors", "at_least"), [(1.6, 25), (2.0, 30)])
def test_a_clearly_worse_model_is_refused(tmp_path: Path, errors: float, at_least: int) -> None:
    test_set = TestSet(seed=2)
    refusals = sum(
        refused(tmp_path, test_set.retrained(errors=errors), test_set.retrained(), 0.01) for _ in range(30)
    )
    assert refusals >= at_least
