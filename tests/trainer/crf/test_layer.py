"""The Keras layer: trained, masked, saved, and in the middle of a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.crf.layer import CRF

TAGS = ["O", "B-a", "I-a", "B-b", "I-b"]
WORDS = 12


def corpus() -> tuple[np.ndarray, np.ndarray]:
    """Words, 0 as padding; word 3 begins an a, word 5 a b, and word 7 continues either."""
    random = np.random.default_rng(0)
    words = random.integers(1, WORDS, [32, 9])
    labels = np.zeros_like(words)
    for row in words:
        row[random.integers(2, 10) :] = 0
    for row, tags in zip(words, labels, strict=True):
        for t, word in enumerate(row):
            before = tags[t - 1] if t else 0
            tags[t] = {3: 1, 5: 3, 7: before + before % 2}.get(word, 0)
    return words, labels


def encoder() -> tuple[tf.Tensor, tf.Tensor]:
    words = tf.keras.Input([None], dtype=tf.int32)
    hidden = tf.keras.layers.Embedding(WORDS, 8, mask_zero=True)(words)
    hidden = tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(8, return_sequences=True))(hidden)
    return words, tf.keras.layers.Dense(len(TAGS))(hidden)


def models() -> tuple[tf.keras.Model, tf.keras.Model, CRF]:
    """One to train, with labels, and one to decode."""
    words, emissions = encoder()
    labels = tf.keras.Input([None], dtype=tf.int32)
    layer = CRF(len(TAGS), tag_names=TAGS, scheme="BIO")
    training = tf.keras.Model([words, labels], layer(emissions, labels=labels))
    return training, tf.keras.Model(words, layer(emissions)), layer


def test_compile_and_fit() -> None:
    tf.keras.utils.set_random_seed(1)
    training, decoding, _ = models()
    words, labels = corpus()
    training.compile(tf.keras.optimizers.Adam(0.05))
    losses = training.fit([words, labels], epochs=12, batch_size=8, verbose=0).history["loss"]
    assert losses[-1] < 0.2 * losses[0]
    found = decoding.predict(words, verbose=0)
    assert (found == np.where(words > 0, labels, 0)).mean() > 0.9


def test_losses_of_the_layer_in_a_loop_of_ones_own() -> None:
    training, _, layer = models()
    words, labels = (tf.constant(value) for value in corpus())
    optimizer = tf.keras.optimizers.Adam(0.05)

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            training([words, labels])
            loss = tf.add_n(training.losses)
        gradients = tape.gradient(loss, training.trainable_variables)
        optimizer.apply_gradients(zip(gradients, training.trainable_variables, strict=True))
        return loss

    losses = [float(step()) for _ in range(25)]
    assert losses[-1] < 0.5 * losses[0]
    assert {variable.name.split("/")[-1] for variable in layer.trainable_variables} == {
        "transitions:0",
        "start:0",
        "end:0",
    }


def test_in_the_middle_of_a_model() -> None:
    layer = CRF(len(TAGS))
    layer.build([None, None, len(TAGS)])
    emissions = tf.Variable(tf.zeros([2, 4, len(TAGS)]))
    head = tf.keras.layers.Dense(2)
    target = tf.constant([[0, 1, 0, 1], [1, 1, 0, 0]])
    optimizer = tf.keras.optimizers.Adam(0.1)
    losses = []
    for _ in range(20):
        with tf.GradientTape() as tape:
            logits = head(layer.marginals(emissions))
            ours = -tf.reduce_mean(layer.log_likelihood(emissions, 2 * target))
            theirs = tf.keras.losses.sparse_categorical_crossentropy(target, logits, from_logits=True)
            loss = tf.reduce_mean(theirs) + 0.1 * ours
        variables = [emissions, *layer.trainable_variables, *head.trainable_variables]
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        losses.append(float(loss))
    assert losses[-1] < 0.6 * losses[0]


def test_saved_and_loaded(tmp_path: Path) -> None:
    _, decoding, layer = models()
    layer.transitions.assign(tf.random.stateless_normal(layer.transitions.shape, [1, 2]))
    words, _ = corpus()
    expected = decoding.predict(words, verbose=0)
    decoding.save(tmp_path / "model.keras")
    again = tf.keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(words, verbose=0), expected)
    decoding.export(str(tmp_path / "served"))
    served = tf.saved_model.load(str(tmp_path / "served"))
    np.testing.assert_array_equal(served.serve(tf.constant(words, tf.int32)), expected)


def test_configuration_makes_the_round() -> None:
    layer = CRF(5, tag_names=TAGS, scheme="BIO", edges=False, regularizer="l2", name="tags")
    again = CRF.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    again.build([None, None, 5])
    assert again.start is None


def test_masks_forbid_what_the_scheme_forbids() -> None:
    layer = CRF(5, tag_names=TAGS, scheme="BIO")
    emissions = tf.one_hot([[2, 2, 0, 4]], 5) * 5.0
    tags = layer(emissions).numpy()[0].tolist()
    assert tags[0] != 2
    assert tags[3] != 4


def test_left_padding_is_refused() -> None:
    layer = CRF(3)
    emissions, mask = tf.zeros([2, 3, 3]), tf.constant([[True, True, False], [False, True, True]])
    with pytest.raises(ValueError, match="mask: expected true up to each sentence's end"):
        layer(emissions, mask=mask)
    run = tf.function(lambda mask: layer(emissions, mask=mask))
    with pytest.raises(tf.errors.InvalidArgumentError, match="mask: expected true up to"):
        run(mask)


def test_under_mixed_precision() -> None:
    layer = CRF(3, dtype=tf.keras.mixed_precision.Policy("mixed_float16"))
    layer(tf.zeros([1, 2, 3], tf.float16), labels=tf.constant([[0, 1]]))
    assert layer.transitions.dtype == tf.float32
    assert layer.losses[0].dtype == tf.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_tags": 0}, "num_tags: expected at least 1"),
        ({"num_tags": 5, "scheme": "BIO"}, "tag_names: expected the 5 tags"),
        ({"num_tags": 4, "tag_names": TAGS}, "tag_names: expected 4 tags"),
    ],
)
def test_wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CRF(**options)
