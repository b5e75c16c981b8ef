"""Configuration files for TLS, monitoring and batching; files that do not parse."""

from __future__ import annotations

import pytest

from serving.server.config.config_text import Kind, read_file, read_text
from serving.server.wire.errors import Code, ServingError

pytestmark = pytest.mark.embedded


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


def test_a_file_that_does_not_parse_is_refused_and_logged(tmp_path, caplog):
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
