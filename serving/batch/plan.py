"""The first pass over the input: every line is read once, before anything is tagged or written.

So a bad line is told at once, the number of sentences is known, and a part is a stretch of one file that any
worker finds by its first byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from corpus.errors import CorpusError
from corpus.options import ReadOptions
from serving.batch.job import InputFile
from serving.batch.sources import Given, sentences
from tagging.evidence import Evidence
from tagging.schemes import PLAIN, Scheme, UnknownTag, parse, scheme_named

# Long sentences make a part of fewer: a part is held in memory.
_TOKENS_A_SENTENCE = 40
_CHUNK = 1 << 20


class Shard(msgspec.Struct, frozen=True):
    """A part's sentences: `count` of them in a file, from byte `offset` (unpacked) on line `line` on.

    `path` is where the file lies, `name` how it is told below the input.
    """

    index: int
    path: str
    name: str
    offset: int
    line: int
    count: int


class Plan(msgspec.Struct, frozen=True):
    """What there is to do.

    Attributes:
        files: what is read.
        shards: the parts, in the order of the input.
        sentences: all of them.
        scheme: of the tags given, to score against; None where there are none to go by.
        not_scored: why there is none; empty if there is.
    """

    files: tuple[InputFile, ...]
    shards: tuple[Shard, ...]
    sentences: int
    scheme: str | None
    not_scored: str


def plan(paths: Sequence[Path], root: Path, options: ReadOptions, *, shard_size: int) -> Plan:
    """Read everything once.

    Args:
        paths: the files, in order.
        root: what their names are told below of.
        options: how corpus files are read.
        shard_size: most sentences of a part.

    Raises:
        CorpusError: the first line that cannot be read; no sentence at all.
    """
    shards: list[Shard] = []
    tags = _Tags(options)
    for path in paths:
        name = str(path.relative_to(root))
        begun: Given | None = None
        count = tokens = 0
        for given in sentences(path, options):
            if begun and (count == shard_size or tokens + given.size > _TOKENS_A_SENTENCE * shard_size):
                shards.append(Shard(len(shards), str(path), name, begun.offset, begun.line, count))
                begun, count, tokens = None, 0, 0
            begun = begun or given
            count += 1
            tokens += given.size
            tags.add(given)
        if begun:
            shards.append(Shard(len(shards), str(path), name, begun.offset, begun.line, count))
    if not shards:
        where = paths[0] if len(paths) == 1 else root
        raise CorpusError(
            "no sentence in it", path=where, expected="something to tag", remedy="check --input"
        )
    files = tuple(
        InputFile(str(path.relative_to(root)), path.stat().st_size, _sha256(path)) for path in paths
    )
    scheme, reason = tags.scheme(paths)
    return Plan(files, tuple(shards), sum(shard.count for shard in shards), scheme, reason)


class _Tags:
    """Looks whether the input's tags are such that answers can be scored against them."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._evidence = Evidence()
        self._distinct: set[str] = set()
        self._texts = self._untagged = False

    def add(self, given: Given) -> None:
        """Takes in the tags of a sentence."""
        if given.record is None:
            self._texts = True
        elif not given.tagged:
            self._untagged = True
        elif given.record.sentence is not None:
            self._evidence.add(given.record.sentence.tags)
            self._distinct.update(given.record.sentence.tags)

    def scheme(self, paths: Sequence[Path]) -> tuple[str | None, str]:
        """The scheme's name, or None and why there is none to score by."""
        if self._texts:
            return None, "texts have no tags"
        if self._untagged:
            return None, "the input has sentences without tags"
        if self._distinct <= {"O"}:
            return None, "no token of the input has another tag than O"
        named = self._options.scheme
        scheme: Scheme = self._evidence.scheme() if named.lower() == "auto" else scheme_named(named)
        if scheme is not PLAIN:
            # Every prefix is looked at by itself: what a tag is does not depend on its neighbours.
            for tag in sorted(self._distinct):
                try:
                    parse([tag], scheme)
                except UnknownTag:
                    return None, f"the input's tag {tag!r} is none of {scheme.name}"
        return scheme.name, ""


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise CorpusError(error.strerror or str(error), path=path, remedy="check the path") from error
    return digest.hexdigest()
