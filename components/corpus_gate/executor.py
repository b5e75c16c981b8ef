"""CorpusGate's work: the checks of `corpus.checks.check` on the files, and TFDV's on the examples made of them."""

import logging
import os
from collections.abc import Iterable
from typing import Any

import msgspec
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.corpus_gate.anomalies import anomalies_of
from components.corpus_gate.comparison import Shift, drift, skew, statistics_in, statistics_path
from components.corpus_gate.verdict import FILE_NAME, Verdict
from components.corpus_gen.summary import FILE_NAME as SUMMARY_NAME
from components.corpus_gen.summary import CorpusSummary
from corpus.checks.check import check
from corpus.checks.report import Findings, Report
from corpus.options import CheckLimits, ReadOptions
from corpus.splits.fingerprint import fingerprint
from corpus.splits.layout import find

_LOG = logging.getLogger("tagline.corpus_gate")


class CorpusGateExecutor(base_executor.BaseExecutor):
    """Decides whether a corpus may be trained on."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes `verdict.json`, or stops the run.

        Args:
            input_dict: `examples` of CorpusGen; where given `statistics` and `anomalies` of them, and
                `blessed_statistics`, those of the latest blessed model's examples.
            output_dict: `verdict`, one `CorpusVerdict`.
            exec_properties: `input_base`, a path; `options` and `limits`, the JSON of `ReadOptions` and of
                `CheckLimits`.

        Raises:
            CorpusRefused: there are errors; its text is the reasons with file and line.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        data = exec_properties["input_base"]
        options = msgspec.json.decode(exec_properties["options"], type=ReadOptions)
        limits = msgspec.json.decode(exec_properties["limits"], type=CheckLimits)
        report = check(data, options, limits)
        more = Findings(limits.findings_per_code, errors=limits.errors, ignore=limits.ignore)
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        if report.ok:
            _compare(more, report, examples, fingerprint(find(data, options)))
        for artifact in input_dict.get("statistics") or []:
            _compare_statistics(more, report, artifact)
            _tell(more, report, skew(statistics_in(artifact), limits.skew or {}))
            for blessed in input_dict.get("blessed_statistics") or []:
                before = statistics_in(blessed)
                if not before:
                    more.add("D407", "the files of the metadata are gone", path=blessed.uri)
                _tell(more, report, drift(statistics_in(artifact), before, limits.drift or {}))
        for artifact in input_dict.get("anomalies") or []:
            _take_anomalies(more, artifact)
        verdict = Verdict.of(report.joined(more))
        output = artifact_utils.get_single_instance(output_dict["verdict"])
        output.set_int_custom_property("passed", int(verdict.passed))
        output.set_int_custom_property("warnings", verdict.report.count_of("warning"))
        io_utils.write_bytes_file(os.path.join(output.uri, FILE_NAME), verdict.to_json())
        if not verdict.passed:
            raise verdict.refusal()
        _LOG.info("corpus in %s passed with %s", data, _counted(verdict.report))


def _compare(findings: Findings, report: Report, examples: types.Artifact, data_fingerprint: str) -> None:
    """Files that changed while the pipeline ran: what was checked is then not what was read."""
    path = os.path.join(examples.uri, SUMMARY_NAME)
    if not fileio.exists(path):
        findings.add(
            "D404", f"no {SUMMARY_NAME} beside the examples; expected those of CorpusGen", path=examples.uri
        )
        return
    summary = CorpusSummary.from_json(io_utils.read_bytes_file(path))
    if summary.fingerprint != data_fingerprint:
        findings.add("D404", "the files have changed since the examples were made of them", path=path)
        return
    for name, split in report.splits.items():
        written = summary.splits[name].sentences if name in summary.splits else 0
        if written != split.sentences:
            findings.add(
                "D404", f"{name}: {written} examples were made of {split.sentences} sentences", path=path
            )


def _compare_statistics(findings: Findings, report: Report, artifact: types.Artifact) -> None:
    """Examples that got lost between CorpusGen and StatisticsGen."""
    for split, statistics in statistics_in(artifact).items():
        if split not in report.splits:
            continue
        path = statistics_path(artifact, split)
        counted = sum(dataset.num_examples for dataset in statistics.datasets)
        expected = report.splits[split].sentences
        if counted != expected and report.ok:
            findings.add(
                "D404", f"{split}: statistics of {counted} examples for {expected} sentences", path=path
            )


def _tell(findings: Findings, report: Report, shifts: Iterable[Shift]) -> None:
    for shift in shifts:
        # As what `corpus.checks.check` says of a whole split, it stands at the split's first file.
        path = next(iter(report.files.get(shift.split, ())), "")
        findings.add(shift.code, shift.message, path=path, example=shift.example)


def _take_anomalies(findings: Findings, artifact: types.Artifact) -> None:
    for split in artifact_utils.decode_split_names(artifact.split_names):
        path = os.path.join(artifact.uri, f"Split-{split}", "SchemaDiff.pb")
        if not fileio.exists(path):
            findings.add("D401", f"{split}: no anomalies file; expected that of ExampleValidator", path=path)
            continue
        found = anomalies_pb2.Anomalies.FromString(io_utils.read_bytes_file(path))
        for code, message in anomalies_of(split, found):
            findings.add(code, message)


def _counted(report: Report) -> str:
    if not report.counts:
        return "no findings"
    return ", ".join(f"{count} {code}" for code, count in report.counts.items())
