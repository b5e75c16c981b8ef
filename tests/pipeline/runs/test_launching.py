"""Two steps in TFX's local runner: what changes on the disk between them, or between two runs, is noticed.

No postponed annotations here: TFX reads those of components when it makes them.
"""

from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration import pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.types.standard_artifacts import Model, ModelRun

from components.digests import PROPERTY, Changed
from files.sums import digest_of, sums_below
from pipeline.runs.launching import artifacts_held
from pipeline.runs.lineage import Lineage, Step


@component
def Maker(model: OutputArtifact[Model]) -> None:
    Path(model.uri, "weights").write_text("right")


@component
def Spoiler(model: InputArtifact[Model], spoil: Parameter[str], done: OutputArtifact[ModelRun]) -> None:
    if spoil:
        Path(model.uri, "weights").write_text(spoil)


@component
def Reader(
    model: InputArtifact[Model], done: InputArtifact[ModelRun], read: OutputArtifact[ModelRun]
) -> None:
    Path(read.uri, "text").write_text(Path(model.uri, "weights").read_text())


def run(root: Path, spoil: str = "") -> dict[str, Step]:
    maker = Maker()
    spoiler = Spoiler(model=maker.outputs["model"], spoil=spoil)
    reader = Reader(model=maker.outputs["model"], done=spoiler.outputs["done"])
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(root / "metadata.db")
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    with artifacts_held():
        LocalDagRunner().run(
            pipeline.Pipeline(
                pipeline_name="two",
                pipeline_root=str(root / "artifacts"),
                components=[maker, spoiler, reader],
                enable_cache=True,
                metadata_connection_config=config,
            )
        )
    lineage = Lineage(root / "metadata.db")
    return lineage.steps(lineage.run_ids()[-1], ("Maker", "Spoiler", "Reader"))


def test_what_changed_between_two_runs_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = run(tmp_path)
    model = Path(first["Maker"].only("model").uri)
    assert first["Maker"].only("model").properties[PROPERTY] == digest_of(sums_below(model))
    assert all(step.cached for step in run(tmp_path).values())
    assert "done anew" not in caplog.text
    (model / "weights").write_text("wrong")
    third = run(tmp_path)
    assert not any(step.cached for step in third.values())
    assert Path(third["Reader"].only("read").uri, "text").read_text() == "right"
    (told,) = [record.message for record in caplog.records if record.name == "tagline.artifacts"]
    assert told == (
        f"done anew, not taken from the cache: {model}: weights has changed since the step that made it ended"
    )
    assert all(step.cached for step in run(tmp_path).values())


def test_what_changed_within_a_run_stops_the_step_that_reads_it(tmp_path: Path) -> None:
    with pytest.raises(Changed, match="weights has changed since the step that made it ended; run again"):
        run(tmp_path, spoil="wrong")
    lineage = Lineage(tmp_path / "metadata.db")
    reader = lineage.step(lineage.run_ids()[-1], "Reader")
    assert reader is not None
    assert reader.failed
    assert Path(run(tmp_path)["Reader"].only("read").uri, "text").read_text() == "right"
