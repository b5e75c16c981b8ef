"""The benchmarks of a GPU, on a CPU."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import tensorflow as tf

from benchmarks import gpu, xla
from benchmarks.quality import read
from tests.trainer.conftest import SMALL

ROOT = Path(__file__).resolve().parents[2]

TRAIN = "Anna B-PER\nlives O\nin O\nParis B-LOC\n\nBerlin B-LOC\nis O\ncold O\n\nJohn B-PER\nleft O\n"


def test_nothing_is_measured_without_a_gpu() -> None:
    if gpu.names_of_gpus():
        pytest.skip("there is a GPU here")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "no GPU here: not run\n"


@pytest.mark.slow
def test_the_measurement_runs_on_a_cpu_too(tmp_path: Path) -> None:
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.conll").write_text(TRAIN)
    speed = gpu.measure(read(tmp_path), msgspec.structs.replace(SMALL, epochs=2))
    assert speed.training > 0
    assert speed.decoding > 0


@pytest.mark.slow
def test_the_crf_answers_the_same_by_xla() -> None:
    for name, computation in xla.computations(3, 5, 4).items():
        plain, compiled = (tf.function(computation, jit_compile=jit)() for jit in (False, True))
        pairs = zip(tf.nest.flatten(plain), tf.nest.flatten(compiled), strict=True)
        for one, other in pairs:
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5, err_msg=name)
