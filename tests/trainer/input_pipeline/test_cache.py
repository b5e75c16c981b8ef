"""The cache of sentences; the oracle is `batches.sentences`, which reads the files each time."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.input_pipeline import batches, cache
from trainer.input_pipeline.batches import Batch

EVERYTHING = 1 << 40


def _assert_equal(found: tf.data.Dataset, expected: tf.data.Dataset) -> None:
    assert found.element_spec == expected.element_spec
    pairs = list(zip(list(found), list(expected), strict=True))
    assert pairs
    for one, other in pairs:
        assert type(one) is Batch
        for tensor, right in zip(one, other, strict=True):
            np.testing.assert_array_equal(tensor.numpy(), right.numpy())


def _batches(sentences: tf.data.Dataset) -> tf.data.Dataset:
    return batches.training_batches(sentences, epochs=range(1, 4), batch_size=3, buffer_size=4, seed=7)


@pytest.mark.parametrize("most", [EVERYTHING, 0], ids=["in memory", "on disk"])
def test_the_same_sentences_and_batches_in_the_same_order_at_each_pass(
    most: int, transformed: Path, tmp_path: Path
) -> None:
    # More than one file, as Transform writes where there is much.
    files = [str(shutil.copy(transformed, tmp_path / f"part-{number}.gz")) for number in range(3)]
    right = batches.sentences(files)
    with cache.cached(files, folder=str(tmp_path / "kept" / "own"), most_in_memory=most) as sentences:
        assert batches.count(sentences, batch_size=3) == batches.count(right, batch_size=3)
        for _ in range(2):
            _assert_equal(sentences, right)
            _assert_equal(_batches(sentences), _batches(right))


@pytest.mark.parametrize("most", [EVERYTHING, 0], ids=["in memory", "on disk"])
def test_the_files_are_read_once(most: int, transformed: Path, tmp_path: Path) -> None:
    file = shutil.copy(transformed, tmp_path / "part.gz")
    with cache.cached([str(file)], folder=str(tmp_path / "own"), most_in_memory=most) as sentences:
        first = [sentence.tokens.numpy().tolist() for sentence in sentences]
        file.unlink()
        assert [sentence.tokens.numpy().tolist() for sentence in sentences] == first
        assert len(first) == 10


def test_what_is_not_larger_than_the_bound_leaves_the_disk_alone(transformed: Path, tmp_path: Path) -> None:
    size = transformed.stat().st_size
    folder = tmp_path / "own"
    for most, on_disk in ((size, False), (size - 1, True)):
        with cache.cached([str(transformed)], folder=str(folder), most_in_memory=most) as sentences:
            assert len(list(sentences)) == 10
            assert folder.exists() == on_disk
        assert not folder.exists()


def test_what_a_killed_process_left_is_never_read(
    transformed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, kept = tmp_path / "own", tmp_path / "left"
    with cache.cached([str(transformed)], folder=str(folder), most_in_memory=0):
        shutil.copytree(folder, kept)
    # Its files are all there, but cut in half.
    for file in kept.rglob("*.snapshot"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    shutil.move(kept, folder)
    right = batches.sentences([str(transformed)])
    with (
        caplog.at_level(logging.INFO, "tagline.trainer"),
        cache.cached([str(transformed)], folder=str(folder), most_in_memory=0) as sentences,
    ):
        _assert_equal(sentences, right)
    assert f"cached in {folder}" in caplog.text


def test_an_error_within_leaves_nothing_behind(transformed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    kept = cache.cached([str(transformed)], folder=str(folder), most_in_memory=0)
    kept.__enter__()
    assert folder.exists()
    assert not kept.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not folder.exists()
