"""The speed of `tagline check`: `python -m benchmarks.check [--data DIR] [--tokens N] [--runs N]`.

Without --data the sentences are generated: N tokens, twice and ten times as many with the same distinct
sentences, and N and ten times as many with distinct sentences only. Each measurement is `tagline check` in a
process of its own.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import results
from benchmarks.measuring.command import run
from benchmarks.measuring.command_line import parser_of

# The bound: CPU seconds for 200,000 tokens.
BOUND_TOKENS, BOUND_SECONDS = 200_000, 3.0
_LENGTH = 20  # tokens of a generated sentence
_DISTINCT = 2_000  # distinct sentences of a corpus that repeats them


def main() -> None:
    """Print tokens a second and peak memory, and write them as JSON."""
    parser = parser_of("check", __doc__)
    parser.add_argument("--data", help="a corpus (default: generated sentences)")
    parser.add_argument(
        "--tokens", type=int, default=BOUND_TOKENS, help="tokens of the smallest generated corpus"
    )
    parser.add_argument(
        "--runs", type=int, default=3, help="measurements of each corpus; their median is printed"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tagline-bench-") as home:
        rows = [
            _row(name, folder, arguments.runs)
            for name, folder in (
                [(Path(arguments.data).name, Path(arguments.data))]
                if arguments.data
                else _generated(Path(home), arguments.tokens)
            )
        ]
    print(f"{'corpus':<24} {'tokens':>10} {'CPU s':>8} {'tokens/s':>10} {'memory MB':>10}")
    for row in rows:
        print(
            f"{row['corpus']:<24} {row['tokens']:>10,} {row['cpu_s']:>8.2f} {row['tokens_per_s']:>10,} "
            f"{row['memory_mb']:>10.0f}"
        )
    print(f"bound: {BOUND_SECONDS:g} CPU seconds for {BOUND_TOKENS:,} tokens, start of the command included")
    if not arguments.data:
        results.write("check", runs=arguments.runs, rows=rows)


def _generated(home: Path, tokens: int) -> Iterator[tuple[str, Path]]:
    for name, times, distinct in (
        ("generated", 1, _DISTINCT),
        ("generated, twice", 2, _DISTINCT),
        ("generated, tenfold", 10, _DISTINCT),
        ("all sentences differ", 1, None),
        ("all differ, tenfold", 10, None),
    ):
        folder = home / name.replace(" ", "-")
        folder.mkdir()
        with (folder / "train.conll").open("w", encoding="utf-8") as stream:
            for number in range(tokens * times // _LENGTH):
                stream.write(_sentence(number if distinct is None else number % distinct))
        for split in ("dev", "test"):
            (folder / f"{split}.conll").write_text(_sentence(0), encoding="utf-8")
        yield name, folder


def _sentence(number: int) -> str:
    # The digits of the number in base 100 as words, so that no two numbers give the same sentence.
    words = (f"word{(number // 100**place + 7 * place) % 100}" for place in range(_LENGTH))
    return "".join(f"{word}\t{'B-LOC' if at % 5 == 0 else 'O'}\n" for at, word in enumerate(words)) + "\n"


def _row(name: str, folder: Path, runs: int) -> dict[str, str | int | float]:
    # 2: the corpus has errors; it was checked all the same.
    command = [sys.executable, "-m", "pipeline.cli.app", "check", str(folder), "--format", "json"]
    measured = [run(command, statuses=(0, 2)) for _ in range(runs)]
    cpu = statistics.median(cost.cpu for cost, _ in measured)
    report = json.loads(measured[0][1])
    tokens = sum(split["tokens"] for split in report["splits"].values())
    return {
        "corpus": name,
        "tokens": tokens,
        "cpu_s": round(cpu, 2),
        "tokens_per_s": round(tokens / cpu),
        "memory_mb": round(max(cost.memory for cost, _ in measured), 1),
    }


if __name__ == "__main__":
    main()
