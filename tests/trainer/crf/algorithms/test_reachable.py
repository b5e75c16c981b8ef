"""Which states static masks leave reachable."""

from __future__ import annotations

import numpy as np

from trainer.crf import LinearChain, Masks
from trainer.crf.algorithms.reachable import Reachable, reachable


def tables(masks: Masks | None) -> Reachable | None:
    return reachable(
        LinearChain(np.zeros([2, 3, 3]), np.zeros([3, 3]), lengths=[3, 2], masks=masks).potentials
    )


def test_without_masks_everything_is() -> None:
    found = tables(None)
    assert found is not None
    assert found.from_start.all()
    assert found.from_end.all()


def test_bio() -> None:
    allowed = np.array([[1, 1, 0], [1, 1, 1], [1, 1, 1]], bool)  # O, B, I: no I after O
    found = tables(Masks(allowed, start=np.array([True, True, False])))
    assert found is not None
    np.testing.assert_array_equal(found.from_start, [[True, True, False], [True, True, True]])
    assert found.from_end.all()


def test_sets_that_never_settle() -> None:
    round_robin = np.roll(np.eye(3, dtype=bool), 1, axis=1)
    assert tables(Masks(round_robin, start=np.array([True, False, False]))) is None
