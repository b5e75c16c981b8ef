"""Other ways to tag a file: `python -m benchmarks.rivals.predict_rivals server|tfx_bsl MODEL FILE NAME`.

`server` streams the file through a server in a process of its own, whose CPU time counts too. `tfx_bsl` is
the RunInference on which TFX's BulkInferrer is built, with its own batch sizes; its answers are cut to their
lengths and written as lines of JSON.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.options import ReadOptions
from corpus.reading.sentences import sentences
from serving.client.formats import to_jsonl
from serving.client.protocol.requests import example_bytes


def main(way: str, model: Path, source: Path, name: str) -> None:
    """Tag the file and write the answers to a temporary file."""
    with tempfile.TemporaryDirectory() as home:
        WAYS[way](model, source, name, Path(home))


def by_server(model: Path, source: Path, name: str, home: Path) -> None:
    """Tag the file by the client's stream."""
    from serving.client import Tagger
    from serving.server.process import start_server_process

    base = home / name
    base.mkdir()
    shutil.copytree(model, base / "1")
    flags = ["--enable_batching", "--enable_model_warmup=false"]
    with (
        start_server_process(base, name, home / "server.log", extra_flags=flags) as server,
        Tagger(server.target, name, timeout=120.0) as tagger,
        (home / "out.jsonl").open("w", encoding="utf-8") as file,
    ):
        for sentence in tagger.stream_tokens(_tokens(source)):
            file.write(to_jsonl(sentence) + "\n")


def by_tfx_bsl(model: Path, source: Path, name: str, home: Path) -> None:
    """Tag the file by tfx_bsl's RunInference with the signature `decode`, on Beam's DirectRunner."""
    import apache_beam as beam
    import tensorflow as tf
    from apache_beam.options.pipeline_options import PipelineOptions
    from tfx_bsl.public.beam import RunInference
    from tfx_bsl.public.proto import model_spec_pb2

    spec = model_spec_pb2.InferenceSpecType()
    spec.saved_model_spec.model_path = str(model)
    spec.saved_model_spec.signature_name.append("decode")

    def line(log: Any) -> str:
        answer = {key: tf.make_ndarray(value)[0] for key, value in log.predict_log.response.outputs.items()}
        length = int(answer["lengths"])
        tags = [tag.decode() for tag in answer["tags"][:length]]
        confidence = [round(float(value), 6) for value in answer["confidence"][:length]]
        return json.dumps({"tags": tags, "confidence": confidence, "score": round(float(answer["score"]), 6)})

    with beam.Pipeline(options=PipelineOptions([])) as pipeline:
        _ = (
            pipeline
            | beam.Create([str(source)])
            | beam.FlatMap(lambda path: map(example_bytes, _tokens(Path(path)))).with_output_types(bytes)
            | RunInference(spec)
            | beam.Map(line)
            | beam.io.WriteToText(str(home / "out"))
        )


def _tokens(source: Path) -> Iterator[list[str]]:
    return (list(sentence.tokens) for _, sentence in sentences(source, ReadOptions()))


WAYS = {"server": by_server, "tfx_bsl": by_tfx_bsl}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
