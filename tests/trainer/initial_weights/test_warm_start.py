"""Weights taken over by name into another model; the oracle looks each row up by its name, one by one."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import tensorflow as tf

from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from trainer.export import saved_model
from trainer.features import spelling, token_features
from trainer.features.vocabulary import Vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.initial_weights.row_names import FILE_NAME, named_variables, row_names
from trainer.initial_weights.warm_start import Carried, Kind, WarmStart, content
from trainer.model.bilstm_crf import BiLstmCrf

BY_TAG = ("transitions", "start", "end")


def weights(model: BiLstmCrf) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in named_variables(model).items()}


@pytest.fixture(scope="module")
def base(vocabulary: Vocabulary) -> BiLstmCrf:
    """No variable holds what it was built with."""
    model = BiLstmCrf(SMALL, vocabulary, BIOES)
    for seed, variable in enumerate(model.variables):
        variable.assign(tf.random.stateless_normal(variable.shape, [seed, 11]))
    return model


@pytest.fixture(scope="module")
def exported(base: BiLstmCrf, vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("base"))
    extra = {FILE_NAME: row_names(base, vocabulary).to_json()}
    saved_model.export(base, vocabulary, BIOES, directory=folder, n_best=2, extra=extra)
    return folder


def write(model: BiLstmCrf, vocabulary: Vocabulary, folder: Path) -> str:
    """The variables as an export has them, without its signatures, which take their time."""
    module = tf.Module()
    module.model_variables = list(model.variables)
    tf.saved_model.save(module, str(folder))
    extra = folder / "assets.extra"
    extra.mkdir()
    (extra / FILE_NAME).write_text(row_names(model, vocabulary).to_json())
    return str(folder)


def started(
    exported: str | None, vocabulary: Vocabulary, hp: Hyperparameters = SMALL
) -> tuple[BiLstmCrf, BiLstmCrf, Carried]:
    """A model that was started from `exported`, the same untrained, and what was carried over."""
    model, untrained = (BiLstmCrf(hp, vocabulary, BIOES) for _ in range(2))
    start = WarmStart(exported)
    start.assign_to(model, vocabulary)
    assert start.carried is not None
    return model, untrained, start.carried


def changed(vocabulary: Vocabulary) -> Vocabulary:
    """A vocabulary with new, missing and moved words and tags, as of another corpus."""
    words = [word for word in reversed(vocabulary.words) if word not in (b"paris", b"mr")]
    words[3:3] = [b"vienna", b"viennese", "zürich".encode()]
    tags = [tag for tag in sorted(vocabulary.tags) if tag != "I-ORG"]
    tags[1:1] = ["S-ORG", "B-LOC", "E-LOC"]
    return Vocabulary(words=tuple(words), counts=(2,) * len(words), tags=tuple(tags))


def index(vocabulary: Vocabulary, model: BiLstmCrf) -> dict[str, dict[object, int]]:
    """The row of each name, as computed by the code that makes the ids."""
    words = vocabulary.word_table().lookup(tf.constant(list(vocabulary.words))).numpy()
    affixes = spelling.affix_table(vocabulary.affixes).lookup(tf.constant(list(vocabulary.affixes))).numpy()
    return {
        "words": {
            "padding": token_features.PADDING_ID,
            "unknown": token_features.UNKNOWN_ID,
            **dict(zip(vocabulary.words, words.tolist(), strict=True)),
        },
        "affixes": {0: 0, 1: 1, **dict(zip(vocabulary.affixes, affixes.tolist(), strict=True))},
        "tags": {tag: place for place, tag in enumerate(vocabulary.tags)},
    }


def test_the_same_vocabulary_gives_the_very_same_model(
    base: BiLstmCrf, exported: str, vocabulary: Vocabulary
) -> None:
    model, _, carried = started(exported, vocabulary)
    before, after = weights(base), weights(model)
    assert before.keys() == after.keys()
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values, err_msg=name)
    assert not carried.not_carried
    assert carried.kinds["words"] == Kind(carried=len(vocabulary.words), new=0, dropped=0)


def test_rows_follow_their_names(base: BiLstmCrf, exported: str, vocabulary: Vocabulary) -> None:
    now = changed(vocabulary)
    model, untrained, _ = started(exported, now)
    old, new = index(vocabulary, base), index(now, model)
    there, here, fresh = weights(base), weights(model), weights(untrained)
    for kind, variable in (
        ("words", "encoder.word_embedding"),
        ("affixes", "encoder.affix_embedding"),
        ("tags", "encoder.projection_bias"),
        ("tags", "start"),
        ("tags", "end"),
    ):
        for name, row in new[kind].items():
            expected = there[variable][old[kind][name]] if name in old[kind] else fresh[variable][row]
            np.testing.assert_array_equal(here[variable][row], expected, err_msg=f"{name} of {variable}")
        assert len(here[variable]) == len(new[kind])
    tags, old_tags = new["tags"], old["tags"]
    for tag, column in tags.items():
        projection = (
            there["encoder.projection"][:, old_tags[tag]]
            if tag in old_tags
            else fresh["encoder.projection"][:, column]
        )
        np.testing.assert_array_equal(here["encoder.projection"][:, column], projection)
        for after, next_column in tags.items():
            expected = (
                there["transitions"][old_tags[tag], old_tags[after]]
                if tag in old_tags and after in old_tags
                else fresh["transitions"][column, next_column]
            )
            assert here["transitions"][column, next_column] == expected, (tag, after)


def test_what_has_no_names_is_carried_whole(base: BiLstmCrf, exported: str, vocabulary: Vocabulary) -> None:
    model, _, carried = started(exported, changed(vocabulary))
    there, here = weights(base), weights(model)
    assert {"encoder.forward.kernel", "encoder.byte_filters", "encoder.shape_embedding"} <= set(carried.whole)
    for name in carried.whole:
        np.testing.assert_array_equal(here[name], there[name], err_msg=name)


def test_what_came_and_went_is_reported(exported: str, vocabulary: Vocabulary) -> None:
    now = changed(vocabulary)
    _, _, carried = started(exported, now)
    for kind, before, after in (
        ("words", vocabulary.words, now.words),
        ("affixes", vocabulary.affixes, now.affixes),
        ("tags", vocabulary.tags, now.tags),
    ):
        found = carried.kinds[kind]
        assert found.carried == sum(name in before for name in after), kind
        assert found.carried + found.new == len(after), kind
        assert found.carried + found.dropped == len(before), kind
    assert carried.new_tags == ["B-LOC", "E-LOC", "S-ORG"]
    assert carried.dropped_tags == ["I-ORG"]
    assert json.loads(carried.to_json())["kinds"]["words"]["new"] == 3
    words, tags = carried.kinds["words"], carried.kinds["tags"]
    assert str(carried).startswith(f"warm start from {exported}: carried {words.carried} words, ")
    assert f"{tags.new} tags; dropped {words.dropped} words" in str(carried)
    assert "\n" not in str(carried)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        (
            {"lstm_units": 5},
            {
                *(f"encoder.{way}.{part}" for way in ("forward", "backward") for part in ("bias", "kernel")),
                "encoder.forward.recurrent_kernel",
                "encoder.backward.recurrent_kernel",
                "encoder.projection",
                "encoder.sentence_filters",
            },
        ),
        (
            {"word_embedding": 9},
            {"encoder.word_embedding", "encoder.forward.kernel", "encoder.backward.kernel"},
        ),
        (
            {"affix_embedding": 0},
            {"encoder.forward.kernel", "encoder.backward.kernel"},
        ),
    ],
)
def test_variables_of_other_sizes_begin_untrained_and_are_reported(
    base: BiLstmCrf, exported: str, vocabulary: Vocabulary, changes: dict[str, int], refused: set[str]
) -> None:
    hp = msgspec.structs.replace(SMALL, **changes)
    model, untrained, carried = started(exported, vocabulary, hp)
    there, here, fresh = weights(base), weights(model), weights(untrained)
    assert set(carried.not_carried) == refused
    for name, values in here.items():
        expected = fresh[name] if name in refused else there[name]
        np.testing.assert_array_equal(values, expected, err_msg=name)
    rows, columns = there["encoder.forward.kernel"].shape
    sizes = f"{rows} x {columns} there, {' x '.join(map(str, here['encoder.forward.kernel'].shape))} here"
    assert carried.not_carried["encoder.forward.kernel"] == sizes
    assert f"encoder.forward.kernel ({sizes})" in str(carried)


def test_what_the_base_model_lacks_begins_untrained(vocabulary: Vocabulary, tmp_path: Path) -> None:
    plain = msgspec.structs.replace(SMALL, affix_embedding=0)
    base = BiLstmCrf(plain, vocabulary, BIOES)
    model, untrained, carried = started(write(base, vocabulary, tmp_path), vocabulary)
    assert carried.not_carried["encoder.affix_embedding"] == "the base model has none"
    np.testing.assert_array_equal(
        weights(model)["encoder.affix_embedding"], weights(untrained)["encoder.affix_embedding"]
    )


def test_without_a_base_model_nothing_changes(vocabulary: Vocabulary, tmp_path: Path) -> None:
    # The second as back ends hand it over that have no artifact for "none".
    for nothing in (None, str(tmp_path)):
        model, untrained, carried = started(nothing, vocabulary)
        for name, values in weights(untrained).items():
            np.testing.assert_array_equal(weights(model)[name], values)
        assert str(carried) == (
            "no warm start: there is no blessed model to start from yet; training from scratch"
        )


def test_a_model_without_names_is_no_reason_to_fail(
    exported: str, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    for names in (None, "{", '{"words": 3}'):
        folder = tmp_path / f"base-{names and len(names)}"
        folder.mkdir()
        (folder / "saved_model.pb").write_bytes(Path(exported, "saved_model.pb").read_bytes())
        if names is not None:
            (folder / "assets.extra").mkdir()
            (folder / "assets.extra" / FILE_NAME).write_text(names)
        model, untrained, carried = started(str(folder), vocabulary)
        assert carried.reason.startswith("the names of its rows cannot be read: ")
        for name, values in weights(untrained).items():
            np.testing.assert_array_equal(weights(model)[name], values)


def test_several_models_get_the_same_weights_and_one_log_line(
    exported: str, vocabulary: Vocabulary, caplog: pytest.LogCaptureFixture
) -> None:
    start = WarmStart(exported)
    with caplog.at_level(logging.INFO, "tagline.trainer"):
        models = [BiLstmCrf(msgspec.structs.replace(SMALL, seed=seed), vocabulary, BIOES) for seed in (1, 2)]
        for model in models:
            start.assign_to(model, vocabulary)
    assert [record.getMessage() for record in caplog.records] == [str(start.carried)]
    for name, values in weights(models[0]).items():
        np.testing.assert_array_equal(values, weights(models[1])[name])


def test_base_models_are_identified_by_their_weights(vocabulary: Vocabulary, tmp_path: Path) -> None:
    other = BiLstmCrf(SMALL, vocabulary, BIOES)
    first, again = (b"".join(content(write(other, vocabulary, tmp_path / name))) for name in "ab")
    assert first == again
    other.end.assign_add(tf.ones_like(other.end))
    assert b"".join(content(write(other, vocabulary, tmp_path / "c"))) != first


ON_TWO = """
import sys
import msgspec
import numpy as np
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

from tagging.schemes import BIOES
from tests.trainer.conftest import SMALL
from tests.trainer.initial_weights.test_warm_start import changed, weights, write
from pathlib import Path
from trainer.training import devices
from trainer.model.bilstm_crf import BiLstmCrf
from trainer.features.vocabulary import Vocabulary
from trainer.initial_weights.warm_start import WarmStart

vocabulary = msgspec.json.decode(sys.argv[1], type=Vocabulary)
strategy = devices.strategy_for_visible_devices()
assert strategy.num_replicas_in_sync == 2
with strategy.scope():
    base = BiLstmCrf(SMALL, vocabulary, BIOES)
for seed, variable in enumerate(base.variables):
    variable.assign(tf.random.stateless_normal(variable.shape, [seed, 11]))
exported = write(base, vocabulary, Path(sys.argv[2]))
given = []
for scope in (strategy.scope(), tf.device("cpu:0")):
    with scope:
        model = BiLstmCrf(SMALL, changed(vocabulary), BIOES)
        WarmStart(exported).assign_to(model, changed(vocabulary))
        given.append(model)
on_two, on_one = given
for name, values in weights(on_one).items():
    np.testing.assert_array_equal(weights(on_two)[name], values, err_msg=name)
for variable in on_two.variables:
    first, second = (copy.numpy() for copy in variable.values)
    np.testing.assert_array_equal(first, second)
"""


@pytest.mark.slow
def test_every_replica_is_given_the_same(vocabulary: Vocabulary, tmp_path: Path) -> None:
    arguments = [msgspec.json.encode(vocabulary).decode(), str(tmp_path / "base")]
    subprocess.run([sys.executable, "-c", ON_TWO, *arguments], check=True)
