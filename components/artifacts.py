"""Artifact types of Tagline's own components.

Pipeline specs take a type of one's own only under a name with a prefix.
"""

from tfx.types.artifact import Artifact


class CorpusVerdict(Artifact):
    """What CorpusGate decided, in `verdict.json`."""

    TYPE_NAME = "tagline.CorpusVerdict"


class RunReport(Artifact):
    """The page about a run."""

    TYPE_NAME = "tagline.RunReport"


class Predictions(Artifact):
    """What models answer on the test split; see `components.predictor.answer`."""

    TYPE_NAME = "tagline.Predictions"
