"""Random small chains for the oracle, as hypothesis strategies."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.trainer.crf.enumeration import Problem, all_gold_legal, legal, paths
from trainer.crf import Masks


@st.composite
def problems(draw: st.DrawFn, *, masks: bool = True) -> Problem:
    """B <= 3, T <= 4, K <= 4; random, equal or small whole scores (which tie); junk in the padding."""
    batch, steps, tags = draw(st.integers(0, 3)), draw(st.integers(0, 4)), draw(st.integers(1, 4))
    kind = draw(st.sampled_from(["normal", "whole", "equal", "wide"]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def scores(*shape: int) -> np.ndarray:
        if kind == "whole":
            return random.integers(-1, 2, shape).astype(np.float64)
        if kind == "equal":
            return np.ones(shape)
        return random.normal(size=shape) * (30.0 if kind == "wide" else 1.0)

    lengths = random.integers(0, steps + 1, batch).astype(np.int32)
    emissions, gold = scores(batch, steps, tags), random.integers(0, tags, (batch, steps)).astype(np.int32)
    padding = np.arange(steps) >= lengths[:, np.newaxis]
    emissions[padding] = draw(st.sampled_from([np.nan, np.inf, 1e30, 0.0]))
    gold[padding] = draw(st.sampled_from([-1, -100, 99]))
    problem = Problem(emissions, gold, scores(tags, tags), lengths)
    if draw(st.booleans()):
        problem = problem._replace(start=scores(tags))
    if draw(st.booleans()):
        problem = problem._replace(end=scores(tags))
    if masks and draw(st.booleans()):
        density = draw(st.sampled_from([0.4, 0.7, 0.9]))
        drawn = (random.random(shape) < density for shape in ((tags, tags), tags, tags))
        problem = problem._replace(masks=Masks(*drawn))
    return problem


def _with_legal_gold(problem: Problem) -> Problem:
    """The same with gold tags that the masks allow, wherever a legal path exists."""
    gold = problem.tags.copy()
    for row, length in enumerate(problem.lengths):
        if length and not legal(problem, tuple(gold[row, :length])):
            for path in list(paths(problem, row))[:1]:
                gold[row, :length] = path
    return problem._replace(tags=gold)


def problems_with_legal_gold() -> st.SearchStrategy[Problem]:
    return problems().map(_with_legal_gold).filter(all_gold_legal)
