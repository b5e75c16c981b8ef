"""Artifact types of Tagline's own components.

Pipeline specs accept a custom type only under a name with a prefix.
"""

from tfx.types.artifact import Artifact


class CorpusVerdict(Artifact):
    """CorpusGate's decision, in `verdict.json`."""

    TYPE_NAME = "tagline.CorpusVerdict"


class RunReport(Artifact):
    """The page about a run."""

    TYPE_NAME = "tagline.RunReport"


class Predictions(Artifact):
    """The answers of models to the test split; see `components.predictor.answer`."""

    TYPE_NAME = "tagline.Predictions"
