"""TLS against a real server with certificates made here: which are trusted, and the errors when none is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from serving.client import TLS, ServerUnreachable, Tagger, TLSFailed
from tests.serving.certificates import Authority
from tests.serving.client.scripted_server import scripted, tagged
from tests.serving.client.taggers import connect


@dataclass(frozen=True)
class Files:
    """An authority, its certificate in a file, and the certificates that it signs."""

    authority: Authority
    folder: Path

    @property
    def certificate(self) -> Path:
        path = self.folder / "ca.pem"
        path.write_text(self.authority.certificate)
        return path

    def server(self, host: str) -> tuple[bytes, bytes]:
        pair = self.authority.pair(host)
        return pair.key.encode(), pair.certificate.encode()

    def client(self) -> tuple[Path, Path]:
        key, certificate = self.folder / "client.key", self.folder / "client.pem"
        key_bytes, certificate_bytes = self.server("client")
        key.write_bytes(key_bytes)
        certificate.write_bytes(certificate_bytes)
        return certificate, key


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Files:
    return Files(Authority(), tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(authority):
    """A server that shows a certificate for localhost."""
    credentials = grpc.ssl_server_credentials([authority.server("localhost")])
    with scripted(lambda request, _: tagged(request), credentials=credentials) as target:
        yield target


def test_a_server_whose_authority_is_trusted(secure, authority):
    with connect(secure, tls=TLS(root_certificates=authority.certificate)) as tagger:
        assert tagger.tag("Anna left").entities[0].text == "Anna"
        assert len(list(tagger.stream(["Anna left"] * 5))) == 5


def test_the_roots_of_the_system(secure, authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with connect(secure, tls=True) as tagger:
        assert tagger.tag("Anna left").entities[0].text == "Anna"


def test_a_server_that_is_not_trusted_is_reported_without_a_retry(secure, tmp_path):
    stranger = Files(Authority(), tmp_path)
    with (
        connect(secure, tls=TLS(stranger.certificate), retries=10_000) as tagger,
        pytest.raises(TLSFailed, match=r"cannot agree on TLS .*ssl_config_file"),
    ):
        tagger.tag("Anna")


def test_a_server_with_another_name(authority):
    credentials = grpc.ssl_server_credentials([authority.server("tagger.internal")])
    with scripted(lambda request, _: tagged(request), credentials=credentials) as target:
        with (
            connect(target, tls=TLS(authority.certificate), retries=10_000) as tagger,
            pytest.raises(TLSFailed, match="Peer name localhost is not in"),
        ):
            tagger.tag("Anna")
        with connect(target, tls=TLS(authority.certificate, server_name="tagger.internal")) as tagger:
            assert tagger.tag("Anna left").entities[0].text == "Anna"


def test_a_server_that_verifies_its_clients(authority):
    credentials = grpc.ssl_server_credentials(
        [authority.server("localhost")],
        root_certificates=authority.certificate.read_bytes(),
        require_client_auth=True,
    )
    with scripted(lambda request, _: tagged(request), credentials=credentials) as target:
        with connect(target, tls=TLS(authority.certificate, *authority.client())) as tagger:
            assert tagger.tag("Anna left").entities[0].text == "Anna"
        with (
            connect(target, tls=TLS(authority.certificate), retries=1) as tagger,
            pytest.raises(ServerUnreachable, match="verifies its clients"),
        ):
            tagger.tag("Anna")


def test_plain_text_to_a_server_with_tls(secure):
    with connect(secure, retries=1) as tagger, pytest.raises(ServerUnreachable, match="with TLS needs `tls`"):
        tagger.tag("Anna")


def test_files_are_read_by_the_constructor(tmp_path, authority):
    with pytest.raises(ValueError, match=r"root_certificates .*none.pem: cannot be read \(No such file"):
        Tagger("localhost:1", tls=TLS(tmp_path / "none.pem"))
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ValueError, match=r"root_certificates .*empty.pem: no PEM block in it"):
        Tagger("localhost:1", tls=TLS(tmp_path / "empty.pem"))
    with pytest.raises(ValueError, match="private_key is missing; give certificate and private_key"):
        TLS(certificate=authority.certificate)
