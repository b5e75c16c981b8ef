"""Small corpora in files, and running CorpusGen on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx.dsl.components.base import base_beam_executor
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from components.corpus_gen.component import CorpusGen
from components.corpus_gen.executor import CorpusGenExecutor
from components.corpus_gen.summary import CorpusSummary
from corpus.options import ReadOptions

TRAIN = "# domain = news\nAnn\tB-PER\nDoe\tI-PER\n\nin\tO\nRome\tB-LOC\n"


DEV = "Eve\tB-PER\nleft\tO\n"


TEST = "Kim\tB-PER\nsat\tO\n"


def corpus(root: Path, train: str = TRAIN, dev: str = DEV, test: str = TEST, **more: str) -> Path:
    root.mkdir(exist_ok=True)
    for name, text in {"train": train, "dev": dev, "test": test, **more}.items():
        (root / f"{name}.conll").write_text(text, encoding="utf-8", newline="")
    return root


def properties(data: Path, code_hash: str = "", **options: Any) -> dict[str, Any]:
    """Execution properties as the launcher hands them over: messages as JSON."""
    properties = CorpusGen(data, ReadOptions(**options), code_hash).spec.exec_properties
    return {
        name: value if isinstance(value, (str, int, type(None))) else proto_utils.proto_to_json(value)
        for name, value in properties.items()
    }


def generate(
    data: Path, out: Path, beam_args: tuple[str, ...] = (), **options: Any
) -> standard_artifacts.Examples:
    examples = standard_artifacts.Examples()
    examples.uri = str(out)
    out.mkdir(exist_ok=True)
    context = base_beam_executor.BaseBeamExecutor.Context(beam_pipeline_args=list(beam_args))
    CorpusGenExecutor(context).Do({}, {"examples": [examples]}, properties(data, **options))
    return examples


def read_back(examples: standard_artifacts.Examples, split: str) -> list[dict[str, list[Any]]]:
    files = sorted(tf.io.gfile.glob(f"{examples.uri}/Split-{split}/*.gz"))
    rows = []
    for record in tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        rows.append(
            {
                name: [value.decode() for value in feature.bytes_list.value] or list(feature.int64_list.value)
                for name, feature in features.items()
            }
        )
    return rows


def summary_of(examples: standard_artifacts.Examples) -> CorpusSummary:
    return CorpusSummary.from_json(Path(examples.uri, "corpus.json").read_bytes())
