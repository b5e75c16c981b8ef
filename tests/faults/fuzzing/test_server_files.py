"""The configuration files of a server, changed: read, or refused by the error of whoever reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.registry import model_config as registry
from serving.registry.errors import Refused
from serving.server.config.config_text import Kind, read_file
from serving.server.config.model_config import check_transition, models_of
from serving.server.flags import Flags
from serving.server.opening import Endpoints
from serving.server.wire.errors import Code, ServingError
from tests.faults.conftest import Faults
from tests.faults.fuzzing.bounds import bounded, refused
from tests.faults.fuzzing.mutations import mutated

MODELS = b"""\
model_config_list {
  config {
    name: "mine"
    base_path: "/tmp"
    model_platform: "tensorflow"
    model_version_policy { specific { versions: 3 versions: 4 } }
    version_labels { key: "stable" value: 3 }
  }
  config { name: "other" base_path: "/" model_type: TENSORFLOW model_version_policy { latest { num_versions: 2 } } }
}
"""
BATCHING = b"""\
max_batch_size { value: 32 }
num_batch_threads { value: 2 }
max_enqueued_batches { value: 64 }
allowed_batch_sizes: [8, 32]
thread_pool_name { value: "batches" }
pad_variable_length_inputs: false
"""
MONITORING = b'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }\n'
TLS = b"""\
server_key: "-----BEGIN PRIVATE KEY-----\\nAA==\\n-----END PRIVATE KEY-----\\n"
server_cert: "-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\\n"
client_verify: false
"""
REFUSALS = {Code.INVALID_ARGUMENT, Code.FAILED_PRECONDITION, Code.NOT_FOUND}
OPENED_BY = {
    "batching": (BATCHING, "batching_parameters_file"),
    "monitoring": (MONITORING, "monitoring_config_file"),
    "tls": (TLS, "ssl_config_file"),
}


def _is_documented(error: ServingError) -> bool:
    return error.code in REFUSALS and bool(error.message)


@bounded(300)
@given(content=mutated(MODELS))
def test_models_of_a_server(faults: Faults, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "models.config"
    file.write_bytes(content)
    with faults.tried(), refused(ServingError, _is_documented):
        config = read_file(Kind.MODELS, str(file))
        check_transition(None, config)
        for name, model in models_of(config).items():
            assert model.name == name
            assert model.wanted({1, 2, 3}) <= {1, 2, 3}


@bounded(300)
@given(content=mutated(MODELS))
def test_models_of_tagline_models(faults: Faults, tmp_path: Path, content: bytes) -> None:
    (tmp_path / registry.FILE).write_bytes(content)
    with faults.tried(), refused(Refused, lambda error: bool(str(error))):
        config = registry.read(tmp_path, "mine")
        assert config.served is not None
        registry.write(tmp_path, config)
        assert registry.read(tmp_path, "mine").served == config.served


@pytest.mark.parametrize("kind", OPENED_BY)
@bounded(200)
@given(data=st.data())
def test_other_files(kind: str, faults: Faults, tmp_path: Path, data: st.DataObject) -> None:
    content, flag = OPENED_BY[kind]
    file = tmp_path / "file.config"
    file.write_bytes(data.draw(mutated(content)))
    with faults.tried(), refused(ServingError, _is_documented):
        Endpoints(Flags(model_base_path="/tmp", enable_batching=True, **{flag: str(file)}))
