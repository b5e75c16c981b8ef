"""The line, run again on a corpus that has grown: real TFX, real artifacts, one pipeline.

Tests of the class run in their order, each on what the one before has left.
"""

from __future__ import annotations

import itertools
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pipeline.runs.lineage import Lineage
from pipeline.runs.outcome import describe
from pipeline.settings import METADATA, Settings
from pipeline.stages.deployment import UNCACHED
from tests.pipeline.test_end_to_end import executed, run, write_corpus

WARM = ("trainer.warm_start=true", "evaluation.allowed_fall=1.0")
# Adam moves no weight by more than about the learning rate in a step.
HARDLY = ("trainer.epochs=1", "trainer.learning_rate=0.000001")
CLOSE = 1e-4


def extra(model: Any, name: str) -> Any:
    return json.loads(Path(model.uri, "Format-Serving/assets.extra", name).read_text())


def learned(model: Any) -> tuple[dict[str, np.ndarray], dict[tuple[str, str], float]]:
    """Each word's vector and the score of each step between tags, read by the names in the file."""
    names = extra(model, "row_names.json")
    weights = tf.train.load_checkpoint(str(Path(model.uri, "Format-Serving/variables/variables")))

    def values(name: str) -> np.ndarray:
        place = names["variables"].index(name)
        return weights.get_tensor(f"model_variables/{place}/.ATTRIBUTES/VARIABLE_VALUE")

    vectors, scores, tags = values("encoder.word_embedding"), values("transitions"), names["tags"]
    return (
        dict(zip(names["words"], vectors[2:], strict=True)),
        {
            pair: scores[tags.index(pair[0]), tags.index(pair[1])]
            for pair in itertools.product(tags, repeat=2)
        },
    )


def models(chosen: Settings) -> list[int]:
    """Of all runs' Trainers, the oldest first."""
    lineage = Lineage(chosen.run_dir / METADATA)
    steps = (lineage.step(run_id, "Trainer") for run_id in lineage.run_ids())
    return [step.only("model").id for step in steps if step]


def grow(corpus: Path) -> None:
    """A person, a place and a type of entity that were not there; one sentence goes."""
    new = ["Zora\tB-PER\nvisits\tO\nVienna\tB-LOC\n.\tO\n\n", "Acme\tB-ORG\nhired\tO\nZora\tB-PER\n.\tO\n\n"]
    for name in ("train", "dev", "test"):
        file = corpus / f"{name}.conll"
        sentences = file.read_text().split("\n\n")
        file.write_text("\n\n".join(sentences[1:]) + "".join(new))


@pytest.mark.slow
class TestNightlyRetraining:
    @pytest.fixture(scope="class")
    def home(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        home = tmp_path_factory.mktemp("nightly")
        write_corpus(home / "corpus")
        return home

    def test_the_first_night_trains_from_scratch(self, home: Path) -> None:
        _, steps = run(home, *WARM)
        trainer = steps["Trainer"].only("model")
        assert extra(trainer, "warm_start.json")["reason"] == "there is no blessed model to start from yet"
        assert steps["ModelGate"].only("blessing").properties["blessed"] == 1

    def test_the_same_night_again_trains_nothing(self, home: Path) -> None:
        _, steps = run(home, *WARM)
        assert executed(steps) == set(UNCACHED)

    def test_a_grown_corpus_starts_from_the_last_blessed_model(
        self, home: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        grow(home / "corpus")
        with caplog.at_level(logging.INFO, "tagline.trainer"):
            chosen, steps = run(home, *WARM, *HARDLY)
        first, *_, second = models(chosen)
        assert second != first
        lineage = Lineage(chosen.run_dir / METADATA)
        base = lineage.step(lineage.run_ids()[-1], "BaseModel")
        assert base is not None
        assert base.only("model").id == first
        assert describe(base) == f"model {first}"

        model = steps["Trainer"].only("model")
        carried = extra(model, "warm_start.json")
        names = extra(model, "row_names.json")
        before = extra(base.only("model"), "row_names.json")
        for kind in ("words", "tags"):
            old, new = set(before[kind]), set(names[kind])
            assert carried["kinds"][kind] == {
                "carried": len(old & new), "new": len(new - old), "dropped": len(old - new)
            }, kind  # fmt: skip
        assert {"zora", "vienna", "acme"} <= set(names["words"]) - set(before["words"])
        assert carried["new_tags"] == ["S-ORG"]
        assert carried["not_carried"] == {}
        assert f"warm start from {base.only('model').uri}" in caplog.text
        old_words, old_steps = learned(base.only("model"))
        words, steps_between_tags = learned(model)
        for word in old_words.keys() & words.keys():
            np.testing.assert_allclose(words[word], old_words[word], atol=CLOSE, err_msg=word)
        for pair in old_steps.keys() & steps_between_tags.keys():
            assert steps_between_tags[pair] == pytest.approx(old_steps[pair], abs=CLOSE), pair
        assert {pair for pair in steps_between_tags if "S-ORG" in pair}.isdisjoint(old_steps)
        page = Path(steps["Report"].only("report").uri, "index.html").read_text()
        assert "Warm start" in page
        assert "S-ORG" in page

    def test_that_night_again_trains_nothing_either(self, home: Path) -> None:
        _, steps = run(home, *WARM, *HARDLY)
        assert executed(steps) == set(UNCACHED)
