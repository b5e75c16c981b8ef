"""Whether the files of columns hold what the settings say, by the first lines of each.

A column of numbers that count the tokens is no column of tokens, a column of the same value or of scores is none
of tags, and running text has no columns at all. Nothing is corrected: the error names the setting and the
column that looks right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from corpus.errors import CorpusError
from corpus.options import ReadOptions
from corpus.recognition.first_lines import Blocks, blocks_of, places_of
from corpus.splits.layout import Layout
from tagging.evidence import Evidence
from tagging.recognition import UnknownNotation, recognise

# Running text has lines of many words whose number varies; so have a few faulty lines, but not most.
_USUAL_SHARE = 0.7
_WORDS_OF_PROSE = 3
_CONLLU_WIDTH = 10
_WORD = re.compile(r"[^\W\d_]")


def require_columns(layout: Layout, options: ReadOptions) -> None:
    """Check the first lines of every file of columns.

    Raises:
        CorpusError: running text instead of columns, or a token column that holds no tokens.
    """
    for path, _ in layout.files():
        blocks = blocks_of(path, options)
        if blocks:
            _require_table(path, blocks)
            _require_tokens(path, blocks, options)


def tag_columns(path: Path | str, options: ReadOptions) -> str:
    """Say which columns of a file look like tags, in the words of a remedy; empty if none does."""
    blocks = blocks_of(Path(path), options)
    if not blocks:
        return ""
    token_at, tag_at = places_of(blocks, options)
    found = []
    for column in range(len(blocks[0][0])):
        if column not in (token_at, tag_at) and not _counts(blocks, column):
            evidence = Evidence()
            for block in blocks:
                evidence.add([row[column] for row in block if len(row) > column])
            try:
                notation = recognise(evidence)
            except UnknownNotation:
                continue
            if any(tag not in notation.outside for tag in evidence.tags):
                found.append((notation.is_plain, f"tag_column={column} ({notation.alphabet})"))
    return " or ".join(text for _, text in sorted(found, key=lambda pair: pair[0]))


def _require_table(path: Path, blocks: Blocks) -> None:
    widths = Counter(len(row) for block in blocks for row in block)
    usual = widths.most_common(1)[0][1]
    words = sum(width * count for width, count in widths.items())
    prose = usual < _USUAL_SHARE * widths.total() and words > _WORDS_OF_PROSE * widths.total()
    if prose and not any("\t" in cell for block in blocks for row in block for cell in row):
        raise CorpusError(
            f"running text: its lines have {min(widths)} to {max(widths)} words",
            path=path,
            expected="a token and its tag on each line, in columns",
            remedy="tag the text first, or name the files of the corpus (corpus.files); brat's .txt needs its .ann",
            shown=" ".join(blocks[0][0]),
            code="D119",
        )


def _require_tokens(path: Path, blocks: Blocks, options: ReadOptions) -> None:
    token_at, tag_at = places_of(blocks, options)
    width = len(blocks[0][0])
    if token_at >= width or tag_at >= width or any(len(row) != width for block in blocks for row in block):
        return
    values = [row[token_at] for block in blocks for row in block]
    if _counts(blocks, token_at):
        found = "numbers that count the tokens"
    elif set(values) == {"_"}:
        found = f"{values[0]!r} on every line"
    else:
        return
    if width == _CONLLU_WIDTH and _counts(blocks, 0):
        remedy = "name the format: format=conllu"
    else:
        remedy = f"name the column of the tokens: token_column={_likely_tokens(blocks, tag_at)}"
    raise CorpusError(
        f"{found} in the token column ({token_at})",
        path=path,
        expected="the tokens there",
        remedy=remedy,
        shown=" ".join(blocks[0][0]),
        code="D121",
    )


def _counts(blocks: Blocks, column: int) -> bool:
    """Whether the values of a column are 0, 1, 2 ... or 1, 2, 3 ... in most blocks of more than one line."""
    longer = [[row[column] for row in block] for block in blocks if len(block) > 1 and _same(block, column)]
    counting = [values for values in longer if _is_counting(values)]
    return len(counting) > 0.5 * len(longer)


def _same(block: Sequence[Sequence[str]], column: int) -> bool:
    return all(len(row) > column for row in block)


def _is_counting(values: Sequence[str]) -> bool:
    if values[0] not in ("0", "1"):
        return False
    return all(value == str(int(values[0]) + number) for number, value in enumerate(values))


def _likely_tokens(blocks: Blocks, tag_at: int) -> int:
    """Return the column with the most different words that is neither numbers nor the tags."""
    distinct: dict[int, set[str]] = {
        column: {row[column] for block in blocks for row in block}
        for column in range(len(blocks[0][0]))
        if column != tag_at and not _counts(blocks, column)
    }
    words = {
        column: sum(bool(_WORD.search(value)) for value in values) for column, values in distinct.items()
    }
    return max(words, key=words.__getitem__, default=0)
