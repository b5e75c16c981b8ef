"""An artifact that changed after its step ended is noticed, and the file named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tfx.types import standard_artifacts

from components import digests
from files.sums import digest_of, sums_below


@pytest.fixture
def model(tmp_path: Path) -> Any:
    made = standard_artifacts.Model()
    made.uri = str(tmp_path / "model" / "7")
    for name, text in (("Format-Serving/saved_model.pb", "graph"), ("Format-Serving/variables/v", "weights")):
        (Path(made.uri) / name).parent.mkdir(parents=True, exist_ok=True)
        (Path(made.uri) / name).write_text(text)
    (Path(made.uri) / "other").write_text("not served")
    digests.record(made.mlmd_artifact)
    return made


def test_what_was_made_is_intact(model: Any) -> None:
    assert digests.require_artifact(model) == sums_below(Path(model.uri))
    assert digests.served_digest(model) == digest_of(sums_below(Path(model.uri, "Format-Serving")))


def test_a_changed_file_is_named(model: Any) -> None:
    Path(model.uri, "Format-Serving/variables/v").write_text("Weights")
    with pytest.raises(
        digests.Changed,
        match="model/7: Format-Serving/variables/v has changed since the step that made it ended; run again",
    ):
        digests.require_artifact(model)
    with pytest.raises(digests.Changed):
        digests.served_digest(model)


def test_missing_and_added_files_are_named(model: Any) -> None:
    Path(model.uri, "other").unlink()
    with pytest.raises(digests.Changed, match="7: other is missing since"):
        digests.require_artifact(model)
    Path(model.uri, "added").touch()
    with pytest.raises(digests.Changed, match=r"7: added was added \(and 1 more\) since"):
        digests.require_artifact(model)


def test_sums_that_were_changed_too_decide_nothing(model: Any) -> None:
    Path(model.uri, "other").write_text("forged")
    sums = Path(f"{model.uri}.sha256")
    digests.digest_on_disk(model.uri)
    with pytest.raises(
        digests.Changed, match=r"its files have changed \(which of them, .*7.sha256 cannot tell"
    ):
        digests.require_artifact(model)
    sums.unlink()
    with pytest.raises(digests.Changed, match="its files have changed"):
        digests.require_artifact(model)


def test_without_a_digest_or_in_a_bucket_an_artifact_is_taken_as_it_is(tmp_path: Path) -> None:
    made = standard_artifacts.Model()
    made.uri = str(tmp_path / "model")
    digests.record(made.mlmd_artifact)
    assert not made.has_custom_property(digests.PROPERTY), "it has no files"
    assert digests.require_artifact(made) == {}
    assert digests.digest_on_disk("gs://bucket/model") == ""
    assert digests.require_intact("gs://bucket/model", "0" * 64) == {}
