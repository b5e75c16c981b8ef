"""Files of recorded answers to scores with intervals, by slice, and calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from components.metrics.names import primary_of
from components.predictor import answer
from components.predictor.answer import Answer
from components.scores.analysis import OVERALL, Analysis, Estimate
from components.scores.calibration import CalibrationTally
from components.scores.counts import CountTable, sentence_counts
from components.scores.options import ScoreOptions
from components.scores.slice_scores import CANDIDATE, SliceScorer, labels_of
from components.scores.slices import SliceMembers
from tagging.schemes import can_read
from tagging.tables import PLAIN, Scheme


class OtherSentences(ValueError):
    """Two models did not answer the same sentences."""


@dataclass(frozen=True)
class Measurement:
    """Attributes:
    analysis: scores and calibration.
    plain: whether the tags are plain.
    labels: of the gold entities; for plain tags the gold tags.
    values: by feature, the values that occur.
    above_crfsuite: the primary metric less CRFsuite's; None without CRFsuite.
    predicted_tags: the tags that the candidate predicted.
    predicted_entities: how many entities it predicted, read strictly; 0 for plain tags.
    """

    analysis: Analysis
    plain: bool
    labels: frozenset[str]
    values: dict[str, set[str]]
    above_crfsuite: Estimate | None
    predicted_tags: frozenset[str]
    predicted_entities: int


def measure(files: Mapping[str, str | Path], scheme: Scheme, options: ScoreOptions) -> Measurement:
    """Score the answers of a candidate, and of the models that it is compared with.

    Streams the answers; only integer counts are kept.

    Args:
        files: by the models' names in `slice_scores`; the candidate's is required.
        scheme: of the tags. Gold tags that it cannot read are plain.
        options: slices, level, resamples and kind of the intervals.

    Raises:
        OtherSentences: the files differ in their sentences or their order, or have none.
    """
    plain = scheme.is_plain or not all(
        can_read(recorded.gold, scheme) for recorded in answer.read(files[CANDIDATE])
    )
    scheme = PLAIN if plain else scheme
    tables = {model: CountTable() for model in files}
    members = SliceMembers(options.slice_by, options.length_buckets, entities=not plain)
    of_tokens, of_entities = CalibrationTally(), CalibrationTally()
    predicted_tags: set[str] = set()
    for answers in _answers_by_sentence(files):
        for model, recorded in answers.items():
            tables[model].add(sentence_counts(recorded, scheme))
        candidate = answers[CANDIDATE]
        members.add(candidate)
        predicted_tags.update(candidate.predicted)
        of_tokens.add_tokens(candidate)
        if not plain:
            of_entities.add_entities(candidate, scheme)
    if not len(tables[CANDIDATE]):
        raise OtherSentences(f"{files[CANDIDATE]}: found no sentence; expected the test split's answers")
    scorer = SliceScorer(tables, options, plain=plain)
    overall, above_crfsuite = scorer.slice(OVERALL, range(len(tables[CANDIDATE])))
    slices = [overall, *(scorer.slice(name, numbers)[0] for name, numbers in members.members.items())]
    return Measurement(
        analysis=Analysis(
            primary=primary_of(plain=plain),
            level=options.level,
            resamples=options.resamples,
            slices=slices,
            empty=members.empty,
            token_calibration=of_tokens.result(),
            entity_calibration=of_entities.result(),
        ),
        plain=plain,
        labels=frozenset(labels_of("gold/", tables[CANDIDATE].columns)),
        values=members.values,
        above_crfsuite=above_crfsuite,
        predicted_tags=frozenset(predicted_tags),
        predicted_entities=0 if plain else _predicted_entities(tables[CANDIDATE]),
    )


def _predicted_entities(table: CountTable) -> int:
    columns = [f"predicted/{label}" for label in labels_of("predicted/", table.columns)]
    return int(table.matrix(columns).sum())


def _answers_by_sentence(files: Mapping[str, str | Path]) -> Iterator[dict[str, Answer]]:
    """Yield the answers of all models to each sentence."""
    readers = {model: answer.read(path) for model, path in files.items()}
    for number, candidate in enumerate(readers[CANDIDATE], start=1):
        answers = {model: next(reader, None) for model, reader in readers.items() if model != CANDIDATE}
        for model, recorded in answers.items():
            if recorded is None or (recorded.tokens, recorded.gold) != (candidate.tokens, candidate.gold):
                raise OtherSentences(
                    f"{files[model]}: sentence {number} is not that of {files[CANDIDATE]}; expected answers to "
                    "the same sentences in the same order: run the pipeline without its cache"
                )
        yield {CANDIDATE: candidate} | {model: recorded for model, recorded in answers.items() if recorded}
    for model, reader in readers.items():
        if next(reader, None) is not None:
            raise OtherSentences(f"{files[model]}: found more sentences than in {files[CANDIDATE]}")
