"""Several seeds and their median; the oracle is each seed trained alone."""

from __future__ import annotations

import itertools
import json
import statistics
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from tests.trainer.tiny_training import Killed, kill_after_saves, train
from trainer.features.vocabulary import Vocabulary
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.training import seeds
from trainer.training.checkpoints import Checkpoints
from trainer.training.history import Epoch, History
from trainer.training.loop import Diverged
from trainer.training.seeds import Seeds, may_be_median

Train = Callable[[int, str], tuple[BiLstmCrf, History]]
Build = Callable[[int], BiLstmCrf]


def history(score: float) -> History:
    epochs = [
        Epoch(number, 1.0, dev, 0.1, 1.0, 1.0) for number, dev in ((1, score / 2), (2, score), (3, 0.0))
    ]
    return History("entity_f1_strict", tuple(epochs))


@pytest.fixture
def build(vocabulary: Vocabulary) -> Build:
    return lambda seed: BiLstmCrf(msgspec.structs.replace(SMALL, seed=seed), vocabulary, BIOES)


@pytest.fixture
def train_one(build: Build, tiny_sentences: tf.data.Dataset, vocabulary: Vocabulary) -> Train:
    def train_seed(seed: int, directory: str) -> tuple[BiLstmCrf, History]:
        hp = msgspec.structs.replace(SMALL, seed=seed)
        return train(tiny_sentences, vocabulary, directory, hp, build=lambda: build(seed))

    return train_seed


def epochs(history: History) -> list[tuple[float, float]]:
    return [(epoch.loss, epoch.dev_score) for epoch in history.epochs]


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75]), min_size=1, max_size=9))
def test_the_median_is_the_lower_one_and_of_equal_ones_the_first(scores: list[float]) -> None:
    found = Seeds({seed: history(score) for seed, score in enumerate(scores, start=7)})
    median = statistics.median_low(scores)
    assert found.history.best.dev_score == median
    assert found.chosen == 7 + scores.index(median)


@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=1, max_size=3),
    st.integers(0, 3),
)
def test_a_seed_is_kept_exactly_as_long_as_it_may_be_the_median(scores: list[float], missing: int) -> None:
    """Against every way in which the missing ones may end."""
    known = dict(enumerate(scores))
    possible = set()
    # Below, between, above and equal to all that is there.
    for more in itertools.product([0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35], repeat=missing):
        every = [*scores, *more]
        possible.add(every.index(statistics.median_low(every)))
    assert set(may_be_median(known, missing=missing)) == possible & known.keys()


Stub = Callable[[Mapping[int, float]], Train]


@pytest.fixture
def scored(build: Callable[[int], BiLstmCrf]) -> Stub:
    """Instead of a training: writes the checkpoints of three epochs, of which the second has the score given."""

    def of(scores: Mapping[int, float]) -> Train:
        def train(seed: int, directory: str) -> tuple[BiLstmCrf, History]:
            model = build(seed)
            kept = Checkpoints(directory, model=model, optimizer=tf.keras.optimizers.Adam())
            found = history(scores[seed])
            for epoch in found.epochs:
                model.end.assign(tf.fill(model.end.shape, float(10 * seed + epoch.number)))
                kept.save(found.to_json(), epoch=epoch.number, best=epoch.number < 3)
            return model, found

        return train

    return of


def kept(folder: Path) -> dict[str, list[str]]:
    """Whose weights there are: by seed, the epochs."""
    return {
        path.parent.name: sorted(file.stem for file in path.glob("*.index"))
        for path in folder.glob("*/best")
        if any(path.iterdir())
    }


def test_weights_are_kept_as_long_as_they_may_be_the_medians(
    scored: Stub, build: Callable[[int], BiLstmCrf], tmp_path: Path
) -> None:
    scores = {1: 0.5, 2: 0.7, 3: 0.6, 4: 0.4, 5: 0.65}
    train_scored = scored(scores)
    before: dict[int, set[str]] = {}

    def watched(seed: int, directory: str) -> tuple[BiLstmCrf, History]:
        before[seed] = set(kept(tmp_path))
        assert all(epochs == ["epoch-2"] for epochs in kept(tmp_path).values())
        assert not list(tmp_path.glob("*/last/*"))
        return train_scored(seed, directory)

    model, results = seeds.train(scores, train_one=watched, build=build, checkpoint_dir=str(tmp_path))
    assert before == {
        1: set(),
        2: {"seed-1"},
        3: {"seed-1", "seed-2"},
        4: {"seed-1", "seed-2", "seed-3"},
        5: {"seed-1", "seed-3"},  # of 0.4, 0.5, 0.6 and 0.7 one of the middle two it will be
    }
    assert kept(tmp_path) == {"seed-3": ["epoch-2"]}
    assert not list(tmp_path.glob("*/last/*"))
    assert results.chosen == 3
    np.testing.assert_array_equal(model.end.numpy(), 32.0)


def test_a_seed_that_was_trained_is_not_trained_again(
    scored: Stub, build: Callable[[int], BiLstmCrf], tmp_path: Path
) -> None:
    scores = {7: 0.5, 8: 0.75, 9: 0.25}
    trained: list[int] = []
    reported: list[tuple[int, float]] = []
    dies_at = 8

    def train(seed: int, directory: str) -> tuple[BiLstmCrf, History]:
        trained.append(seed)
        if seed == dies_at:
            raise Killed
        return scored(scores)(seed, directory)

    def run() -> tuple[BiLstmCrf, Seeds]:
        return seeds.train(
            scores,
            train_one=train,
            build=build,
            checkpoint_dir=str(tmp_path),
            report=lambda seed, one: reported.append((seed, one.best.dev_score)),
        )

    with pytest.raises(Killed):
        run()
    dies_at = 0
    _, found = run()
    assert trained == [7, 8, 8, 9]
    assert reported == [(7, 0.5)]
    assert found.chosen == 7
    # Killed while it was exported: everything is there.
    model, again = run()
    assert trained == [7, 8, 8, 9]
    assert again == found
    np.testing.assert_array_equal(model.end.numpy(), 72.0)


def test_one_seed_leaves_its_checkpoints_where_it_always_did(
    scored: Stub, build: Callable[[int], BiLstmCrf], tmp_path: Path
) -> None:
    _, found = seeds.train([1], train_one=scored({1: 0.5}), build=build, checkpoint_dir=str(tmp_path))
    assert list(found.histories) == [1]
    assert (tmp_path / "last" / "checkpoint").exists()


@pytest.mark.slow
def test_the_median_of_three_is_the_model_that_its_seed_alone_gives_also_after_a_kill(
    train_one: Train, build: Callable[[int], BiLstmCrf], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = {seed: train_one(seed, str(tmp_path / f"alone-{seed}")) for seed in (4, 5, 6)}
    scores = [one.best.dev_score for _, one in alone.values()]
    expected = 4 + scores.index(statistics.median_low(scores))
    weights = [variable.numpy() for variable in alone[expected][0].variables]

    # Dies in the second seed's second epoch.
    saves = kill_after_saves(monkeypatch, SMALL.epochs + 2)
    models: list[weakref.ref[BiLstmCrf]] = []
    alive: list[int] = []

    def watched(seed: int, directory: str) -> tuple[BiLstmCrf, History]:
        alive.append(sum(model() is not None for model in models))
        model, found = train_one(seed, directory)
        models.append(weakref.ref(model))
        return model, found

    folder = tmp_path / "together"
    with pytest.raises(Killed):
        seeds.train(range(4, 7), train_one=watched, build=build, checkpoint_dir=str(folder))
    model, found = seeds.train(range(4, 7), train_one=watched, build=build, checkpoint_dir=str(folder))

    assert saves == [1, 2, 3] * 3, "no epoch is trained twice"
    assert alive == [0] * 4, "the models of earlier seeds are freed"
    assert found.chosen == expected
    for variable, values in zip(model.variables, weights, strict=True):
        np.testing.assert_array_equal(variable.numpy(), values)
    for seed, (_, one) in alone.items():
        assert epochs(found.histories[seed]) == epochs(one)
    assert kept(folder) == {f"seed-{expected}": [f"epoch-{found.history.best.number}"]}


def test_every_seeds_epochs_are_in_the_file() -> None:
    found = Seeds({3: history(0.5), 4: history(0.75), 5: history(0.25)})
    read = json.loads(found.to_json())
    assert {key: read[key] for key in ("metric", "chosen", "lowest", "median", "highest")} == {
        "metric": "entity_f1_strict",
        "chosen": 3,
        "lowest": 0.25,
        "median": 0.5,
        "highest": 0.75,
    }
    assert [one["seed"] for one in read["seeds"]] == [3, 4, 5]
    assert [History.from_json(json.dumps(one)) for one in read["seeds"]] == list(found.histories.values())


def test_a_seed_that_diverges_is_left_out_of_the_median_and_named(
    train_one: Train, build: Build, tmp_path: Path
) -> None:
    def diverges(seed: int, directory: str) -> tuple[BiLstmCrf, History]:
        if seed == 5:
            raise Diverged("the loss of epoch 1 is nan")
        return train_one(seed, directory)

    model, found = seeds.train(range(4, 7), train_one=diverges, build=build, checkpoint_dir=str(tmp_path))
    scores = {seed: one.best.dev_score for seed, one in found.histories.items()}
    assert sorted(scores) == [4, 6]
    assert scores[found.chosen] == min(scores.values()), "of two the lower"
    assert json.loads(found.to_json())["diverged"] == {"5": "the loss of epoch 1 is nan"}
    expected = train_one(found.chosen, str(tmp_path / "alone"))[0]
    for variable, values in zip(model.variables, expected.variables, strict=True):
        np.testing.assert_array_equal(variable.numpy(), values.numpy())


def test_where_half_of_the_seeds_diverge_so_does_the_training(build: Build, tmp_path: Path) -> None:
    def diverges(seed: int, directory: str) -> tuple[BiLstmCrf, History]:
        if seed > 4:
            raise Diverged("the loss of epoch 1 is nan")
        Path(directory).mkdir(parents=True)
        return build(seed), history(0.5)

    with pytest.raises(Diverged, match=r"2 of 3 seeds.*5, 6.*: the loss of epoch 1 is nan"):
        seeds.train(range(4, 7), train_one=diverges, build=build, checkpoint_dir=str(tmp_path))


@pytest.mark.parametrize("content", [b"", b'{"metric": "entity_f1', b'"\xff\0', b"[]"])
def test_a_seed_whose_history_is_damaged_is_trained_again(
    scored: Stub,
    build: Callable[[int], BiLstmCrf],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    content: bytes,
) -> None:
    scores = {7: 0.5, 8: 0.75, 9: 0.25}
    _, found = seeds.train(scores, train_one=scored(scores), build=build, checkpoint_dir=str(tmp_path))
    path = tmp_path / "seed-7" / "history.json"
    path.write_bytes(content)
    _, again = seeds.train(scores, train_one=scored(scores), build=build, checkpoint_dir=str(tmp_path))
    assert again == found
    assert [line.partition(":")[0] for line in caplog.messages if "history of a seed" in line] == [str(path)]
