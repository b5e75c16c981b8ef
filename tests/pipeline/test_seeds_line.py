"""Several seeds in one run of the line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.runs.outcome import describe
from tests.pipeline.test_end_to_end import run, write_corpus


@pytest.mark.slow
def test_the_line_continues_with_the_median_seed(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    chosen, steps = run(
        tmp_path, "trainer.seed=5", "trainer.seeds=2", "trainer.epochs=2", "evaluation.floor=0.0"
    )
    trainer = steps["Trainer"]
    extra = Path(trainer.only("model").uri, "Format-Serving/assets.extra")
    seeds = json.loads((extra / "training_seeds.json").read_text())
    history = json.loads((extra / "training_history.json").read_text())
    best = {one["seed"]: one["epochs"][one["best"] - 1]["dev_score"] for one in seeds["seeds"]}
    assert list(best) == [5, 6]
    lower = min(best.values())
    assert seeds["median"] == seeds["lowest"] == lower
    assert seeds["chosen"] == next(seed for seed, score in best.items() if score == lower)
    (own,) = (one for one in seeds["seeds"] if one["seed"] == seeds["chosen"])
    assert {key: own[key] for key in history} == history

    # A run of TensorBoard's each.
    curves = Path(trainer.only("model_run").uri).rglob("events.out.tfevents.*")
    assert sorted(path.parent.name for path in curves) == ["seed-5", "seed-6"]
    # One epoch's weights are left, of one seed.
    weights = list((chosen.run_dir / "checkpoints").rglob("*.index"))
    assert [path.parent.parent.name for path in weights] == [f"seed-{seeds['chosen']}"]
    assert weights[0].stem == f"epoch-{history['best']}"

    spread = f"({lower:.4f} to {max(best.values()):.4f})"
    assert describe(trainer).endswith(f", seed {seeds['chosen']}, the median of 2 {spread}")
    page = Path(steps["Report"].only("report").uri, "index.html").read_text()
    assert "2 models that differ by their seed alone." in page
