"""The oracle: every path of a small chain written out, in float64, with numpy only."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np


class Problem(NamedTuple):
    """Arguments of the CRF functions, as numpy arrays; None where the caller gives none."""

    emissions: np.ndarray  # [B, T, K]
    tags: np.ndarray  # int32[B, T]
    transitions: np.ndarray  # [K, K]
    lengths: np.ndarray  # int32[B]
    start: np.ndarray | None = None
    end: np.ndarray | None = None
    allowed: np.ndarray | None = None
    allowed_start: np.ndarray | None = None
    allowed_end: np.ndarray | None = None

    def options(self) -> dict[str, np.ndarray]:
        """Everything optional, by name."""
        names = ("start", "end", "allowed", "allowed_start", "allowed_end")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def paths(problem: Problem, row: int) -> dict[tuple[int, ...], float]:
    """Every legal path of one sentence and its score."""
    length, tags = int(problem.lengths[row]), problem.transitions.shape[0]
    found = {}
    for path in itertools.product(range(tags), repeat=length):
        if legal(problem, path):
            found[path] = score(problem, row, path)
    return found


def legal(problem: Problem, path: tuple[int, ...]) -> bool:
    if not path:
        return True
    steps = itertools.pairwise(path)
    return (
        (problem.allowed is None or all(problem.allowed[step] for step in steps))
        and (problem.allowed_start is None or bool(problem.allowed_start[path[0]]))
        and (problem.allowed_end is None or bool(problem.allowed_end[path[-1]]))
    )


def score(problem: Problem, row: int, path: tuple[int, ...]) -> float:
    if not path:
        return 0.0
    total = sum(float(problem.emissions[row, t, tag]) for t, tag in enumerate(path))
    total += sum(float(problem.transitions[step]) for step in itertools.pairwise(path))
    total += 0.0 if problem.start is None else float(problem.start[path[0]])
    return total + (0.0 if problem.end is None else float(problem.end[path[-1]]))


def log_norm(problem: Problem, row: int) -> float:
    scores = np.array(list(paths(problem, row).values()), np.float64)
    if not scores.size:
        return -np.inf
    return float(np.log(np.sum(np.exp(scores - scores.max()))) + scores.max())


def probabilities(problem: Problem, row: int) -> dict[tuple[int, ...], float]:
    norm = log_norm(problem, row)
    return {path: float(np.exp(value - norm)) for path, value in paths(problem, row).items()}


class Uses(NamedTuple):
    """How often each score is used: the gradient of a path's score, or of log Z as an expectation."""

    emissions: np.ndarray
    transitions: np.ndarray
    start: np.ndarray
    end: np.ndarray


def uses(problem: Problem, row: int, weighted: dict[tuple[int, ...], float]) -> Uses:
    """Uses of each score over paths, each counted by its weight."""
    tags = problem.transitions.shape[0]
    found = Uses(
        np.zeros(problem.emissions.shape[1:]), np.zeros([tags, tags]), np.zeros(tags), np.zeros(tags)
    )
    for path, weight in weighted.items():
        for t, tag in enumerate(path):
            found.emissions[t, tag] += weight
        for step in itertools.pairwise(path):
            found.transitions[step] += weight
        if path:
            found.start[path[0]] += weight
            found.end[path[-1]] += weight
    return found


def gold(problem: Problem, row: int) -> tuple[int, ...]:
    return tuple(int(tag) for tag in problem.tags[row, : problem.lengths[row]])
