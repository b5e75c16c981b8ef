"""The file of vectors in what the Trainer's cache and checkpoints go by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pipeline.factory import create_pipeline
from pipeline.settings import load


def _training(path: Path, tmp_path: Path) -> str:
    settings = load(assignments=[f"trainer.vectors={path}", f"pipeline.root={tmp_path}/runs"])
    (trainer,) = [node for node in create_pipeline(settings).components if node.id == "Trainer"]
    properties: dict[str, Any] = trainer.exec_properties
    return str(properties["custom_config"])


def test_the_training_is_another_one_if_the_file_changes_and_the_same_if_it_is_copied_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "v.txt"
    missing = _training(path, tmp_path)
    path.write_text("the 0.5 0.25\n", encoding="utf-8")
    first = _training(path, tmp_path)
    path.write_text("the 0.5 0.75\n", encoding="utf-8")  # as many bytes
    second = _training(path, tmp_path)
    path.write_text("the 0.5 0.25\n", encoding="utf-8")
    os.utime(path, (1, 1))
    assert len({missing, first, second}) == 3
    assert _training(path, tmp_path) == first
