"""Whole runs in a metadata store, of every ending."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.corpus_gen.summary import CorpusSummary, SplitCounts
from components.predictor import answer
from components.predictor.answer import Answer
from components.scores.analysis import OVERALL, Analysis, Estimate, Slice
from components.verdict import Rule, Verdict
from tests.pipeline.runs.metadata_store import Store

FAILED, RUNNING = mlmd.Execution.FAILED, mlmd.Execution.RUNNING


def summary(fingerprint: str) -> bytes:
    """CorpusGen's, of three small splits."""
    splits = {
        name: SplitCounts(sentences=3, tokens=9, entities={"PER": 2}) for name in ("train", "dev", "test")
    }
    return CorpusSummary("BIO", "BIO", fingerprint, {"train.conll": 3}, splits).to_json()


def history(*scores: float) -> dict[str, Any]:
    """A training's, with these scores on dev."""
    epochs = [
        {
            "number": number, "loss": 9.0 - number, "dev_score": score, "learning_rate": 0.1, "seconds": 1.0,
            "tokens_per_second": 10.0,
        }
        for number, score in enumerate(scores, 1)
    ]  # fmt: skip
    return {"metric": "entity_f1_strict", "best": scores.index(max(scores)) + 1, "epochs": epochs}


def analysis(f1: float) -> str:
    """ModelGate's, with this score alone."""
    found = {"entity_f1_strict": Estimate(f1, f1 - 0.1, f1 + 0.1)}
    overall = Slice(name=OVERALL, sentences=3, tokens=9, entities=2, candidate=found)
    return Analysis(primary="entity_f1_strict", level=0.95, resamples=1000, slices=[overall]).to_json()


def trained(store: Store, run_id: str, *, fingerprint: str = "a" * 64, dev: float = 0.5) -> int:
    """A run up to its Trainer; its context's id."""
    run = store.run(run_id)
    store.step(
        run, "CorpusGen", "examples", files={"corpus.json": summary(fingerprint)},
        properties={"data_fingerprint": fingerprint},
    )  # fmt: skip
    store.step(
        run, "Trainer", "model",
        files={"Format-Serving/assets.extra/training_history.json": history(dev / 2, dev)},
    )  # fmt: skip
    return run


def gated(store: Store, run: int, *, f1: float, reasons: tuple[str, ...] = ()) -> None:
    """ModelGate's part of a run; refused for the reasons, if there are any."""
    rules = [Rule(name="floor", words=words, passed=False) for words in reasons]
    rules.append(Rule(name="no significant fall", words="it did not fall", passed=True))
    store.step(
        run, "ModelGate", "blessing", properties={"blessed": int(not reasons)},
        files={"verdict.json": Verdict.of("ModelGate", rules).to_json(), "analysis.json": analysis(f1)},
    )  # fmt: skip


def pushed(store: Store, run: int, settings: str = "name: tagger\n", **properties: str | int) -> None:
    """The pusher's part, and the page."""
    store.step(
        run, "AtomicPusher", "pushed_model", properties=properties or {"pushed": 0},
        parameters={"settings": settings},
    )  # fmt: skip
    store.step(
        run, "Report", "report", files={"index.html": "<!doctype html>"}, parameters={"settings": settings}
    )


def answers(store: Store, run: int, given: list[Answer]) -> None:
    """Predictor's part."""
    folder = store.step(run, "Predictor", "predictions", files={"empty": ""})
    answer.write(folder / answer.CANDIDATE, given)


def versions_folder(models: Path, *, version: int, metrics: dict[str, float]) -> Path:
    """A pushed version's folder with no more than a manifest."""
    folder = models / "tagger" / str(version)
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"version": version, "metrics": metrics}))
    return folder


def every_ending(home: Path) -> None:
    """A pipeline `tagger` below `home` whose runs ended in every way; the run of January 1st is the oldest."""
    store = Store(home / "runs" / "tagger")

    run = trained(store, "2026-01-01T10:00:00.000001", dev=0.5)
    gated(store, run, f1=0.625)
    pushed(store, run, pushed=1, pushed_version=1, pushed_destination=str(home / "models/tagger/1"))

    run = trained(store, "2026-01-02T10:00:00.000001", fingerprint="b" * 64, dev=0.75)
    gated(store, run, f1=0.8125)
    pushed(store, run, pushed=1, pushed_version=2, pushed_destination=str(home / "models/tagger/2"))

    run = trained(store, "2026-01-02T10:00:00.000002", dev=0.75)
    gated(store, run, f1=0.8125)
    pushed(store, run, pushed=1, duplicate=1, pushed_version=2)

    run = trained(store, "2026-01-03T10:00:00.000001")
    gated(store, run, f1=0.25, reasons=("entity_f1_strict [x] is 0.25", "and more"))
    pushed(store, run)

    run = trained(store, "2026-01-04T10:00:00.000001")
    gated(store, run, f1=0.25, reasons=("too low",))
    pushed(store, run, pushed=1, pushed_version=3, forced="the boss said so")

    run = trained(store, "2026-01-05T10:00:00.000001")
    store.step(run, "ServingCheck", state=FAILED)

    run = store.run("2026-01-06T10:00:00.000001")
    store.step(run, "CorpusGen", state=RUNNING)

    run = trained(store, "2026-01-07T10:00:00.000001")
    store.step(run, "Evaluator", "evaluation")

    run = trained(store, "2026-01-08T10:00:00.000001")
    gated(store, run, f1=0.5)
    store.step(
        run, "ServingCheck", "blessing", properties={"blessed": 0},
        files={"verdict.json": {"blessed": False, "reasons": ["the server did not start: no port\nlog"]}},
    )  # fmt: skip
    pushed(store, run)
