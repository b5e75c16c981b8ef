"""A batch run in this process, as the command line makes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from corpus.options import ReadOptions
from serving.batch.fill import fill
from serving.batch.job import Format, Job, Reading, sum_of_model
from serving.batch.measures import Measures
from serving.batch.output_folder import Manifest, OutputFolder
from serving.batch.plan import plan
from serving.batch.sources import input_files


def predict(
    model: Path,
    source: Path,
    output: Path,
    *,
    output_format: Format = "jsonl",
    shard_size: int = 5_000,
    workers: int = 1,
    options: ReadOptions | None = None,
    on_done: Callable[[int], None] = lambda _: None,
    beam_args: Sequence[str] = (),
    on_measures: Callable[[Measures], None] = lambda _: None,
) -> Manifest:
    """Tag `source` into the folder `output`; the manifest also has the parts of earlier runs."""
    read_options = options or ReadOptions()
    paths = input_files(source)
    root = source if source.is_dir() else source.parent
    planned = plan(paths, root, read_options, shard_size=shard_size)
    job = Job(
        model="tagger",
        version=int(model.name),
        model_sha256=sum_of_model(model),
        format=output_format,
        shard_size=shard_size,
        reading=Reading.of(read_options),
        files=planned.files,
    )
    folder = OutputFolder(output)
    with folder.hold(job) as finished:
        return finished or fill(
            folder,
            job,
            planned,
            model=model,
            options=read_options,
            workers=workers,
            beam_args=beam_args,
            on_done=on_done,
            on_measures=on_measures,
        )


def lines(manifest: Manifest, output: Path) -> list[dict[str, Any]]:
    """All sentences of a folder of JSON lines, in order."""
    return [
        json.loads(line)
        for part in manifest.parts
        for line in (output / part.name).read_text(encoding="utf-8").splitlines()
    ]
