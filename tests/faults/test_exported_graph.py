"""Hostile mixes of lengths sent to an exported model in TensorFlow alone, as `benchmarks.mixed_lengths` does."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from benchmarks import mixed_lengths
from benchmarks.mixed_lengths import MOST_MIB, MOST_SECONDS, SIGNATURES
from tests.faults.conftest import Faults
from trainer.hyperparameters import Hyperparameters


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("exported")
    mixed_lengths.export(str(path), Hyperparameters())
    return str(path)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_16_kb_cost_no_more_than_a_second_and_200_mib_beyond_their_tokens(
    exported: str, signature: str, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in mixed_lengths.MALLOC.items():
        monkeypatch.setitem(os.environ, name, value)
    with multiprocessing.get_context("spawn").Pool(1) as alone:
        found = alone.apply(mixed_lengths.excesses, (exported, signature))
    assert len(found) >= 3
    for what, cost in found:
        with faults.tried():
            assert cost.seconds <= MOST_SECONDS, (what, cost)
            assert cost.mib <= MOST_MIB, (what, cost)
