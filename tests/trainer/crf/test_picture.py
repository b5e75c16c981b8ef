"""The transition matrix drawn."""

from __future__ import annotations

import io

import numpy as np
import pytest

from trainer.crf.picture import plot_transitions


def test_axes_are_named_and_forbidden_cells_hatched() -> None:
    allowed = np.array([[1, 1, 0], [1, 1, 1], [1, 1, 1]], bool)
    axes = plot_transitions(np.eye(3), ["O", "B-a", "I-a"], allowed=allowed)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("to", "from")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["O", "B-a", "I-a"]
    (hatched,) = axes.patches
    assert hatched.get_hatch()
    assert hatched.get_xy() == (1.5, -0.5)
    out = io.BytesIO()
    axes.figure.savefig(out, format="png")
    assert out.getvalue().startswith(b"\x89PNG")


def test_shapes_that_do_not_go_together() -> None:
    with pytest.raises(ValueError, match=r"transitions: expected shape \(2, 2\)"):
        plot_transitions(np.eye(3), ["O", "B"])
