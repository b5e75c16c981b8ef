"""The signature of a version: Ed25519 over its manifest, and so over every file, in `manifest.json.sig`.

The keys are PEM files, such as `openssl genpkey -algorithm ed25519` makes. The private one is read, used and let go
of: it is neither copied nor named in what is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from files import atomic, modes
from serving.registry.manifest import manifest
from serving.registry.version_folder import MANIFEST, SIGNATURE, number_of


class UnusableKey(ValueError):
    """A key file that cannot be used; the message says what was expected. No key is in it."""


def sign(version_dir: Path, private_key: Path) -> None:
    """Sign the manifest of a version with the key in a file; an older signature is replaced.

    Raises:
        UnusableKey: the file holds no unencrypted Ed25519 private key.
        OSError: a file cannot be read or written.
    """
    signed = _key(private_key, private=True).sign((version_dir / MANIFEST).read_bytes())
    with atomic.replacing(version_dir / SIGNATURE) as draft:
        draft.write_bytes(_line(signed))
        modes.open_as(version_dir, draft)


def problem(version_dir: Path, public_key: Path) -> str:
    """Say why a version is not one that the holder of the private key signed; empty if it is.

    The files are not compared with the manifest here: see `manifest.verify`.

    Raises:
        UnusableKey: the file holds no Ed25519 public key.
        OSError: a file cannot be read.
        manifest.BrokenManifest: the manifest cannot be read.
    """
    key = _key(public_key, private=False)
    from cryptography.exceptions import InvalidSignature

    if missing := [name for name in (MANIFEST, SIGNATURE) if not (version_dir / name).exists()]:
        return f"no {missing[0]}: it was never signed"
    try:
        written = (version_dir / SIGNATURE).read_bytes()
        signature = bytes.fromhex(written.decode("ascii", errors="replace"))
        key.verify(signature, (version_dir / MANIFEST).read_bytes())
        is_as_written = written == _line(signature)
    except (InvalidSignature, ValueError):
        is_as_written = False
    if not is_as_written:
        return f"{SIGNATURE} is not the signature of {MANIFEST} by this key"
    signed = manifest(version_dir).get("version")
    # An old version, signed and good in its time, must not come back as a new one.
    return (
        "" if signed == number_of(version_dir.name) else f"the signed {MANIFEST} is that of version {signed}"
    )


def _line(signature: bytes) -> bytes:
    return signature.hex().encode() + b"\n"


def _key(path: Path, *, private: bool) -> Any:
    kind = "private" if private else "public"
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise UnusableKey("signatures need the package cryptography: pip install cryptography") from error
    pem = path.read_bytes()
    try:
        key: Any
        if private:
            key = serialization.load_pem_private_key(pem, password=None)
        else:
            key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError):  # encrypted, too; their messages are left out, as they may quote the file
        key = None
    if not isinstance(key, ed25519.Ed25519PrivateKey if private else ed25519.Ed25519PublicKey):
        raise UnusableKey(
            f"{path}: not an unencrypted Ed25519 {kind} key in PEM form; `openssl genpkey -algorithm ed25519 -out "
            "KEY` makes a private one, `openssl pkey -in KEY -pubout` gives its public one"
        ) from None
    return key
