"""Models, version policies and labels of a ModelServerConfig, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.server.config.config_text import Kind, read_text
from serving.server.config.model_config import Model, check_transition, models_of, single
from serving.server.wire.errors import Code, ServingError

pytestmark = pytest.mark.embedded


def model(name: str, path: object, *, platform: str = "tensorflow", more: str = "") -> str:
    written = f'model_platform: "{platform}"' if platform else ""
    return f'config {{ name: "{name}" base_path: "{path}" {written} {more} }}'


def config(*models: str) -> ModelServerConfig:
    return read_text(Kind.MODELS, "model_config_list { " + " ".join(models) + " }")


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("", {9}),
        ("model_version_policy { latest { } }", {9}),
        ("model_version_policy { latest { num_versions: 2 } }", {9, 5}),
        ("model_version_policy { latest { num_versions: 7 } }", {9, 5, 1}),
        ("model_version_policy { all { } }", {9, 5, 1}),
        ("model_version_policy { specific { versions: 1 versions: 5 versions: 6 } }", {1, 5}),
        ("model_version_policy { specific { } }", set()),
    ],
)
def test_policies(policy, wanted, tmp_path):
    (read,) = models_of(config(model("m", tmp_path, more=policy))).values()
    assert read.wanted([1, 5, 9]) == wanted
    assert read.wanted([]) == set()


def test_models_and_labels_are_read(tmp_path):
    labels = 'version_labels { key: "stable" value: 3 } version_labels { key: "canary" value: 4 }'
    read = models_of(config(model("m", tmp_path, more=labels), model("n", tmp_path)))
    assert read == {
        "m": Model("m", tmp_path, labels={"stable": 3, "canary": 4}),
        "n": Model("n", tmp_path),
    }
    assert models_of(single("m", str(tmp_path))) == {"m": Model("m", tmp_path)}


LEGAL = config(model("m", "/"))
ONE_PLATFORM = "Model n: expected either model_platform or the deprecated model_type"


@pytest.mark.parametrize(
    ("models", "code", "message"),
    [
        (
            [model("m", "/"), model("m", "/")],
            Code.INVALID_ARGUMENT,
            "Illegal to list model m multiple times in config list",
        ),
        (
            [model("m", "here/there")],
            Code.INVALID_ARGUMENT,
            "Expected model m to have an absolute path or URI; got base_path()=here/there",
        ),
        (
            [model("m", "/", platform="onnx")],
            Code.INVALID_ARGUMENT,
            "Illegal to change a model's platform. For model m platform was tensorflow and new platform "
            "requested is onnx",
        ),
        (
            [model("n", "/", platform="onnx")],
            Code.INVALID_ARGUMENT,
            "Model n requests unsupported platform onnx",
        ),
        ([model("n", "/", platform="")], Code.INVALID_ARGUMENT, ONE_PLATFORM),
        ([model("n", "/", more="model_type: TENSORFLOW")], Code.INVALID_ARGUMENT, ONE_PLATFORM),
        (
            [model("n", "/", platform="", more="model_type: OTHER")],
            Code.INVALID_ARGUMENT,
            "requests unsupported platform model_type 2",
        ),
        (
            [model("n", "/nowhere")],
            Code.INVALID_ARGUMENT,
            "Could not find base path /nowhere for servable n with error NOT_FOUND: /nowhere not found",
        ),
        (
            [model("n", "/" + "n" * 5000)],
            Code.INVALID_ARGUMENT,
            "Could not find base path /nnn",
        ),
    ],
)
def test_configurations_that_are_refused(models, code, message):
    def take(new: ModelServerConfig) -> None:
        check_transition(LEGAL, new)
        models_of(new)

    with pytest.raises(ServingError) as caught:
        take(config(*models))
    assert caught.value.code is code
    assert message in caught.value.message


def test_the_deprecated_type_is_the_platform():
    typed = config(model("m", "/", platform="", more="model_type: TENSORFLOW"))
    check_transition(LEGAL, typed)
    assert models_of(typed) == {"m": Model("m", Path("/"))}


@pytest.mark.parametrize("text", ["", "custom_model_config { }"])
def test_only_a_list_follows_a_list(text):
    with pytest.raises(ServingError, match="expected a model_config_list") as caught:
        check_transition(LEGAL, read_text(Kind.MODELS, text))
    assert caught.value.code is Code.FAILED_PRECONDITION
