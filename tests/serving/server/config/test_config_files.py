"""The files: models in one, TLS, monitoring and batching in the others; errors as TensorFlow Serving has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.client import Tagger
from serving.server.config.config_text import Kind, read_file, read_text
from serving.server.config.model_config import Model, check_transition, models_of, single
from serving.server.errors import Code, ServingError
from serving.server.flags import Flags
from serving.server.server import Server, StartError
from tests.serving.folders import push, states, until
from tests.serving.running import running

embedded = pytest.mark.embedded


def model(name: str, path: object, *, platform: str = "tensorflow", more: str = "") -> str:
    written = f'model_platform: "{platform}"' if platform else ""
    return f'config {{ name: "{name}" base_path: "{path}" {written} {more} }}'


def config(*models: str) -> ModelServerConfig:
    return read_text(Kind.MODELS, "model_config_list { " + " ".join(models) + " }")


@embedded
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


@embedded
def test_what_is_read_of_a_model(tmp_path):
    labels = 'version_labels { key: "stable" value: 3 } version_labels { key: "canary" value: 4 }'
    read = models_of(config(model("m", tmp_path, more=labels), model("n", tmp_path)))
    assert read == {
        "m": Model("m", tmp_path, labels={"stable": 3, "canary": 4}),
        "n": Model("n", tmp_path),
    }
    assert models_of(single("m", str(tmp_path))) == {"m": Model("m", tmp_path)}


LEGAL = config(model("m", "/"))
NEITHER = "Illegal setting neither ModelServerConfig::model_type (deprecated) nor"
BOTH = "Illegal setting both ModelServerConfig::model_type (deprecated) and"


@embedded
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
        ([model("n", "/", platform="")], Code.INVALID_ARGUMENT, NEITHER),
        ([model("n", "/", more="model_type: TENSORFLOW")], Code.INVALID_ARGUMENT, BOTH),
        (
            [model("n", "/", platform="", more="model_type: OTHER")],
            Code.INVALID_ARGUMENT,
            "choice 2 not supported",
        ),
        (
            [model("n", "/nowhere")],
            Code.INVALID_ARGUMENT,
            "Could not find base path /nowhere for servable n with error NOT_FOUND: /nowhere not found",
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


@embedded
def test_the_deprecated_type_is_the_platform():
    typed = config(model("m", "/", platform="", more="model_type: TENSORFLOW"))
    check_transition(LEGAL, typed)
    assert models_of(typed) == {"m": Model("m", Path("/"))}


@embedded
@pytest.mark.parametrize("text", ["", "custom_model_config { }"])
def test_only_a_list_follows_a_list(text):
    with pytest.raises(
        ServingError, match="It is only legal to transition from one ModelConfigList"
    ) as caught:
        check_transition(LEGAL, read_text(Kind.MODELS, text))
    assert caught.value.code is Code.FAILED_PRECONDITION


@embedded
def test_files_without_classes_of_their_own():
    batching = read_text(
        Kind.BATCHING,
        "max_batch_size { value: 32 } # rows\n allowed_batch_sizes: 8 allowed_batch_sizes: [16, 32] "
        "pad_variable_length_inputs: true thread_pool_name { value: 'a' }",
    )
    assert (batching.max_batch_size.value, list(batching.allowed_batch_sizes)) == (32, [8, 16, 32])
    assert not batching.HasField("num_batch_threads")
    monitoring = read_text(Kind.MONITORING, 'prometheus_config { enable: true path: "/m" }')
    assert (monitoring.prometheus_config.enable, monitoring.prometheus_config.path) == (True, "/m")
    tls = read_text(Kind.TLS, 'server_key: "a\\nb" "c" client_verify: true')
    assert (tls.server_key, tls.client_verify) == ("a\nbc", True)


@embedded
def test_what_is_wrong_with_a_file_is_said(tmp_path, caplog):
    file = tmp_path / "models.config"
    with pytest.raises(ServingError, match="No such file") as caught:
        read_file(Kind.MODELS, str(file))
    assert caught.value.code is Code.NOT_FOUND
    file.write_text("model_config_list {\n  config { nam: 'm' } }")
    with pytest.raises(ServingError) as caught:
        read_file(Kind.MODELS, str(file))
    assert (caught.value.code, caught.value.message) == (
        Code.INVALID_ARGUMENT,
        f"Invalid protobuf file: '{file}'",
    )
    assert "Error parsing text-format tensorflow.serving.ModelServerConfig: 2:12" in caplog.text
    file.write_bytes(b"\xff")
    with pytest.raises(ServingError, match="Invalid protobuf file"):
        read_file(Kind.MODELS, str(file))


@embedded
@pytest.mark.parametrize(
    ("flag", "text", "message"),
    [
        ("model_config_file", "config", "INVALID_ARGUMENT: Invalid protobuf file: "),
        ("model_config_file", "custom_model_config { }", "does not yet support custom model config"),
        ("monitoring_config_file", "prometheus { }", "INVALID_ARGUMENT: Invalid protobuf file: "),
        ("ssl_config_file", "", "INVALID_ARGUMENT: server_key of .* holds no PEM text"),
        ("batching_parameters_file", "max_batch_size { value: 0 }", "max_batch_size must be positive"),
    ],
)
def test_a_server_does_not_start_on_a_wrong_file(flag, text, message, tmp_path):
    file = tmp_path / "file"
    file.write_text(text)
    flags = Flags(model_base_path=str(tmp_path), port=0, enable_batching=True, **{flag: str(file)})
    with pytest.raises(StartError, match=message):
        Server(flags).__enter__()


@embedded  # it reads the log
def test_a_polled_file(tmp_path, exported, caplog):
    push(exported["PER"], tmp_path / "a" / "1")
    push(exported["ORG"], tmp_path / "b" / "4")
    push(exported["PER"], tmp_path / "b" / "5")
    file = tmp_path / "models.config"

    def write(*models: str) -> None:
        file.with_suffix(".new").write_text("model_config_list { " + "\n".join(models) + " }")
        file.with_suffix(".new").rename(file)

    write(model("a", tmp_path / "a"))
    flags = Flags(
        model_config_file=str(file),
        model_config_file_poll_wait_seconds=0.05,
        file_system_poll_wait_seconds=0.05,
        port=0,
    )
    with (
        running(flags) as server,
        Tagger(server.target, "a", retries=0) as a,
        Tagger(server.target, "b") as b,
    ):
        assert a.tag("Anna").entities[0].label == "PER"
        write(
            model("a", tmp_path / "a"),
            model("b", tmp_path / "b", more="model_version_policy { specific { versions: 4 } }"),
        )
        until(lambda: states(b) == {4: "AVAILABLE"}, "the second model")
        assert b.tag("Anna").entities[0].label == "ORG"

        file.write_text("model_config_list { config {")
        until(lambda: "Failed to read ModelServerConfig file" in caplog.text, "the complaint")
        write(model("a", "not/absolute"))
        until(
            lambda: "failed to ReloadConfig: Expected model a to have an absolute path" in caplog.text,
            "the other",
        )
        assert a.tag("Anna").entities[0].label == "PER"
        assert b.tag("Anna").entities[0].label == "ORG"

        write(model("b", tmp_path / "b"))
        until(lambda: states(b) == {5: "AVAILABLE", 4: "END"}, "the default policy")
        until(lambda: states(a) == {1: "END"}, "a model that is listed no more goes")
