"""How long the gate's bootstrap takes: `python -m benchmarks.model_gate [--sentences N] [--resamples R]`.

Three models' answers to random sentences, always the same, are scored in all and by slices, as for ModelGate. CPU time
can be compared between busy machines, unlike wall time.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measuring.command_line import parser_of
from components.predictor import answer
from components.predictor.answer import Answer
from components.scores.measure import measure
from components.scores.options import ScoreOptions
from components.scores.slice_scores import BASELINE, CANDIDATE, CRFSUITE
from tagging.schemes import BIOES
from tagging.scoring import strict_spans

LABELS = ("PER", "LOC", "ORG", "MISC")
DOMAINS = ("news", "chat", "sport", "travel")
ERRORS = 0.1


def main() -> None:
    """Print the seconds and the memory of one measurement."""
    parser = parser_of("model_gate", __doc__)
    parser.add_argument("--sentences", type=int, default=10_000, help="sentences of the test split")
    parser.add_argument("--resamples", type=int, default=10_000, help="resamples of the bootstrap")
    arguments = parser.parse_args()
    random = np.random.default_rng(0)
    golds = [_gold(random) for _ in range(arguments.sentences)]
    with tempfile.TemporaryDirectory(prefix="tagline-bench-") as folder:
        files = {}
        for model in (CANDIDATE, BASELINE, CRFSUITE):
            files[model] = Path(folder, model)
            answer.write(files[model], (_answer(gold, random) for gold in golds))
        began, cpu = time.monotonic(), time.process_time()
        measured = measure(files, BIOES, ScoreOptions(slice_by=("domain",), resamples=arguments.resamples))
        wall, cpu = time.monotonic() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{arguments.sentences:,} sentences, {arguments.resamples:,} resamples, "
        f"{len(measured.analysis.slices)} slices, {len(files)} models: {wall:.1f} s, {cpu:.1f} s of CPU, "
        f"at most {peak:.2f} GB in the process"
    )


def _gold(random: np.random.Generator) -> tuple[str, ...]:
    tags: list[str] = []
    length = random.integers(1, 40)
    while len(tags) < length:
        label = random.choice(LABELS)
        tags += ["O", "O", "O"] if random.random() < 0.7 else [f"B-{label}", f"I-{label}", f"E-{label}"]
    return tuple(tags)


def _answer(gold: tuple[str, ...], random: np.random.Generator) -> Answer:
    wrong = random.random(len(gold)) < ERRORS
    return Answer(
        tokens=("token",) * len(gold),
        gold=gold,
        predicted=tuple("O" if off else tag for tag, off in zip(gold, wrong, strict=True)),
        confidence=(1 - ERRORS,) * len(gold),
        features={"domain": DOMAINS[len(gold) % len(DOMAINS)]},
        seen=tuple(span.start % 2 == 0 for span in strict_spans(gold, BIOES)),
    )


if __name__ == "__main__":
    main()
