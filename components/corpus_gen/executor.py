"""CorpusGen's executor: the files of a corpus into splits of `tf.Example`, by Beam.

Unlike TFX's own generators it does not shuffle at the end: training shuffles by itself, and so the same files give the
same bytes in one process. With several workers each split has the same examples, possibly in other shards.

If the scheme has to be recognized, train is read twice rather than kept between the two steps.
"""

import logging
import os
import re
from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils

from components.corpus_gen.graph import build, take_summary
from components.corpus_gen.settings import TF_EXAMPLE, data_in, options_in
from components.corpus_gen.source import lines_at
from components.corpus_gen.steps import METRICS
from components.corpus_gen.summary import (
    FILE_NAME,
    MEASURES,
    CorpusSummary,
    Event,
    PartialSummary,
    SplitCounts,
)
from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.reading.files import reader_for
from corpus.recognition.columns import require_columns
from corpus.recognition.reading import target_scheme
from corpus.splits.fingerprint import fingerprint
from corpus.splits.layout import Layout, find
from serving.batch.measures import Measures, measured
from tagging.notation import notation_of_scheme

_LOG = logging.getLogger("tagline.corpus_gen")
_ERROR_TEXT = re.compile(r"corpus\.errors\.CorpusError: (.+)")
_STEP = re.compile(r"( \[while running '[^']*'\])+$")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class CorpusGenExecutor(base_beam_executor.BaseBeamExecutor):
    """Reads, splits, converts and writes a corpus."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write the examples.

        Args:
            input_dict: not used.
            output_dict: `examples`, one `standard_artifacts.Examples`.
            exec_properties: `input_base`, `input_config` and `custom_config` as `CorpusGen` sets them.

        Raises:
            CorpusError: a file cannot be used; with file and line. The output folder is then left empty.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(output_dict[standard_component_specs.EXAMPLES_KEY])
        try:
            summary, measures = self._write(examples.uri, exec_properties)
        except BaseException as error:
            _empty(examples.uri)
            corpus_error = _corpus_error(error)
            if corpus_error is None or corpus_error is error:
                raise
            # Beam's own traceback does not help with the corpus.
            raise corpus_error from None
        _describe(examples, summary, measures)
        counts = ", ".join(
            f"{name} {split.sentences} sentences {split.tokens} tokens"
            for name, split in summary.splits.items()
        )
        _LOG.info(
            "corpus in %s read as %s: %s; %d tags repaired, %d annotations settled",
            data_in(exec_properties),
            summary.scheme,
            counts,
            sum(split.repairs for split in summary.splits.values()),
            sum(split.settled for split in summary.splits.values()),
        )

    def _write(self, uri: str, exec_properties: dict[str, Any]) -> tuple[CorpusSummary, Measures]:
        options = options_in(exec_properties)
        layout = find(data_in(exec_properties), options)
        require_columns(layout, options)
        with self._make_beam_pipeline() as pipeline:
            build(pipeline, layout, options, uri)
        partial = take_summary(uri)
        _refuse_gaps(layout, partial)
        # Without this component's driver TFX puts a fingerprint of its own here.
        resolved: str = exec_properties.get("input_fingerprint") or ""
        mark = resolved if _SHA256.fullmatch(resolved) else fingerprint(layout)
        summary = _summary(partial, layout, options, mark)
        io_utils.write_bytes_file(os.path.join(uri, FILE_NAME), summary.to_json())
        return summary, measured(pipeline.result, METRICS)


def _describe(examples: types.Artifact, summary: CorpusSummary, measures: Measures) -> None:
    examples.split_names = artifact_utils.encode_split_names(list(summary.splits))
    examples_utils.set_payload_format(examples, TF_EXAMPLE)
    examples_utils.set_file_format(examples, "tfrecords_gzip")
    examples.set_string_custom_property("scheme", summary.scheme)
    examples.set_string_custom_property("train_scheme", summary.train_scheme)
    examples.set_string_custom_property("data_fingerprint", summary.fingerprint)
    counts = summary.splits.values()
    examples.set_int_custom_property("sentences", sum(split.sentences for split in counts))
    examples.set_int_custom_property("repairs", sum(split.repairs for split in counts))
    examples.set_int_custom_property("settled", sum(split.settled for split in counts))
    # No times among them: the same corpus must give the same artifact, or the cache would miss.
    if measures.counters:
        examples.set_string_custom_property(MEASURES, measures.to_json())


def _refuse_gaps(layout: Layout, partial: PartialSummary) -> None:
    """Raise CorpusError for a file or a split without sentences."""
    for path, _ in layout.files():
        if not partial.files[str(path)]:
            raise CorpusError(
                "no sentence in the file",
                path=path,
                expected="tagged sentences",
                remedy="fill it, or remove it",
            )
    for name in layout.names():
        if not partial.of_split(name).sentences:
            raise CorpusError(
                f"no sentence in the split {name}",
                path=layout.root,
                expected="sentences in train, dev and test",
                remedy=f"add sentences, or a file named {name}",
            )


def _summary(
    partial: PartialSummary, layout: Layout, options: ReadOptions, data_fingerprint: str
) -> CorpusSummary:
    notation = notation_of_scheme(partial.scheme)
    splits = {}
    for name in layout.names():
        split = partial.of_split(name)
        splits[name] = SplitCounts(
            sentences=split.sentences,
            tokens=split.tokens,
            entities=dict(sorted(split.entities.items())),
            tags=dict(sorted(split.tags.items())),
            repairs=split.repairs.count,
            first_repairs=_located(split.repairs.first, options),
            settled=split.settled.count,
            first_settled=_located(split.settled.first, options),
        )
    return CorpusSummary(
        scheme=notation.alphabet,
        train_scheme=target_scheme(notation, options).name,
        fingerprint=data_fingerprint,
        files={os.path.relpath(path, layout.root): partial.files[str(path)] for path, _ in layout.files()},
        splits=splits,
        told=partial.told,
    )


def _located(events: list[Event], options: ReadOptions) -> list[str]:
    lines = {
        path: lines_at(
            path, reader_for(Path(path), options), [event.offset for event in events if event.path == path]
        )
        for path in {event.path for event in events}
    }
    return [f"{event.path}:{lines[event.path][event.offset] + event.line}: {event.what}" for event in events]


def _empty(uri: str) -> None:
    """Empty a folder of half-written examples and Beam's temporary files."""
    if fileio.exists(uri):
        for name in fileio.listdir(uri):
            path = os.path.join(uri, str(name))
            fileio.rmtree(path) if fileio.isdir(path) else fileio.remove(path)


def _corpus_error(error: BaseException) -> CorpusError | None:
    """The CorpusError that Beam wrapped: one of the causes, or part of a traceback in text."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, CorpusError):
            return cause
        texts = _ERROR_TEXT.findall(str(cause))
        if texts:
            return CorpusError.from_text(_STEP.sub("", texts[-1].rstrip()))
        cause = cause.__cause__ or cause.__context__
    return None
