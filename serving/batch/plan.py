"""The first pass over the input: reads every line once, before anything is tagged or written.

So a bad line is reported at once, the number of sentences is known, and a part is a stretch of one file that
any worker finds by its first byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from corpus.errors import CorpusError
from corpus.options import ReadOptions
from files.sums import sha256_of
from serving.batch.job import InputFile
from serving.batch.sources import InputSentence, sentences
from tagging.evidence import Evidence
from tagging.notation import Notation
from tagging.recognition import UnknownNotation, recognise
from tagging.schemes import OUTSIDE, UnknownTag

# A part is held in memory, so one of long sentences has fewer.
_TOKENS_PER_SENTENCE = 40


class Shard(msgspec.Struct, frozen=True):
    """The sentences of a part: `count` of them in a file, from byte `offset` (unpacked), on line `line`, on.

    `path` is the file's, `name` its path below the input.
    """

    index: int
    path: str
    name: str
    offset: int
    line: int
    count: int


class Plan(msgspec.Struct, frozen=True):
    """The parts to make of an input.

    Attributes:
        files: the input.
        shards: the sentences of each part, in the order of the input.
        sentences: their total number.
        notation: of the input's tags, to score against; None if it has none.
        not_scored: why there is none; empty if there is one.
    """

    files: tuple[InputFile, ...]
    shards: tuple[Shard, ...]
    sentences: int
    notation: Notation | None
    not_scored: str


def plan(paths: Sequence[Path], root: Path, options: ReadOptions, *, shard_size: int) -> Plan:
    """Read the input once and cut it into parts.

    Args:
        paths: the files, in order.
        root: the folder that their names are relative to.
        options: how corpus files are read.
        shard_size: most sentences of a part.

    Raises:
        CorpusError: a line cannot be read (the first one is named), or there is no sentence at all.
    """
    shards: list[Shard] = []
    tags = _Tags(options)
    for path in paths:
        name = str(path.relative_to(root))
        first: InputSentence | None = None
        count = tokens = 0
        for sentence in sentences(path, options):
            if first and (count == shard_size or tokens + sentence.size > _TOKENS_PER_SENTENCE * shard_size):
                shards.append(Shard(len(shards), str(path), name, first.offset, first.line, count))
                first, count, tokens = None, 0, 0
            first = first or sentence
            count += 1
            tokens += sentence.size
            tags.add(sentence)
        if first:
            shards.append(Shard(len(shards), str(path), name, first.offset, first.line, count))
    if not shards:
        where = paths[0] if len(paths) == 1 else root
        raise CorpusError(
            "no sentence in it", path=where, expected="something to tag", remedy="check --input"
        )
    files = tuple(_input_file(path, root) for path in paths)
    notation, reason = tags.notation()
    return Plan(files, tuple(shards), sum(shard.count for shard in shards), notation, reason)


class _Tags:
    """Finds out whether answers can be scored against the input's tags."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._evidence = Evidence()
        self._texts = self._untagged = self._marked = False

    def add(self, sentence: InputSentence) -> None:
        """Take the tags of a sentence into account."""
        if sentence.record is None:
            self._texts = True
        elif not sentence.tagged:
            self._untagged = True
        elif sentence.record.sentence is not None:
            if sentence.record.sentence.spans is None:
                self._evidence.add(sentence.record.sentence.tags)
            self._marked = self._marked or any(tag != OUTSIDE for tag in sentence.record.sentence.tags)

    def notation(self) -> tuple[Notation | None, str]:
        """Return the notation, or None and why answers cannot be scored."""
        if self._texts:
            return None, "texts have no tags"
        if self._untagged:
            return None, "the input has sentences without tags"
        if not self._marked:
            return None, "no token of the input has another tag than O"
        try:
            notation = recognise(self._evidence, scheme=self._options.scheme, outside=self._options.outside)
        except UnknownNotation as error:
            return None, f"the input has {error}"
        if not notation.is_plain:
            # Each by itself: whether a tag is one of the notation does not depend on its neighbours.
            for tag in sorted(self._evidence.tags):
                try:
                    notation.parse([tag])
                except UnknownTag:
                    return None, f"the input's tag {tag!r} is none of {notation}"
        return notation, ""


def _input_file(path: Path, root: Path) -> InputFile:
    try:
        return InputFile(str(path.relative_to(root)), path.stat().st_size, sha256_of(path))
    except OSError as error:
        raise CorpusError(error.strerror or str(error), path=path, remedy="check the path") from error
