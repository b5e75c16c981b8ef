"""Hashes of the code behind components, so that the cache follows the code.

TFX hashes the content of a module file, but code given by import path not at all: after an edit of `run_fn` the
Trainer would still be answered from the cache.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]

# The code that the outputs of each component depend on; a folder stands for all that is below it.
CODE = {
    "CorpusGen": ("files", "tagging", "corpus", "components/corpus_gen", "serving/batch/measures.py"),
    "CorpusGate": (
        "files", "tagging", "corpus", "components/corpus_gate", "components/corpus_gen/summary.py",
        "components/verdict.py",
    ),
    "Transform": ("trainer/features/preprocessing.py", "trainer/features/token_features.py"),
    "Tuner": ("components/tuner", "components/metrics/display_names.py", "components/metrics/names.py"),
    "Trainer": ("tagging", "trainer"),
    "Evaluator": ("tagging", "components/metrics"),
    "Predictor": ("files", "tagging", "components/predictor"),
    "CrfsuiteBaseline": (
        "files", "tagging", "components/crfsuite_baseline", "components/predictor", "components/corpus_gen/summary.py",
    ),
    "ServingCheck": (
        "files", "tagging", "serving", "components/serving_check", "components/predictor/sentences.py",
        "components/verdict.py",
    ),
    "ModelGate": (
        "files", "tagging", "components/model_gate", "components/scores", "components/metrics", "components/predictor",
        "components/crfsuite_baseline/options.py", "components/digests.py", "components/serving_check",
        "components/verdict.py",
    ),
    "Report": ("tagging", "components/report", "trainer/export/transitions.py"),
    "PushedResolver": (
        "files", "components/resolvers/pushed", "serving/registry/manifest.py", "serving/registry/version_folder.py",
    ),
}  # fmt: skip


def code_of(component: str) -> str:
    """The hash of a component's code, as `CODE` lists it."""
    return code_hash(*CODE[component])


@cache
def code_hash(*packages: str) -> str:
    """Hash all Python files of `packages`, each a folder or a file below the project's root, into 16 hex digits.

    Raises:
        FileNotFoundError: a file that does not exist, or a folder without code.
    """
    # Another TensorFlow or TFX may make other artifacts from the same code.
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
