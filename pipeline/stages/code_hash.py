"""A hash of the code behind a component, so that the cache follows the code.

TFX hashes a module file's content, but code given by import path not at all: an edited `run_fn` would be answered
from the cache.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


@cache
def code_hash(*packages: str) -> str:
    """Of all Python files of `packages`, each a folder or a file below the project's root.

    Raises:
        FileNotFoundError: no such file, or no code below a folder, since then nothing would be followed.
    """
    # Another TensorFlow or TFX makes other artifacts of the same code.
    libraries = " ".join(f"{name}=={version(name)}" for name in ("tensorflow", "tfx"))
    digest = hashlib.sha256(libraries.encode())
    for package in sorted(packages):
        path = _ROOT / package
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        if not files:
            raise FileNotFoundError(f"{path}: found no Python file; expected the code to hash")
        for file in files:
            digest.update(file.relative_to(_ROOT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
