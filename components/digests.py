"""What a step made, as a SHA-256 that its artifact records, held against the bytes wherever they are read.

The digest is in the artifact's properties. Beside the artifact's folder lie the sums of its files, from which the
digest is made: they name the file that differs, and decide nothing.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx import types
from tfx.utils import path_utils

from files import atomic
from files.sums import digest_of, lines_of, sums_below

# Custom property of an artifact: the digest of its folder. Missing in one from before digests were recorded, and in one
# that is not on a disk of the step's.
PROPERTY = "sha256"


class Changed(RuntimeError):
    """An artifact is not what its step made.

    Attributes:
        difference: the artifact's folder and the first file that differs.
    """

    def __init__(self, difference: str) -> None:
        super().__init__(f"{difference}; run again, and the step that made it is done anew")
        self.difference = difference


def record(artifact: mlmd.Artifact) -> None:
    """Set an artifact's digest, as the last act of the step that made it.

    Raises:
        OSError: the sums cannot be written beside the artifact.
    """
    if digest := digest_on_disk(artifact.uri):
        artifact.custom_properties[PROPERTY].string_value = digest


def digest_on_disk(uri: str) -> str:
    """Compute the digest of a folder, and write the sums beside it; empty for one in a bucket or without files.

    Raises:
        OSError: the sums cannot be written.
    """
    sums = {} if "://" in uri else sums_below(Path(uri))
    if not sums:
        return ""
    atomic.write(_sums_file(uri), lines_of(sums))
    return digest_of(sums)


def require_intact(uri: str, recorded: str) -> dict[str, str]:
    """Require that a folder is what the digest was made of.

    One without a digest, or in a bucket that is not mounted, is taken as it is.

    Returns:
        The sums of its files as they were found, by relative path; empty if it was taken as it is.

    Raises:
        Changed: a file differs, is missing, or was added.
    """
    if not recorded or "://" in uri:
        return {}
    found = sums_below(Path(uri))
    if digest_of(found) == recorded:
        return found
    difference = _difference(_sums_file(uri), recorded, found)
    raise Changed(f"{uri}: {difference} since the step that made it ended")


def require_artifact(artifact: types.Artifact) -> dict[str, str]:
    """`require_intact` of an artifact."""
    return require_intact(artifact.uri, artifact.get_string_custom_property(PROPERTY))


def served_digest(model: types.Artifact) -> str:
    """The digest of the part of a model that servers get, of the very bytes that were held against the record.

    Raises:
        Changed: the model is not what the Trainer made.
    """
    sums = require_artifact(model) or sums_below(Path(model.uri))
    served = Path(path_utils.serving_model_path(model.uri)).relative_to(model.uri).as_posix()
    return digest_of(
        {
            name.removeprefix(f"{served}/"): sum_
            for name, sum_ in sums.items()
            if name.startswith(f"{served}/")
        }
    )


def _sums_file(uri: str) -> Path:
    return Path(f"{uri.rstrip('/')}.sha256")


def _difference(sums_file: Path, recorded: str, found: dict[str, str]) -> str:
    """Name the first file that differs."""
    lines = sums_file.read_bytes() if sums_file.exists() else b""
    if hashlib.sha256(lines).hexdigest() != recorded:
        return f"its files have changed (which of them, {sums_file} cannot tell)"
    made = {name: digest for digest, name in (line.split("  ", 1) for line in lines.decode().splitlines())}
    different = sorted(name for name in {*made, *found} if made.get(name) != found.get(name))
    first = different[0]
    kind = "is missing" if first not in found else "was added" if first not in made else "has changed"
    more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
    return f"{first} {kind}{more}"
