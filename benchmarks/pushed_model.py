"""The model that is served and predicted with, unless the command line names another."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring.results import ROOT
from serving.registry.version_folder import versions_in


def newest() -> Path:
    """Find the folder of the version that `make run` pushed last.

    Raises:
        SystemExit: none has been pushed.
    """
    base = ROOT / "serving_models" / "sample"
    versions = versions_in(base, missing_ok=True)
    if not versions:
        raise SystemExit(f"{base}: no version found; `make run` pushes one, or pass one by --model")
    return versions[max(versions)]
