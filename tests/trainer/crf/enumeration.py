"""The oracle: every path of a small chain written out, in float64, with numpy only."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from trainer.crf import LinearChain, Masks

Path = tuple[int, ...]


class Problem(NamedTuple):
    """Arguments of a linear chain and gold tags, as numpy arrays."""

    emissions: np.ndarray  # [B, T, K]
    tags: np.ndarray  # int32[B, T]
    transitions: np.ndarray  # [K, K]
    lengths: np.ndarray  # int32[B]
    start: np.ndarray | None = None
    end: np.ndarray | None = None
    masks: Masks | None = None

    def chain(self) -> LinearChain:
        return LinearChain(
            self.emissions,
            self.transitions,
            lengths=self.lengths,
            start=self.start,
            end=self.end,
            masks=self.masks,
        )


def paths(problem: Problem, row: int) -> dict[Path, float]:
    """Every legal path of one sentence and its score."""
    every = itertools.product(range(problem.transitions.shape[0]), repeat=int(problem.lengths[row]))
    return {path: score(problem, row, path) for path in every if legal(problem, path)}


def legal(problem: Problem, path: Path) -> bool:
    if problem.masks is None or not path:
        return True
    allowed, start, end = problem.masks
    return (
        all(allowed[step] for step in itertools.pairwise(path))
        and bool(start[path[0]])
        and bool(end[path[-1]])
    )


def score(problem: Problem, row: int, path: Path) -> float:
    if not path:
        return 0.0
    total = sum(float(problem.emissions[row, t, tag]) for t, tag in enumerate(path))
    total += sum(float(problem.transitions[step]) for step in itertools.pairwise(path))
    total += 0.0 if problem.start is None else float(problem.start[path[0]])
    return total + (0.0 if problem.end is None else float(problem.end[path[-1]]))


def log_norm(problem: Problem, row: int) -> float:
    return logsumexp(paths(problem, row).values())


def logsumexp(scores) -> float:
    scores = np.array(list(scores), np.float64)
    return float(np.log(np.sum(np.exp(scores - scores.max()))) + scores.max()) if scores.size else -np.inf


def probabilities(problem: Problem, row: int) -> dict[Path, float]:
    norm = log_norm(problem, row)
    return {path: float(np.exp(value - norm)) for path, value in paths(problem, row).items()}


class Uses(NamedTuple):
    """How often each score is used: the gradient of a path's score, or of log Z as an expectation."""

    emissions: np.ndarray
    transitions: np.ndarray
    start: np.ndarray
    end: np.ndarray


def uses(problem: Problem, row: int, weighted: dict[Path, float]) -> Uses:
    """Uses of each score over paths, each counted by its weight."""
    tags = problem.transitions.shape[0]
    total = Uses(
        np.zeros(problem.emissions.shape[1:]), np.zeros([tags, tags]), np.zeros(tags), np.zeros(tags)
    )
    for path, weight in weighted.items():
        for t, tag in enumerate(path):
            total.emissions[t, tag] += weight
        for step in itertools.pairwise(path):
            total.transitions[step] += weight
        if path:
            total.start[path[0]] += weight
            total.end[path[-1]] += weight
    return total


def gold(problem: Problem, row: int) -> Path:
    return tuple(int(tag) for tag in problem.tags[row, : problem.lengths[row]])


def all_gold_legal(problem: Problem) -> bool:
    return all(legal(problem, gold(problem, row)) for row in range(len(problem.lengths)))
