"""CorpusGate under a real runner."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfx.components import ExampleValidator, SchemaGen, StatisticsGen
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from components.corpus_gate.component import CorpusGate
from components.corpus_gate.verdict import CorpusGateVerdict
from components.corpus_gen.component import CorpusGen
from tests.components.corpus_gate.artifacts import corpus


def line(data: Path, root: Path) -> pipeline.Pipeline:
    generated = CorpusGen(data)
    statistics = StatisticsGen(examples=generated.outputs["examples"])
    schema = SchemaGen(statistics=statistics.outputs["statistics"], infer_feature_shape=False)
    validated = ExampleValidator(statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"])
    judged = CorpusGate(
        examples=generated.outputs["examples"],
        input_base=data,
        statistics=statistics.outputs["statistics"],
        anomalies=validated.outputs["anomalies"],
    )
    return pipeline.Pipeline(
        "line",
        str(root),
        components=[generated, statistics, schema, validated, judged],
        enable_cache=True,
        metadata_connection_config=metadata.sqlite_metadata_connection_config(str(root / "metadata.db")),
    )


def executions(root: Path) -> list[tuple[str, str]]:
    """(component, state) of every execution, in order."""
    config = metadata.sqlite_metadata_connection_config(str(root / "metadata.db"))
    with metadata.Metadata(config) as handle:
        types = {kind.id: kind.name.rsplit(".", 1)[-1] for kind in handle.store.get_execution_types()}
        found = sorted(handle.store.get_executions(), key=lambda execution: execution.id)
        return [
            (types[execution.type_id], execution.State.Name(execution.last_known_state))
            for execution in found
        ]


# Four runs of half the line.
@pytest.mark.slow
def test_under_a_runner_it_is_cached_until_the_contents_change(tmp_path: Path) -> None:
    train = "".join(f"w{number}\tB-A\nx\tO\n\n" for number in range(30))
    data = corpus(tmp_path / "data", train, "new\tB-A\nx\tO\n", "other\tB-A\nx\tO\n")
    root = tmp_path / "root"
    root.mkdir()
    LocalDagRunner().run(line(data, root))
    verdicts = list(root.rglob("verdict.json"))
    assert len(verdicts) == 1
    verdict = CorpusGateVerdict.from_json(verdicts[0].read_bytes())
    # The unseen token of dev is no fault.
    assert verdict.passed, verdict.reasons
    assert {state for _, state in executions(root)} == {"COMPLETE"}

    LocalDagRunner().run(line(data, root))
    assert [state for _, state in executions(root)[5:]] == ["CACHED"] * 5

    (data / "dev.conll").write_text("new\tB-A\ny\tO\n")
    LocalDagRunner().run(line(data, root))
    # Every state again: what was read has changed.
    assert {state for _, state in executions(root)[10:]} == {"COMPLETE"}
    assert len(list(root.rglob("verdict.json"))) == 2

    (data / "dev.conll").write_text("new\tB-A\nleak\n")
    with pytest.raises(Exception, match=r"dev\.conll:2: 1 column"):
        LocalDagRunner().run(line(data, root))
