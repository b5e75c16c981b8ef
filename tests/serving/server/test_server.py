"""A server's start: invalid files, missing or broken versions, taken ports. Its polled configuration file."""

from __future__ import annotations

import threading

import pytest

from serving.client import Tagger
from serving.server.flags import Flags
from serving.server.server import Server, StartError
from tests.serving.folders import garbage, push, states, until
from tests.serving.running import running

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("flag", "text", "message"),
    [
        ("model_config_file", "config", "INVALID_ARGUMENT: Invalid protobuf file: "),
        ("model_config_file", "custom_model_config { }", "expected a model_config_list"),
        ("monitoring_config_file", "prometheus { }", "INVALID_ARGUMENT: Invalid protobuf file: "),
        ("ssl_config_file", "", "INVALID_ARGUMENT: server_key of .* holds no PEM text"),
        ("batching_parameters_file", "max_batch_size { value: 0 }", "max_batch_size must be positive"),
    ],
)
def test_a_start_with_an_invalid_file_is_refused(flag, text, message, tmp_path):
    file = tmp_path / "file"
    file.write_text(text)
    flags = Flags(model_base_path=str(tmp_path), port=0, enable_batching=True, **{flag: str(file)})
    with pytest.raises(StartError, match=message):
        Server(flags).__enter__()


def test_a_start_can_be_stopped_while_it_waits(tmp_path):
    server = Server(Flags(model_base_path=str(tmp_path), port=0))
    starting = threading.Thread(target=server.start)
    starting.start()
    server.stop()
    starting.join(10)
    assert not starting.is_alive()
    assert server.port == 0


def test_a_start_with_a_broken_version_fails(tmp_path):
    garbage(tmp_path / "1")
    flags = Flags(model_base_path=str(tmp_path), model_name="tagger", port=0, max_num_load_retries=0)
    with pytest.raises(
        StartError,
        match=r"UNKNOWN: 1 model\(s\) did not become available: tagger version 1: "
        r"INVALID_ARGUMENT: .* cannot be loaded",
    ):
        Server(flags).__enter__()


def test_a_start_without_a_folder_fails(tmp_path):
    flags = Flags(model_base_path=str(tmp_path / "nowhere"), port=0)
    with pytest.raises(
        StartError, match=r"Could not find base path .*nowhere for servable default with error NOT_FOUND"
    ):
        Server(flags).__enter__()


def test_a_start_waits_for_the_first_version(tmp_path, exported, caplog):
    timer = threading.Timer(0.5, push, (exported["PER"], tmp_path / "1"))
    timer.start()
    flags = Flags(
        model_base_path=str(tmp_path), model_name="tagger", port=0, file_system_poll_wait_seconds=0.05
    )
    with Server(flags) as server, Tagger(server.target) as tagger:
        assert tagger.tag("Anna").entities[0].label == "PER"
    assert caplog.text.count("No versions of servable tagger found") == 1


def test_two_servers_cannot_share_a_port(server, tmp_path, exported):
    push(exported["PER"], tmp_path / "1")
    flags = Flags(model_base_path=str(tmp_path), model_name="tagger", port=server.port)
    with pytest.raises(StartError, match="another server may hold the port"):
        Server(flags).__enter__()


def test_the_configuration_file_is_polled(tmp_path, exported, caplog):
    push(exported["PER"], tmp_path / "a" / "1")
    push(exported["ORG"], tmp_path / "b" / "4")
    push(exported["PER"], tmp_path / "b" / "5")
    file = tmp_path / "models.config"

    def model(name: str, path: object, policy: str = "") -> str:
        return f'config {{ name: "{name}" base_path: "{path}" model_platform: "tensorflow" {policy} }}'

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
            model("b", tmp_path / "b", "model_version_policy { specific { versions: 4 } }"),
        )
        until(lambda: states(b) == {4: "AVAILABLE"}, "the second model")
        assert b.tag("Anna").entities[0].label == "ORG"

        file.write_text("model_config_list { config {")
        until(lambda: "Failed to read ModelServerConfig file" in caplog.text, "the complaint")
        write(model("a", "not/absolute"))
        until(
            lambda: "failed to ReloadConfig: Expected model a to have an absolute path" in caplog.text,
            "the second complaint",
        )
        assert a.tag("Anna").entities[0].label == "PER"
        assert b.tag("Anna").entities[0].label == "ORG"

        write(model("b", tmp_path / "b"))
        until(lambda: states(b) == {5: "AVAILABLE", 4: "END"}, "the default policy")
        until(lambda: states(a) == {1: "END"}, "an unlisted model is unloaded")
