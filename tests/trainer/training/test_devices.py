from __future__ import annotations

import msgspec
import pytest

from tests.trainer.conftest import SMALL
from trainer.training.devices import scaled


@pytest.mark.parametrize(
    ("scaling", "batch_size", "learning_rate"),
    [("none", 4, 0.02), ("linear", 16, 0.08), ("sqrt", 16, 0.04)],
)
def test_batch_and_learning_rate_grow_with_the_replicas(
    scaling: str, batch_size: int, learning_rate: float
) -> None:
    hp = msgspec.structs.replace(SMALL, scaling=scaling)
    four = scaled(hp, 4)
    assert (four.batch_size, four.learning_rate) == (batch_size, pytest.approx(learning_rate))
    assert scaled(hp, 1) == hp
