"""The page as a function of what is known about a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import yaml

from components.corpus_gate.verdict import Verdict
from components.corpus_gen.summary import CorpusSummary
from components.entity_metrics.metric import PRIMARY
from components.entity_metrics.results import OVERALL, Evaluation, spoken
from components.report.curve import curve

_TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True)
class Run:
    """What the page tells of.

    Attributes:
        corpus: CorpusGen's summary.
        corpus_verdict: CorpusGate's findings.
        history: the training's epochs.
        evaluation: scores on the test split.
        blessed: by the Evaluator.
        serving: ServingCheck's verdict.
        pushed_to: the pushed version's folder; empty if nothing was pushed.
        run_id: of the pipeline run.
        settings: all settings in effect, as YAML.
    """

    corpus: CorpusSummary
    corpus_verdict: Verdict
    history: dict[str, Any]
    evaluation: Evaluation
    blessed: bool
    serving: dict[str, Any]
    pushed_to: str
    run_id: str
    settings: str

    @property
    def refusals(self) -> list[str]:
        """Why the model was not pushed; empty if it was."""
        return [*(str(failure) for failure in self.evaluation.failures), *self.serving["reasons"]]

    @property
    def name(self) -> str:
        """The model's."""
        return str(yaml.safe_load(self.settings)["name"])

    def labels(self) -> list[dict[str, Any]]:
        """A row per entity label: precision, recall, F1, gold entities; most frequent first."""
        overall = self.evaluation.overall
        labels = [key.split("/", 1)[1] for key in overall if key.startswith("entities/")]
        rows = [
            {
                "label": label,
                "precision": overall[f"entity_precision_strict/{label}"],
                "recall": overall[f"entity_recall_strict/{label}"],
                "f1": overall[f"entity_f1_strict/{label}"],
                "entities": int(overall[f"entities/{label}"]),
            }
            for label in labels
        ]
        return sorted(rows, key=lambda row: (-row["entities"], row["label"]))

    def scores(self) -> list[dict[str, Any]]:
        """A row per overall metric, beside the baseline's."""
        overall, baseline = self.evaluation.overall, self.evaluation.baseline.get(OVERALL, {})
        return [
            {"name": spoken(key, overall), "value": value, "baseline": baseline.get(key)}
            for key, value in sorted(overall.items(), key=lambda item: not item[0].startswith("entity_f1"))
            if "/" not in key and key != PRIMARY
        ]

    def slices(self) -> list[dict[str, Any]]:
        """A row per slice with its primary metric."""
        return [
            {"name": name, "primary": metrics[PRIMARY]}
            for name, metrics in sorted(self.evaluation.metrics.items())
            if name
        ]


def render(run: Run) -> str:
    """The page as HTML; everything that came from data is escaped."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    epochs = run.history["epochs"]
    dev_metric = spoken(run.history["metric"], {})
    return template.render(
        run=run,
        loss_curve=curve([epoch["loss"] for epoch in epochs], "training loss (nats a sentence)"),
        score_curve=curve([epoch["dev_score"] for epoch in epochs], f"{dev_metric} on dev"),
    )
