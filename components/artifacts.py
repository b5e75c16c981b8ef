"""Artifact types of Tagline's own components."""

from tfx.types.artifact import Artifact


class CorpusVerdict(Artifact):
    """What CorpusGate decided, in `verdict.json`."""

    TYPE_NAME = "CorpusVerdict"


class ServingVerdict(Artifact):
    """What ServingCheck decided about a candidate model."""

    TYPE_NAME = "ServingVerdict"


class RunReport(Artifact):
    """The page about a run."""

    TYPE_NAME = "RunReport"
