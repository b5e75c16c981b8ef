"""Hand-made runs for the tests of the report: a few sentences whose errors can be counted by eye."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import msgspec

from components.corpus_gate.verdict import CorpusGateVerdict
from components.corpus_gen.summary import CorpusSummary, SplitCounts
from components.predictor.answer import Answer
from components.report.errors.error_analysis import analyse_errors
from components.report.run_page.run import Pushed, Run, RunArtifact
from components.report.run_page.timings import Timing
from components.scores.analysis import Analysis, Bin, Calibration, Estimate, Slice
from components.serving_check.verdict import ServingVerdict
from components.verdict import Rule, Verdict
from corpus.checks.report import Finding, Report, SplitStatistics
from tagging.schemes import BIO, PLAIN
from trainer.export.transitions import Transitions

HOSTILE = "<script>alert('1')</script>&\"]]></style>"


def answer(tokens: str, gold: str, predicted: str, *confidence: float, **features: str) -> Answer:
    """A sentence of words with a space between, as are its tags."""
    given = Answer(
        tokens=tuple(tokens.split()),
        gold=tuple(gold.split()),
        predicted=tuple(predicted.split()),
        confidence=confidence,
        score=0.5,
        features=features,
    )
    assert len(given.tokens) == len(given.gold) == len(given.predicted)
    assert len(confidence) in (0, len(given.tokens))
    return given


# Errors: 1 wrong type (Rome, 0.9), 1 missed (Bo, 0.95), 1 wrong boundary (Anna, 0.6), 1 spurious (June, 0.8),
# 1 wrong boundary and type (Bank of, 0.3). Right: 2 entities, 1 sentence of 5.
ANSWERS = [
    answer("Anna saw Rome", "B-PER O B-LOC", "B-PER O B-PER", 0.99, 0.9, 0.9, domain="news"),
    answer("we met Bo", "O O B-PER", "O O O", 0.9, 0.9, 0.95, domain="chat"),
    answer("Anna Keller in June", "B-PER I-PER O O", "B-PER O O B-LOC", 0.6, 0.7, 0.9, 0.8, domain="news"),
    answer("Oslo is calm", "B-LOC O O", "B-LOC O O", 0.97, 0.99, 0.99, domain="news"),
    answer(
        "the Bank of Utrecht", "O B-ORG I-ORG I-ORG", "O B-LOC I-LOC O", 0.9, 0.5, 0.3, 0.6, domain="chat"
    ),
]

CORPUS = CorpusSummary(
    scheme="BIO",
    train_scheme="BIO",
    fingerprint="0123456789abcdef" * 4,
    files={"train.conll": 7},
    splits={
        "train": SplitCounts(
            sentences=7,
            tokens=30,
            entities={"PER": 4, "LOC": 5},
            tags={"O": 21, "B-PER": 4, "B-LOC": 5},
            repairs=2,
        ),
        "test": SplitCounts(sentences=5, tokens=17, entities={"PER": 3, "LOC": 2, "ORG": 1}, tags={"O": 9}),
    },
)
FINDINGS = Report(
    scheme="BIO",
    splits={"train": SplitStatistics(longest=9), "test": SplitStatistics(longest=4, unseen_tokens=0.25)},
    findings=[
        Finding("D204", "warning", "label LOC has 5 examples", path="train.conll", line=3, remedy="add some"),
        Finding("D402", "warning", "a domain is new"),
    ],
    counts={"D204": 3, "D402": 1},
)


def part(name: str, f1: float, sentences: int, entities: int, *, others: bool = False) -> Slice:
    """A slice with every kind of metric, and where `others` a baseline and CRFsuite below it."""
    candidate = {
        "primary": Estimate(f1),
        "entity_f1_strict": Estimate(f1, f1 - 0.1, f1 + 0.05),
        "entity_precision_strict": Estimate(0.75),
        "entity_recall_strict": Estimate(0.5),
        "entity_f1_overlap": Estimate(0.875),
        "entity_f1_strict/PER": Estimate(0.6, 0.4, 0.7),
        "entity_precision_strict/PER": Estimate(0.75),
        "entity_recall_strict/PER": Estimate(0.5),
        "entities/PER": Estimate(3.0),
        "entity_f1_strict/creative-work": Estimate(1.0),
        "entity_precision_strict/creative-work": Estimate(1.0),
        "entity_recall_strict/creative-work": Estimate(1.0),
        "entities/creative-work": Estimate(9.0),
        "token_accuracy": Estimate(0.9),
    }
    below = {"baseline": 0.02, "crfsuite": 0.05} if others else {}
    return Slice(
        name=name,
        sentences=sentences,
        tokens=17,
        entities=entities,
        candidate=candidate,
        difference={"entity_f1_strict": Estimate(0.02, -0.01, 0.04)} if others else {},
        **{
            model: {key: Estimate(value.value - less) for key, value in candidate.items()}
            for model, less in below.items()
        },
    )


CALIBRATION = Calibration(0.0317, [Bin(0.5, 0.6, 3, 0.55, 0.5), Bin(0.9, 1.0, 1200, 0.97, 0.95)])
ANALYSIS = Analysis(
    primary="entity_f1_strict",
    level=0.95,
    resamples=1000,
    slices=[
        part("", 0.8125, 5, 6, others=True),
        part("domain=news", 0.5, 3, 4),
        part("length=1-10", 0.75, 4, 5),
        part("length=11-20", 0.25, 1, 1),
        Slice(
            name="entity=unseen", sentences=2, tokens=7, entities=2,
            candidate={"entity_recall_strict": Estimate(0.125, 0.0, 0.25)},
        ),
    ],
    empty=["length=21+"],
    token_calibration=CALIBRATION,
    entity_calibration=CALIBRATION,
)  # fmt: skip
FLOOR = Rule(
    name="floor",
    words="entity F1 (strict) is 0.8125 on the test split; required: at least 0.5",
    passed=True,
    metric="entity_f1_strict",
    value=0.8125,
    bound=0.5,
    low=0.7125,
    high=0.8625,
)
SKIPPED = Rule(
    name="calibration of tokens", words="no bound is set", passed=True, skipped="it is not set", value=0.03
)
FAILED = Rule(
    name="floor",
    words="entity F1 (strict) of PER is 0.6000 on domain=news; required: at least 0.7",
    passed=False,
    metric="entity_f1_strict/PER",
    slice="domain=news",
    value=0.6,
    bound=0.7,
)
SERVED = Rule(
    name="median latency", words="median 3.5 ms; allowed: at most 10 ms", passed=True, value=3.5, bound=10.0
)
TRANSITIONS = Transitions(
    tags=["O", "B-PER", "I-PER", "B-LOC", "I-LOC"],
    transitions=[
        [0.25, 0.5, -3.0, 0.125, -3.0],
        [0.0, -0.5, 2.0, 0.0, -9.0],
        [0.0, 0.0, 1.0, 0.0, -9.0],
        [0.0, 0.0, -9.0, 0.0, 1.5],
        [0.0, 0.0, -9.0, 0.0, -1.25],
    ],
    start=[0.0] * 5,
    end=[0.0] * 5,
    constrained=True,
)
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)

PUSHED = Run(
    run_id="2026-01-01T00:00:00",
    settings="name: tagger\ntrainer:\n  epochs: 2\n",
    corpus=CORPUS,
    corpus_verdict=CorpusGateVerdict.of(FINDINGS),
    lengths={"train": {3: 5, 9: 2}, "test": {3: 3, 4: 2}},
    history={
        "epochs": [
            {"loss": 9.5, "dev_score": 0.4, "learning_rate": 0.002},
            {"loss": 2.5, "dev_score": 0.8, "learning_rate": 0.001},
            {"loss": 2.0, "dev_score": 0.7, "learning_rate": 0.0},
        ],
        "best": 2,
        "metric": "entity_f1_strict",
    },
    transitions=TRANSITIONS,
    model_hash="fedcba9876543210" * 4,
    baseline_id=0,
    verdict=Verdict.of("ModelGate", [FLOOR, SKIPPED, SERVED]),
    analysis=ANALYSIS,
    errors=analyse_errors(ANSWERS, BIO),
    serving=ServingVerdict(
        blessed=True, reasons=[], answers=82, median_ms=3.5, p99_ms=7.25, seconds_to_ready=4.2, rules=[SERVED]
    ),
    pushed=Pushed(folder="/srv/models/tagger/3", version=3),
    timings=(
        Timing("CorpusGen", WHEN, 0.01, "cached", ("Examples 1",), original_seconds=12.5),
        Timing("Trainer", WHEN, 37.25, "done", ("Model 7",)),
        Timing("Report", WHEN, None, "running"),
    ),
    artifacts=(RunArtifact(name="model", type="Model", id=7, uri="/runs/Trainer/model/7"),),
    versions={"python": "3.10.13", "tagline": "0.1.0"},
)  # fmt: skip
REFUSED = replace(
    PUSHED,
    pushed=Pushed(),
    verdict=Verdict.of("ModelGate", [FLOOR, FAILED]),
    serving=msgspec.structs.replace(
        PUSHED.serving, reasons=["'Anna': the served offsets differ"], blessed=False
    ),
)
FORCED = replace(REFUSED, pushed=replace(PUSHED.pushed, forced="the fair is on Monday"))
PLAIN_RUN = replace(
    PUSHED,
    corpus=CorpusSummary(
        "PLAIN", "PLAIN", "ab" * 32, {"train.conllu": 1},
        {"train": SplitCounts(sentences=1, tokens=3, tags={"NOUN": 2, "VERB": 1}), "test": SplitCounts(sentences=2)},
    ),
    corpus_verdict=CorpusGateVerdict.of(Report(findings=[], counts={}, splits={})),
    history={"epochs": [{"loss": 1.0, "dev_score": 0.5}], "best": 1, "metric": "token_accuracy"},
    transitions=Transitions(
        tags=["NOUN", "VERB"], transitions=[[0.0, 1.0], [1.0, 0.0]], start=[0.0] * 2, end=[0.0] * 2, constrained=True
    ),
    analysis=Analysis(
        primary="token_accuracy", level=0.95, resamples=1000,
        slices=[
            Slice(
                name="", sentences=2, tokens=5, entities=0,
                candidate={
                    "token_accuracy": Estimate(0.6, 0.4, 0.9), "sentence_accuracy": Estimate(0.5),
                    "tag_accuracy/NOUN": Estimate(0.5), "tag_f1/NOUN": Estimate(0.4),
                    "tag_accuracy/VERB": Estimate(1.0), "tag_f1/VERB": Estimate(0.8),
                },
            )
        ],
        token_calibration=CALIBRATION,
    ),
    errors=analyse_errors(
        [
            answer("time flies", "NOUN VERB", "VERB VERB", 0.7, 0.9),
            answer("dogs bark now", "NOUN VERB ADV", "NOUN VERB NOUN", 0.9, 0.9, 0.8),
        ],
        PLAIN,
    ),
    serving=ServingVerdict(blessed=True, reasons=[], answers=0, median_ms=None, seconds_to_ready=None, rules=[]),
)  # fmt: skip
# Without errors, and without what is optional.
FLAWLESS = replace(PUSHED, errors=analyse_errors(ANSWERS[3:4], BIO), timings=())


def hostile_run() -> Run:
    """A run in which everything that comes from data tries to be more than text."""
    finding = Finding("D101", "error", HOSTILE, path=HOSTILE, line=1, example=HOSTILE, remedy=HOSTILE)
    tags = (f"B-{HOSTILE}", "O", "O")
    given = Answer(
        tokens=(HOSTILE, "\u202eleft\x1b[31m", "\u05e9\u05dc\u05d5\u05dd"),
        gold=tags,
        predicted=("O", f"B-{HOSTILE}", "O"),
        confidence=(0.5, 0.5, 0.5),
        features={HOSTILE: HOSTILE},
    )
    metrics = {
        "entity_f1_strict": Estimate(0.5),
        **{f"entity_{score}_strict/{HOSTILE}": Estimate(0.5) for score in ("precision", "recall", "f1")},
    }
    rule = Rule(name=HOSTILE, words=HOSTILE, passed=False, slice=f"domain={HOSTILE}")
    return replace(
        FORCED,
        run_id=HOSTILE,
        settings=f"name: tagger\ndata: {HOSTILE}\n",
        corpus=CorpusSummary(
            HOSTILE, "BIO", HOSTILE, {HOSTILE: 1},
            {HOSTILE: SplitCounts(sentences=1, entities={HOSTILE: 1, "$x_1$": 1}, first_repairs=[HOSTILE])},
        ),
        corpus_verdict=CorpusGateVerdict(
            passed=True, reasons=[], report=Report(findings=[finding], counts={"D101": 1}, splits={})
        ),
        lengths={HOSTILE: {3: 1}},
        history={**PUSHED.history, "metric": HOSTILE},
        seeds={
            "chosen": 1, "lowest": 0.8, "median": 0.8, "highest": 0.8,
            "seeds": [{"seed": HOSTILE, "best": 2, "epochs": PUSHED.history["epochs"]}],
        },
        warm_start={
            "reason": "", "base_model": HOSTILE, "new_tags": [HOSTILE], "dropped_tags": [HOSTILE],
            "kinds": {HOSTILE: {"carried": 1, "new": 1, "dropped": 1}}, "not_carried": {HOSTILE: HOSTILE},
        },
        verdict=Verdict.of(HOSTILE, [rule]),
        analysis=Analysis(
            primary="entity_f1_strict", level=0.95, resamples=10,
            slices=[
                Slice(name=name, sentences=1, tokens=3, entities=1, candidate=metrics)
                for name in ("", f"domain={HOSTILE}", f"{HOSTILE}=x")
            ],
            empty=[HOSTILE],
        ),
        errors=analyse_errors([given] * 3, BIO),
        serving=msgspec.structs.replace(REFUSED.serving, reasons=[HOSTILE], rules=[]),
        pushed=Pushed(folder=HOSTILE, version=1, forced=HOSTILE),
        transitions=Transitions(
            tags=["O", f"B-{HOSTILE}"], transitions=[[0.0, 1.0], [1.0, 0.0]], start=[0.0] * 2, end=[0.0] * 2,
            constrained=True,
        ),
        timings=(Timing(HOSTILE, WHEN, 1.0, "done", (HOSTILE,)),),
        artifacts=(RunArtifact(name=HOSTILE, type=HOSTILE, id=1, uri=HOSTILE),),
        versions={HOSTILE: HOSTILE},
    )  # fmt: skip


def long_run() -> Run:
    """Fifty labels, and sentences of 2,000 tokens that are wrong throughout."""
    labels = [f"LABEL-{number:02}" for number in range(50)]
    tokens = tuple(f"word{'x' * 50}{index}" for index in range(2000))
    sentences = [
        Answer(
            tokens=tokens,
            gold=tuple(f"B-{labels[(index + first) % 50]}" for index in range(2000)),
            predicted=tuple(f"B-{labels[(index * 7 + first + 1) % 50]}" for index in range(2000)),
            confidence=tuple((index % 97) / 100 for index in range(2000)),
        )
        for first in range(3)
    ]
    counts = dict.fromkeys(labels, 120)
    tags = {f"B-{label}": 120 for label in labels} | {f"I-{label}": 1 for label in labels}
    size = len(tags)
    return replace(
        PUSHED,
        corpus=CorpusSummary(
            "BIO", "BIO", "ab" * 32, {"a": 3},
            {name: SplitCounts(sentences=3, tokens=6000, entities=counts, tags=tags) for name in ("train", "test")},
        ),
        lengths={"train": {2000: 3}, "test": {2000: 3}},
        analysis=replace_slices(labels),
        errors=analyse_errors(sentences, BIO),
        transitions=Transitions(
            tags=list(tags), transitions=[[0.5] * size] * size, start=[0.0] * size, end=[0.0] * size, constrained=False
        ),
    )  # fmt: skip


def replace_slices(labels: list[str]) -> Analysis:
    """An analysis with these labels, and three hundred slices."""
    metrics = {"entity_f1_strict": Estimate(0.1, 0.05, 0.2)}
    for label in labels:
        for name in ("precision", "recall", "f1"):
            metrics[f"entity_{name}_strict/{label}"] = Estimate(0.1, 0.05, 0.2)
    return Analysis(
        primary="entity_f1_strict", level=0.95, resamples=10,
        slices=[
            Slice(name=name, sentences=3, tokens=6000, entities=6000, candidate=metrics)
            for name in ("", *(f"domain=d{number:03}" for number in range(300)))
        ],
    )  # fmt: skip


RUNS = {
    "pushed": PUSHED,
    "refused": REFUSED,
    "forced": FORCED,
    "plain": PLAIN_RUN,
    "flawless": FLAWLESS,
    "hostile": hostile_run(),
}
