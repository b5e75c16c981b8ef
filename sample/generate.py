"""Generate the sample corpus: `python -m sample.generate [--output DIR] [--seed N] [--sentences N]`.

The same seed gives the same bytes. One sentence in ten goes to dev and one to test; dev and test draw some
of their names from lists that train never uses, and share no sentence with train.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from sample.grammar import Grammar, Line
from sample.names import HELD_OUT_WORDS
from sample.rules import DOMAINS
from sample.rules.phrases import PHRASES
from sample.rules.shapes import SHAPES

SEED = 7
SENTENCES = 3000
CORPUS = Path(__file__).parent / "corpus"
LONGEST = 60


def splits(seed: int, sentences: int) -> dict[str, list[Line]]:
    """Generate the lines of train, dev and test: eight, one and one of every ten sentences."""
    random = Random(seed)
    dev = test = sentences // 10
    sizes = {"train": sentences - dev - test, "dev": dev, "test": test}
    seen: set[tuple[str, ...]] = set()
    taken = set(HELD_OUT_WORDS)
    corpus: dict[str, list[Line]] = {}
    for split, size in sizes.items():
        lines = _lines(random, held_out=split != "train", seen=seen, taken=frozenset(taken))
        corpus[split] = [next(lines) for _ in range(size)]
        if split == "train":
            taken.update(token.lower() for line in corpus[split] for token in line.tokens)
    return corpus


def _lines(
    random: Random, *, held_out: bool, seen: set[tuple[str, ...]], taken: frozenset[str]
) -> Iterator[Line]:
    """Yield sentences of random domains, none of them twice, whatever its capitals."""
    grammars = {
        domain: Grammar({**PHRASES, **SHAPES, **rules}, random, held_out=held_out, taken=taken)
        for domain, rules in DOMAINS.items()
    }
    while True:
        domain = random.choice(list(DOMAINS))
        line = grammars[domain].line(domain)
        key = tuple(token.lower() for token in line.tokens)
        if len(key) <= LONGEST and key not in seen:
            seen.add(key)
            yield line


def write(corpus: dict[str, list[Line]], output: Path) -> None:
    """Write `train.conll`, `dev.conll` and `test.conll`: token, tab, BIO tag; a comment names the domain."""
    output.mkdir(parents=True, exist_ok=True)
    for split, lines in corpus.items():
        with open(output / f"{split}.conll", "w", encoding="utf-8", newline="\n") as file:
            for line in lines:
                file.write(f"# domain = {line.domain}\n")
                for token, tag in zip(line.tokens, line.tags, strict=True):
                    file.write(f"{token}\t{tag}\n")
                file.write("\n")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sample.generate", description="Generate the sample corpus."
    )
    parser.add_argument(
        "--output", type=Path, default=CORPUS, help="folder to write to (default: sample/corpus)"
    )
    parser.add_argument(
        "--seed", type=int, default=SEED, help="seed of the random choices (default: %(default)s)"
    )
    parser.add_argument(
        "--sentences", type=int, default=SENTENCES, help="sentences in all (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    corpus = splits(options.seed, options.sentences)
    write(corpus, options.output)
    for split, lines in corpus.items():
        tokens = sum(len(line.tokens) for line in lines)
        print(f"{options.output / split}.conll: {len(lines)} sentences, {tokens} tokens")


if __name__ == "__main__":
    main(sys.argv[1:])
