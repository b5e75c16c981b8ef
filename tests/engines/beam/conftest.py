"""A corpus, and what DirectRunner makes of it, once for all engines; an engine once for a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tensorflow as tf

from benchmarks.engines.cluster import Engine
from benchmarks.scale import corpus as generated
from components.metrics.results import Evaluation
from pipeline.settings import Settings
from tests.engines.beam import data_path
from tests.engines.beam.engines import STARTS, started
from tests.serving import tiny_model

SENTENCES = 20_000


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    generated.write(folder, sentences=SENTENCES)
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What TFX calls a model's folder; the SavedModel is in `Format-Serving`."""
    folder = tmp_path_factory.mktemp("model")
    tagger = tiny_model.CapitalsTagger("PER")
    signatures = {"evaluate": tagger.decode, "decode": tagger.decode, "decode_tokens": tagger.decode_tokens}
    tf.saved_model.save(tagger, str(folder / "Format-Serving"), signatures=signatures)
    return folder


@pytest.fixture(scope="session")
def directly(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["pytest"])
        return data_path.prepared(corpus, tmp_path_factory.mktemp("direct"))


@pytest.fixture(scope="session")
def version(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model's SavedModel, as a version's folder."""
    folder = tmp_path_factory.mktemp("versions") / "1"
    folder.symlink_to(model / "Format-Serving")
    return folder


@pytest.fixture(scope="session")
def direct_scores(model: Path, directly: Settings, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    examples = data_path.made(directly, "CorpusGen", "examples")
    return data_path.evaluated(model, examples, tmp_path_factory.mktemp("scores"))


@pytest.fixture(scope="session")
def direct_answers(version: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return data_path.answers(version, corpus, tmp_path_factory.mktemp("answers") / "out")


@pytest.fixture(scope="module", params=STARTS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with started(request.param, tmp_path_factory.mktemp(request.param)) as there:
        yield there


@pytest.fixture(autouse=True)
def no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """An executor with Beam arguments reads this program's own by absl, to which pytest's `-v` is a number's name."""
    monkeypatch.setattr("sys.argv", ["pytest"])


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("few")
    generated.write(folder, sentences=1_000)
    return folder
