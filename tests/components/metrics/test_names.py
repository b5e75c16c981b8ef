"""Names of metrics and slices."""

from __future__ import annotations

from components.metrics.names import length_slices, primary_of


def test_the_primary_metric_depends_on_the_tags() -> None:
    assert primary_of(plain=True) == "token_accuracy"
    assert primary_of(plain=False) == "entity_f1_strict"


def test_length_slices_are_named_by_their_first_and_last_length() -> None:
    assert length_slices((10, 20, 40)) == ["length=1-10", "length=11-20", "length=21-40", "length=41+"]
    assert length_slices((1, 2)) == ["length=1", "length=2", "length=3+"]
    assert length_slices(()) == []
