"""CorpusGate's executor: the checks of `corpus.checks.check` on the files, and TFDV's on their examples."""

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
from components.corpus_gate.drift_and_skew import Shift, drift, skew, statistics_in, statistics_path
from components.corpus_gate.verdict import CorpusGateVerdict
from components.corpus_gen.summary import FILE_NAME as SUMMARY_NAME
from components.corpus_gen.summary import CorpusSummary
from corpus.checks.check import check
from corpus.checks.report import Findings, Report
from corpus.options import CheckLimits, ReadOptions
from corpus.splits.fingerprint import fingerprint
from corpus.splits.layout import find

_LOG = logging.getLogger("tagline.corpus_gate")


class CorpusGateExecutor(base_executor.BaseExecutor):
    """Checks whether a corpus may be trained on."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write `verdict.json`, and stop the run if the corpus is refused.

        Args:
            input_dict: `examples` of CorpusGen; optional `statistics` and `anomalies` of them, and
                `blessed_statistics` of the latest blessed model's examples.
            output_dict: `verdict`, one `CorpusVerdict`.
            exec_properties: `input_base`, a path; `options` and `limits`, the JSON of `ReadOptions` and of
                `CheckLimits`.

        Raises:
            CorpusRefused: the corpus has errors; the text names them with file and line.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        data = exec_properties["input_base"]
        options = msgspec.json.decode(exec_properties["options"], type=ReadOptions)
        limits = msgspec.json.decode(exec_properties["limits"], type=CheckLimits)
        report = check(data, options, limits)
        findings = Findings(limits.findings_per_code, errors=limits.errors, ignore=limits.ignore)
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        if report.ok:
            _compare_examples(findings, report, examples, fingerprint(find(data, options)))
        for artifact in input_dict.get("statistics") or []:
            _compare_statistics(findings, report, artifact)
            statistics = statistics_in(artifact)
            _add_shifts(findings, report, skew(statistics, limits.skew or {}))
            for blessed in input_dict.get("blessed_statistics") or []:
                before = statistics_in(blessed)
                if not before:
                    findings.add("D407", "the files of the statistics are gone", path=blessed.uri)
                _add_shifts(findings, report, drift(statistics, before, limits.drift or {}))
        for artifact in input_dict.get("anomalies") or []:
            _add_anomalies(findings, artifact)
        verdict = CorpusGateVerdict.of(report.joined(findings))
        output = artifact_utils.get_single_instance(output_dict["verdict"])
        output.set_int_custom_property("passed", int(verdict.passed))
        output.set_int_custom_property("warnings", verdict.report.count_of("warning"))
        verdict.write(output.uri)
        if not verdict.passed:
            raise verdict.refusal()
        _LOG.info("corpus in %s passed with %s", data, _counted(verdict.report))


def _compare_examples(
    findings: Findings, report: Report, examples: types.Artifact, data_fingerprint: str
) -> None:
    """Add findings where the files have changed since CorpusGen read them, or have other sentences."""
    path = os.path.join(examples.uri, SUMMARY_NAME)
    if not fileio.exists(path):
        findings.add(
            "D404", f"no {SUMMARY_NAME} beside the examples; expected those of CorpusGen", path=examples.uri
        )
        return
    summary = CorpusSummary.from_json(io_utils.read_bytes_file(path))
    if summary.fingerprint != data_fingerprint:
        findings.add("D404", "the files have changed since the examples were written", path=path)
        return
    for name, split in report.splits.items():
        written = summary.splits[name].sentences if name in summary.splits else 0
        if written != split.sentences:
            findings.add(
                "D404", f"{name}: found {written} examples for {split.sentences} sentences", path=path
            )


def _compare_statistics(findings: Findings, report: Report, artifact: types.Artifact) -> None:
    """Add findings where examples got lost between CorpusGen and StatisticsGen."""
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


def _add_shifts(findings: Findings, report: Report, shifts: Iterable[Shift]) -> None:
    for shift in shifts:
        # As in `corpus.checks.check`, a finding about a whole split is placed at its first file.
        path = next(iter(report.files.get(shift.split, ())), "")
        findings.add(shift.code, shift.message, path=path, example=shift.example)


def _add_anomalies(findings: Findings, artifact: types.Artifact) -> None:
    for split in artifact_utils.decode_split_names(artifact.split_names):
        path = os.path.join(artifact.uri, f"Split-{split}", "SchemaDiff.pb")
        if not fileio.exists(path):
            findings.add("D401", f"{split}: no anomalies file; expected that of ExampleValidator", path=path)
            continue
        anomalies = anomalies_pb2.Anomalies.FromString(io_utils.read_bytes_file(path))
        for code, message in anomalies_of(split, anomalies):
            findings.add(code, message)


def _counted(report: Report) -> str:
    if not report.counts:
        return "no findings"
    return ", ".join(f"{count} {code}" for code, count in report.counts.items())
