"""A real SavedModel that classifies and regresses: x comes back as scores [x, 1 - x] and as the value 2x."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"


def export(folder: Path) -> None:
    """Writes the model to `folder`, with right signatures and with every kind of wrong one."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        examples = v1.placeholder(tf.string, [None], name="examples")
        other = v1.placeholder(tf.string, [None], name="other")
        x = v1.parse_example(examples, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]
        scores = tf.stack([x, 1 - x], axis=1)
        classes = tf.tile([["yes", "no"]], [tf.size(x), 1])
        value = 2 * x
        info = v1.saved_model.build_tensor_info

        def signature(
            method: str, inputs: dict[str, tf.Tensor], outputs: dict[str, tf.Tensor]
        ) -> SignatureDef:
            return v1.saved_model.build_signature_def(
                {name: info(tensor) for name, tensor in inputs.items()},
                {name: info(tensor) for name, tensor in outputs.items()},
                method,
            )

        signatures = {
            "serving_default": signature(
                CLASSIFY, {"inputs": examples}, {"classes": classes, "scores": scores}
            ),
            "classes_only": signature(CLASSIFY, {"inputs": examples}, {"classes": classes}),
            "value": signature(REGRESS, {"inputs": examples}, {"outputs": value}),
            "column": signature(REGRESS, {"inputs": examples}, {"outputs": value[:, None]}),
            "two_inputs": signature(CLASSIFY, {"inputs": examples, "more": other}, {"scores": scores}),
            "three_outputs": signature(
                CLASSIFY, {"inputs": examples}, {"classes": classes, "scores": scores, "x": x}
            ),
            "no_scores": signature(CLASSIFY, {"inputs": examples}, {"x": x}),
            "no_inputs": signature(CLASSIFY, {"x": examples}, {"scores": scores}),
            "flat_scores": signature(CLASSIFY, {"inputs": examples}, {"scores": x}),
            "string_scores": signature(CLASSIFY, {"inputs": examples}, {"scores": classes}),
            "short_scores": signature(CLASSIFY, {"inputs": examples}, {"scores": scores[:1]}),
            "uneven": signature(
                CLASSIFY, {"inputs": examples}, {"classes": classes[:, :1], "scores": scores}
            ),
            "two_values": signature(REGRESS, {"inputs": examples}, {"outputs": scores}),
            "string_value": signature(REGRESS, {"inputs": examples}, {"outputs": classes[:, 0]}),
            "short_value": signature(REGRESS, {"inputs": examples}, {"outputs": value[:1]}),
            "other_input": signature(REGRESS, {"inputs": other}, {"outputs": tf.strings.to_number(other)}),
        }
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()
