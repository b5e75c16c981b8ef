"""The model that benchmarks predict with: small, trained once on 1,000 generated sentences, and kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import results
from benchmarks.scale import corpus as scale_corpus
from serving.registry.version_folder import versions_in

NAME = "scale"
SENTENCES = 1_000
SMALL = (
    "trainer.epochs=1", "trainer.lstm_units=50", "trainer.word_embedding=50", "trainer.batch_size=32",
    "evaluation.floor=0", "evaluation.resamples=1000", "serving.check_requests=4", "corpus.scheme=BIO",
)  # fmt: skip
_MODELS = results.RESULTS / "scale-models"


def model_to_predict_with(home: Path) -> Path:
    """Return the folder of the model, `serving.models`; it is trained in `home` if missing."""
    if not versions_in(_MODELS / NAME, missing_ok=True):
        corpus = home / "small"
        scale_corpus.write(corpus, sentences=SENTENCES, seed=2)
        places = (
            f"name={NAME}",
            f"data={corpus}",
            f"pipeline.root={home}/small-runs",
            f"serving.models={_MODELS}",
        )
        assignments = [word for each in (*places, *SMALL) for word in ("--set", each)]
        # Trained for a moment, it is no good; only its speed counts.
        command = [
            sys.executable,
            "-m",
            "pipeline.cli.app",
            "run",
            "--force-bless",
            "benchmark",
            *assignments,
        ]
        done = subprocess.run(command, cwd=results.ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(
                f"a model to predict with failed with status {done.returncode}:\n{done.stdout[-3000:]}"
            )
    return _MODELS
