"""From files of answers to scores with intervals, by slice, and calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from components.metrics.names import primary_of
from components.model_gate.measuring.analysis import OVERALL, Analysis, Estimate
from components.model_gate.measuring.calibration import CalibrationTally
from components.model_gate.measuring.counts import CountTable, sentence_counts
from components.model_gate.measuring.slice_scores import CANDIDATE, SliceScorer, labels_of
from components.model_gate.measuring.slices import SliceMembers
from components.model_gate.options import Evaluation
from components.predictor import answer
from components.predictor.answer import Answer
from tagging.schemes import can_read
from tagging.tables import PLAIN, Scheme


class OtherSentences(ValueError):
    """Two models did not answer the same sentences."""


@dataclass(frozen=True)
class Measured:
    """What the rules go by.

    Attributes:
        analysis: scores and calibration.
        plain: whether the tags are plain.
        labels: of the gold entities; for plain tags the gold tags.
        values: by feature, the values that occur.
        above_crfsuite: the primary metric less CRFsuite's; None without it.
    """

    analysis: Analysis
    plain: bool
    labels: frozenset[str]
    values: dict[str, set[str]]
    above_crfsuite: Estimate | None


def measure(files: Mapping[str, str | Path], scheme: Scheme, options: Evaluation) -> Measured:
    """Stream the answers; only integer counts are kept.

    Args:
        files: by the models' names in `slice_scores`; the candidate's, and those of others where there are some.
        scheme: of the tags. Gold tags that it cannot read are plain.
        options: slices, level, resamples and kind of the intervals.

    Raises:
        OtherSentences: the files do not hold the same sentences in the same order, or none.
    """
    plain = scheme.is_plain or not all(
        can_read(given.gold, scheme) for given in answer.read(files[CANDIDATE])
    )
    scheme = PLAIN if plain else scheme
    tables = {model: CountTable() for model in files}
    members = SliceMembers(options.slice_by, options.length_buckets, entities=not plain)
    of_tokens, of_entities = CalibrationTally(), CalibrationTally()
    for answers in _side_by_side(files):
        for model, given in answers.items():
            tables[model].add(sentence_counts(given, scheme))
        candidate = answers[CANDIDATE]
        members.add(candidate)
        of_tokens.add_tokens(candidate)
        if not plain:
            of_entities.add_entities(candidate, scheme)
    if not len(tables[CANDIDATE]):
        raise OtherSentences(f"{files[CANDIDATE]}: found no sentence; expected the test split's answers")
    scorer = SliceScorer(tables, options, plain=plain)
    overall, above_crfsuite = scorer.slice(OVERALL, range(len(tables[CANDIDATE])))
    slices = [overall, *(scorer.slice(name, numbers)[0] for name, numbers in members.members.items())]
    return Measured(
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
    )


def _side_by_side(files: Mapping[str, str | Path]) -> Iterator[dict[str, Answer]]:
    """Every model's answer to each sentence."""
    readers = {model: answer.read(path) for model, path in files.items()}
    for number, candidate in enumerate(readers[CANDIDATE], start=1):
        answers = {model: next(reader, None) for model, reader in readers.items() if model != CANDIDATE}
        for model, given in answers.items():
            if given is None or (given.tokens, given.gold) != (candidate.tokens, candidate.gold):
                raise OtherSentences(
                    f"{files[model]}: sentence {number} is not that of {files[CANDIDATE]}; expected answers to "
                    "the same sentences in the same order: run the pipeline without its cache"
                )
        yield {CANDIDATE: candidate} | {model: given for model, given in answers.items() if given}
    for model, reader in readers.items():
        if next(reader, None) is not None:
            raise OtherSentences(f"{files[model]}: found more sentences than in {files[CANDIDATE]}")
