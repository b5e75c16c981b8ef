"""TLS against a real server with certificates made here: who is trusted, and what is said when nobody is."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from serving.client import TLS, ServerUnreachable, Tagger, TLSFailed
from tests.serving.client.scripted_server import scripted, tagged
from tests.serving.client.taggers import connect

START = datetime.datetime(2020, 1, 1)
END = datetime.datetime(2120, 1, 1)


@dataclass
class Identity:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path

    @property
    def pair(self) -> tuple[bytes, bytes]:
        return self.key.read_bytes(), self.certificate.read_bytes()


@dataclass
class Authority:
    """Signs identities; trusting it is trusting them."""

    folder: Path

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        builder = self._builder(self._name, self._key.public_key())
        basic = x509.BasicConstraints(ca=True, path_length=None)
        signed = builder.add_extension(basic, critical=True).sign(self._key, hashes.SHA256())
        self.certificate = self.folder / "ca.pem"
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def identity(self, name: str) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        signed = self._builder(subject, key.public_key()).add_extension(names, critical=False)
        found = Identity(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        found.certificate.write_bytes(
            signed.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        found.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return found

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(START).not_valid_after(END)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(authority):
    """A server that shows a certificate for localhost."""
    credentials = grpc.ssl_server_credentials([authority.identity("localhost").pair])
    with scripted(lambda request, _: tagged(request), credentials=credentials) as target:
        yield target


def test_a_server_whose_authority_is_trusted(secure, authority):
    with connect(secure, tls=TLS(root_certificates=authority.certificate)) as tagger:
        assert tagger.tag("Anna left").entities[0].text == "Anna"
        assert len(list(tagger.stream(["Anna left"] * 5))) == 5


def test_the_systems_roots(secure, authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with connect(secure, tls=True) as tagger:
        assert tagger.tag("Anna left").entities[0].text == "Anna"


def test_a_server_that_is_not_trusted_is_told_and_not_asked_again(secure, tmp_path):
    stranger = Authority(tmp_path)
    with (
        connect(secure, tls=TLS(stranger.certificate), retries=10_000) as tagger,
        pytest.raises(TLSFailed, match=r"cannot agree on TLS .*ssl_config_file"),
    ):
        tagger.tag("Anna")


def test_a_server_by_another_name(authority):
    credentials = grpc.ssl_server_credentials([authority.identity("tagger.internal").pair])
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
        [authority.identity("localhost").pair],
        root_certificates=authority.certificate.read_bytes(),
        require_client_auth=True,
    )
    client = authority.identity("client")
    with scripted(lambda request, _: tagged(request), credentials=credentials) as target:
        known = TLS(authority.certificate, client.certificate, client.key)
        with connect(target, tls=known) as tagger:
            assert tagger.tag("Anna left").entities[0].text == "Anna"
        with (
            connect(target, tls=TLS(authority.certificate), retries=1) as tagger,
            pytest.raises(ServerUnreachable, match="verifies its clients"),
        ):
            tagger.tag("Anna")


def test_plain_text_to_a_server_with_tls(secure):
    with connect(secure, retries=1) as tagger, pytest.raises(ServerUnreachable, match="with TLS needs `tls`"):
        tagger.tag("Anna")


def test_files_are_read_when_the_tagger_is_made(tmp_path, authority):
    with pytest.raises(ValueError, match=r"root_certificates .*none.pem: cannot be read \(No such file"):
        Tagger("localhost:1", tls=TLS(tmp_path / "none.pem"))
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ValueError, match=r"root_certificates .*empty.pem: no PEM block in it"):
        Tagger("localhost:1", tls=TLS(tmp_path / "empty.pem"))
    with pytest.raises(ValueError, match="private_key is missing; give certificate and private_key"):
        TLS(certificate=authority.certificate)
