"""A signature is of one version's manifest by one key, and no key leaks."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from serving.registry.manifest import verify
from serving.registry.signature import UnusableKey, problem, sign
from tests.serving.keys import write_keys
from tests.serving.registry.test_pushing import push, source_in


@pytest.fixture
def version(tmp_path: Path) -> Path:
    return push(source_in(tmp_path / "model"), tmp_path / "base", 1)


def test_a_signed_version_is_intact_and_signed_again_by_another_key(version: Path, tmp_path: Path) -> None:
    first, second = write_keys(tmp_path / "1"), write_keys(tmp_path / "2")
    for private, public in (first, second):
        sign(version, private)
        assert problem(version, public) == ""
        assert verify(version).is_intact
    assert problem(version, first[1]) == "manifest.json.sig is not the signature of manifest.json by this key"


@pytest.mark.parametrize("damage", [b"", b"00", b"\xff\xfe", b"zz" * 64])
def test_a_damaged_signature_is_none(version: Path, tmp_path: Path, damage: bytes) -> None:
    private, public = write_keys(tmp_path)
    sign(version, private)
    path = version / "manifest.json.sig"
    for damaged in (damage, path.read_bytes().upper(), path.read_bytes().rstrip()):
        path.write_bytes(damaged)
        assert "is not the signature" in problem(version, public)
        sign(version, private)


def test_keys_of_another_kind_are_named_and_not_quoted(
    version: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    private, public = write_keys(tmp_path)
    encrypted, _ = write_keys(tmp_path / "encrypted", password=b"secret")
    (tmp_path / "text").write_text("not a key")
    secret = private.read_text().splitlines()[1]
    with caplog.at_level(logging.DEBUG):
        for path in (public, encrypted, tmp_path / "text"):
            with pytest.raises(
                UnusableKey, match=f"{path}: not an unencrypted Ed25519 private key in PEM form"
            ):
                sign(version, path)
        for path in (private, tmp_path / "text"):
            with pytest.raises(UnusableKey, match=f"{path}: not an unencrypted Ed25519 public key") as error:
                problem(version, path)
            assert secret not in str(error.value)
        sign(version, private)
    assert secret not in caplog.text
    assert not any(secret.encode() in path.read_bytes() for path in version.rglob("*") if path.is_file())
