"""Loads a version only if it is what was pushed: its files are those of its manifest, and signed where a key is given.

A version that fails is not loaded, and the last good one goes on serving.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from serving.registry import manifest, signature
from serving.registry.version_folder import MANIFEST, content_of
from serving.server.graph.servable import Servable
from serving.server.versions.model_versions import Loader
from serving.server.wire.errors import Code, ServingError

_LOG = logging.getLogger(__name__)


def verified(load: Loader, *, require_manifest: bool = False, public_key: Path | None = None) -> Loader:
    """Make a loader that checks a version before it loads it by `load`.

    Args:
      load: loads a version.
      require_manifest: refuse a version without a manifest, which is otherwise loaded with a warning.
      public_key: file of an Ed25519 public key; a version that is not signed by its private key is refused.
    """

    def load_verified(name: str, version: int, path: Path) -> Servable:
        content = content_of(path)
        check(path, require_manifest=require_manifest, public_key=public_key)
        servable = load(name, version, path)
        if content_of(path) != content:
            servable.close_when_unused()
            raise ServingError(Code.ABORTED, f"{path} was changed while it was loaded")
        return servable

    return load_verified


def check(path: Path, *, require_manifest: bool = False, public_key: Path | None = None) -> None:
    """Read every file of a version once and compare it with the manifest; log how long that took.

    Raises:
      ServingError: DATA_LOSS, a file differs; FAILED_PRECONDITION, a link leads out of the base path, or the
        manifest or the signature is missing; PERMISSION_DENIED, the signature is wrong; INVALID_ARGUMENT, the key
        cannot be used.
    """
    _require_no_way_out(path)
    began, read = time.monotonic(), 0

    def count(size: int) -> None:
        nonlocal read
        read += size

    verdict = manifest.verify(path, count)
    if not verdict.is_intact:
        raise ServingError(
            Code.DATA_LOSS, f"{path} is not what was pushed: {verdict.difference}; push the model again"
        )
    if public_key is not None:
        _require_signature(path, public_key)
    if verdict.files is None:
        if require_manifest:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"{path} has no {MANIFEST} to verify it by, which --require_manifest asks for: AtomicPusher writes one",
            )
        _LOG.warning("%s has no %s: it is loaded as it is, unverified", path, MANIFEST)
        return
    seconds = time.monotonic() - began
    signed = ", signed" if public_key else ""
    _LOG.info("Verified %s: %d files, %.1f MB, in %.2f s%s", path, verdict.files, read / 1e6, seconds, signed)


def _require_no_way_out(path: Path) -> None:
    base = path.parent.resolve()
    for link in (one for one in (path, *path.rglob("*")) if one.is_symlink()):
        if not link.resolve().is_relative_to(base):
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"{link} is a link to {link.resolve()}, out of the base path {base}: copy the files there",
            )


def _require_signature(path: Path, public_key: Path) -> None:
    try:
        problem = signature.problem(path, public_key)
    except (signature.UnusableKey, OSError) as error:
        raise ServingError(Code.INVALID_ARGUMENT, f"{path}: --public_key_file: {error}") from error
    if problem:
        raise ServingError(
            Code.PERMISSION_DENIED, f"{path}: {problem}; `tagline models sign` signs a version"
        )
