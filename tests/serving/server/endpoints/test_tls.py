"""The ports over TLS, with and without client certificates; the Unix socket; channel arguments."""

from __future__ import annotations

import json
import shutil
import ssl
from pathlib import Path

import grpc
import httpx
import pytest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub

from serving.server.endpoints.tls import server_credentials, ssl_context
from serving.server.flags import ANY_FREE_PORT, Flags
from serving.server.wire.errors import Code, ServingError
from tests.serving.certificates import Authority, Pair
from tests.serving.running import running


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def base(exported: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tls")
    shutil.copytree(exported["NAME"], root / "1")
    return root


def ssl_config(folder: Path, **fields: object) -> str:
    """Writes an SSLConfig; a JSON string is a text proto's string, escapes and all."""
    file = folder / "ssl.config"
    file.write_text("\n".join(f"{name}: {json.dumps(value)}" for name, value in fields.items()))
    return str(file)


def flags(base: Path, **more: object) -> Flags:
    return Flags(model_base_path=str(base), model_name="a", port=0, file_system_poll_wait_seconds=0, **more)


def served_version(channel: grpc.Channel, timeout: float = 10) -> int:
    """The version that the server serves."""
    request = GetModelStatusRequest()
    request.model_spec.name = "a"
    answer = ModelServiceStub(channel).GetModelStatus(request, timeout=timeout, wait_for_ready=False)
    return answer.model_version_status[0].version


def credentials(authority: Authority, client: Pair | None = None) -> grpc.ChannelCredentials:
    if client is None:
        return grpc.ssl_channel_credentials(authority.certificate.encode())
    return grpc.ssl_channel_credentials(
        authority.certificate.encode(), client.key.encode(), client.certificate.encode()
    )


def test_a_client_that_trusts_the_authority_is_served(base, authority, tmp_path):
    pair = authority.pair()
    config = ssl_config(tmp_path, server_key=pair.key, server_cert=pair.certificate)
    with running(flags(base, ssl_config_file=config)) as server:
        target = f"localhost:{server.port}"
        with grpc.secure_channel(target, credentials(authority)) as channel:
            assert served_version(channel) == 1
        with grpc.secure_channel(target, credentials(Authority())) as channel:
            with pytest.raises(grpc.RpcError) as caught:
                served_version(channel)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        with grpc.insecure_channel(target) as channel, pytest.raises(grpc.RpcError):
            served_version(channel)


def test_a_client_without_a_certificate_is_refused_where_one_is_required(base, authority, tmp_path):
    pair = authority.pair()
    config = ssl_config(
        tmp_path,
        server_key=pair.key,
        server_cert=pair.certificate,
        custom_ca=authority.certificate,
        client_verify=True,
    )
    with running(flags(base, ssl_config_file=config)) as server:
        target = f"localhost:{server.port}"
        with grpc.secure_channel(target, credentials(authority, authority.pair())) as channel:
            assert served_version(channel) == 1
        for client in (None, Authority().pair()):
            with grpc.secure_channel(target, credentials(authority, client)) as channel:
                with pytest.raises(grpc.RpcError) as caught:
                    served_version(channel)
                assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def rest_context(authority: Authority, folder: Path, client: Pair | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.certificate)
    if client is not None:
        (folder / "pair.pem").write_text(client.key + client.certificate)
        context.load_cert_chain(folder / "pair.pem")
    return context


@pytest.mark.embedded
@pytest.mark.parametrize("client_verify", [False, True])
def test_rest_over_tls(client_verify, base, authority, tmp_path):
    pair = authority.pair()
    config = ssl_config(
        tmp_path,
        server_key=pair.key,
        server_cert=pair.certificate,
        custom_ca=authority.certificate,
        client_verify=client_verify,
    )
    with running(
        flags(base, ssl_config_file=config, rest_api_enable_tls=True, rest_api_port=ANY_FREE_PORT)
    ) as server:
        address = f"localhost:{server.rest_port}/v1/models/a"
        client = authority.pair() if client_verify else None
        answer = httpx.get(f"https://{address}", verify=rest_context(authority, tmp_path, client))
        assert answer.json()["model_version_status"][0]["version"] == "1"
        with pytest.raises(httpx.TransportError):
            httpx.get(f"https://{address}", verify=rest_context(Authority(), tmp_path))
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://{address}")
        if client_verify:
            with pytest.raises(httpx.TransportError):
                httpx.get(f"https://{address}", verify=rest_context(authority, tmp_path))


@pytest.mark.embedded
def test_a_key_of_another_certificate_is_refused(authority, tmp_path):
    config = ssl_config(tmp_path, server_key=authority.pair().key, server_cert=authority.pair().certificate)
    with pytest.raises(ServingError, match=r"expected a key and its certificates; found .*MISMATCH"):
        ssl_context(config)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "server_key"),
        ({"server_key": "/etc/tls.key"}, "server_key"),
        ({"server_key": "KEY", "server_cert": "/etc/tls.crt"}, "server_cert"),
        ({"server_key": "KEY", "server_cert": "CERTIFICATE", "client_verify": True}, "custom_ca"),
        ({"server_key": "KEY", "server_cert": "CERTIFICATE", "custom_ca": "/etc/ca.crt"}, "custom_ca"),
    ],
)
def test_an_incomplete_file_is_refused(fields, named, authority, tmp_path):
    pair = authority.pair()
    texts = {"KEY": pair.key, "CERTIFICATE": pair.certificate}
    config = ssl_config(tmp_path, **{name: texts.get(value, value) for name, value in fields.items()})
    with pytest.raises(ServingError, match=f"{named} of {config} holds no PEM text") as caught:
        server_credentials(config)
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_a_unix_socket_is_served_beside_the_port(base, tmp_path):
    path = tmp_path / "grpc.socket"
    with running(flags(base, grpc_socket_path=str(path))) as server:
        for target in (f"unix:{path}", server.target):
            with grpc.insecure_channel(target) as channel:
                assert served_version(channel) == 1


def test_channel_arguments_reach_grpc(base):
    limits = (("grpc.max_receive_message_length", 10),)
    with (
        running(flags(base, grpc_channel_arguments=limits)) as server,
        grpc.insecure_channel(server.target) as channel,
    ):
        assert served_version(channel) == 1, "a request of 5 bytes"
        request = GetModelStatusRequest()
        request.model_spec.name = "a" * 20
        with pytest.raises(grpc.RpcError) as caught:
            ModelServiceStub(channel).GetModelStatus(request, timeout=10)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
