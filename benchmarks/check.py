"""The speed of `tagline check`: `python -m benchmarks.check [--data DIR] [--tokens N] [--runs N]`.

Without --data the sentences are generated: N tokens, twice and ten times as many with the same distinct
sentences, and N and ten times as many with distinct sentences only. Each measurement is `tagline check` in a
process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "check.json"

# The bound: CPU seconds for 200,000 tokens.
BOUND_TOKENS, BOUND_SECONDS = 200_000, 3.0
_LENGTH = 20  # tokens of a generated sentence
_DISTINCT = 2_000  # distinct sentences of a corpus that repeats them


def main() -> None:
    """Print tokens a second and peak memory, and write them as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        machine = {"cores": os.cpu_count(), "processor": platform.processor() or platform.machine()}
        RESULTS.write_text(
            json.dumps({"machine": machine, "runs": arguments.runs, "rows": rows}, indent=2) + "\n"
        )


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
    # The digits of the number in base 100 as words, so that every number makes another sentence.
    words = (f"word{(number // 100**place + 7 * place) % 100}" for place in range(_LENGTH))
    return "".join(f"{word}\t{'B-LOC' if at % 5 == 0 else 'O'}\n" for at, word in enumerate(words)) + "\n"


def _row(name: str, folder: Path, runs: int) -> dict[str, str | int | float]:
    measured = [_measure(folder) for _ in range(runs)]
    cpu = statistics.median(seconds for _, seconds, _ in measured)
    tokens = measured[0][0]
    return {
        "corpus": name,
        "tokens": tokens,
        "cpu_s": round(cpu, 2),
        "tokens_per_s": round(tokens / cpu),
        "memory_mb": round(max(memory for _, _, memory in measured), 1),
    }


def _measure(folder: Path) -> tuple[int, float, float]:
    """(tokens, CPU seconds, peak memory in MB) of one check."""
    command = [sys.executable, "-m", "pipeline.cli.app", "check", str(folder), "--format", "json"]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        # 2: the corpus has errors; it was checked all the same.
        if os.waitstatus_to_exitcode(status) not in (0, 2):
            raise SystemExit(f"{' '.join(command)} failed with {os.waitstatus_to_exitcode(status)}")
        output.seek(0)
        report = json.load(output)
    tokens = sum(split["tokens"] for split in report["splits"].values())
    return tokens, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
