"""The Trainer's cache key, which checkpoints of interrupted trainings share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pipeline.factory import create_pipeline
from pipeline.settings import load


def _trainer_config(path: Path, tmp_path: Path) -> str:
    settings = load(assignments=[f"trainer.vectors={path}", f"pipeline.root={tmp_path}/runs"])
    (trainer,) = [node for node in create_pipeline(settings).components if node.id == "Trainer"]
    properties: dict[str, Any] = trainer.exec_properties
    return str(properties["custom_config"])


def test_the_key_follows_the_content_of_the_vectors_not_their_date(
    tmp_path: Path,
) -> None:
    path = tmp_path / "v.txt"
    missing = _trainer_config(path, tmp_path)
    path.write_text("the 0.5 0.25\n", encoding="utf-8")
    first = _trainer_config(path, tmp_path)
    path.write_text("the 0.5 0.75\n", encoding="utf-8")  # as many bytes
    second = _trainer_config(path, tmp_path)
    path.write_text("the 0.5 0.25\n", encoding="utf-8")
    os.utime(path, (1, 1))
    assert len({missing, first, second}) == 3
    assert _trainer_config(path, tmp_path) == first
