"""A check before a run that the test split has the labels, tags and slices that floors are set for."""

from __future__ import annotations

from components.metrics.names import ENTITY, LENGTH
from components.model_gate.floors import FloorWithoutData, require_data
from corpus.checks.report import Report
from corpus.options import ReadOptions
from corpus.reading.sentences import sentences
from corpus.splits.by_hash import split_of, text_key
from corpus.splits.layout import find
from pipeline.settings import Settings, SettingsError

# The only string feature that corpus files give a sentence.
_DOMAIN = "domain"


def require_floors(settings: Settings, report: Report) -> None:
    """Require data for every floor, which ModelGate would miss at the end of the run.

    Args:
        settings: with the floors, and how the corpus is read.
        report: of the checks of this corpus.

    Raises:
        SettingsError: a floor for a label, a tag or a slice that the test split does not have, or for a metric that
            such tags do not have.
    """
    floors = settings.evaluation.floor_targets
    plain = report.scheme.upper() == "PLAIN"
    test = report.splits["test"]
    # The files are read once more only for a floor of a domain.
    features = {floor.kind for floor in floors} - {"", LENGTH, ENTITY}
    values: dict[str, set[str]] = {feature: set() for feature in features}
    if _DOMAIN in features:
        values[_DOMAIN] = domains_of_test(settings.data, settings.corpus)
    try:
        require_data(
            floors,
            plain=plain,
            labels=test.tags if plain else test.entities,
            # Other features are left to the gate, which has the examples.
            values=None if features - {_DOMAIN} else values,
        )
    except FloorWithoutData as error:
        raise SettingsError(str(error)) from error


def domains_of_test(data: str, options: ReadOptions) -> set[str]:
    """Collect the domains of the test split's sentences.

    Raises:
        CorpusError: a line that cannot be read.
    """
    layout = find(data, options)
    domains = set()
    for path, split in layout.files():
        if split not in ("test", None):
            continue
        for _, sentence in sentences(path, options):
            if split is None:
                assert layout.shares is not None
                if split_of(text_key(sentence.tokens), layout.shares) != "test":
                    continue
            if sentence.domain is not None:
                domains.add(sentence.domain)
    return domains
