"""Drift and skew of statistics as TFDV makes them."""

from __future__ import annotations

from typing import Any

import pandas
import tensorflow_data_validation as tfdv
from scipy.spatial.distance import jensenshannon

from components.corpus_gate.drift_and_skew import drift
from corpus.options import CheckLimits


def test_statistics_as_tfdv_makes_them_are_compared() -> None:
    def made(places: int) -> Any:
        tags = [["S-LOC"]] * places + [["S-PER", "O"]] * (500 - places)
        return tfdv.generate_statistics_from_dataframe(pandas.DataFrame({"tags": tags}), n_jobs=1)

    even, shifted = made(250), made(400)
    # Of 750 tags 250 are places, of 600 tags 400.
    distance, divergence = drift({"train": shifted}, {"train": even}, CheckLimits().drift or {})
    assert distance.message.startswith(
        f"train now and in the last blessed run: tags: L-infinity distance {1 / 3:.3f};"
    )
    assert distance.example.startswith("S-LOC 66.7% (before 33.3%)")
    expected = jensenshannon([250, 250, 250], [400, 100, 100], base=2) ** 2
    assert f"Jensen-Shannon divergence {expected:.3f};" in divergence.message
    assert list(drift({"train": even}, {"train": even}, CheckLimits().drift or {})) == []
