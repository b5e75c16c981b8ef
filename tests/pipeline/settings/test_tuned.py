from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from pipeline.settings import Settings, load, tuned

VALUES = {"learning_rate": 0.00213, "batch_size": 8, "crf.constrained": False}


def test_the_file_loads_as_settings_and_begins_with_comments(tmp_path: Path) -> None:
    before = load(
        assignments=[
            "name=mine", "data=größer/ein Pfad", "tuning.enabled=true", "tuning.space.lstm_units=null",
            "trainer.seeds=3", "evaluation.floor=0.25",
        ]
    )  # fmt: skip
    path = tmp_path / "new" / "tuned.yaml"
    tuned.write(path, tuned.tuned(before, VALUES, epochs=5), about="first line\nsecond line")
    after = load(config=path)
    assert path.read_text(encoding="utf-8").startswith("# first line\n# second line\n")
    found = (
        after.trainer.learning_rate,
        after.trainer.batch_size,
        after.trainer.crf.constrained,
        after.trainer.epochs,
    )
    assert found == (0.00213, 8, False, 5)
    assert not after.tuning.enabled, "a run with it would search again"
    changed = {"trainer": before.trainer, "tuning": before.tuning}
    assert msgspec.structs.replace(after, **changed) == before
    assert (after.trainer.seeds, after.trainer.lstm_units) == (3, before.trainer.lstm_units)
    assert after.tuning.space == before.tuning.space
    assert [file.name for file in path.parent.iterdir()] == ["tuned.yaml"]


def test_a_second_search_writes_over_the_first(tmp_path: Path) -> None:
    path = tmp_path / "tuned.yaml"
    for epochs in (3, 4):
        tuned.write(path, tuned.tuned(Settings(), {}, epochs=epochs), about="x")
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["trainer"]["epochs"] == 4
