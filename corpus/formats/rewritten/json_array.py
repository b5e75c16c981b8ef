"""A JSON array of examples, or objects written over several lines each.

    [
      {"tokens": ["Ann", "sings"], "tags": ["B-PER", "O"]},
      {"text": "Ann sings", "spans": [[0, 3, "PER"]]}
    ]

Every item may have any form that a line of `corpus.formats.jsonl` has; of a document of spaCy each sentence is an
example. An example stands on the line where its item begins; of items on one line each has the next line, so that
in an array on a single line the number of the line is that of the item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from corpus.errors import BadLine, CorpusError
from corpus.formats.json_rows import spacy
from corpus.formats.json_rows.row import list_inside
from corpus.formats.rewritten.rewriting import Beside, at_lines, encoded, whole_text
from corpus.options import ReadOptions

# An array of objects or lists, and objects that do not end on their first line. A list that begins with a string is
# a line of spaCy's.
BEGINS = re.compile(r'\s*(?:\[\s*(?:\]?\s*$|[{\[]\s*(?:"|$))|\{\s*(?:"[^"]*"\s*:\s*\[\s*)?$)')

_SPACE = re.compile(r"[ \t\r\n]*")
_EXAMPLE = ("text", "tokens", "paragraphs")


def unpack(path: str, lines: Iterable[bytes], beside: Beside, options: ReadOptions) -> Iterator[bytes]:
    """Rewrite an array as lines, one example each.

    Raises:
        CorpusError: too large, not UTF-8, not JSON, or JSON of another form; what stands before is yielded.
    """
    text = whole_text(path, lines)
    return at_lines(_examples(_Items(path, text)))


def _examples(items: _Items) -> Iterator[tuple[int, bytes]]:
    for line, value, raw in items:
        sentences = None
        if spacy.is_document(value):
            try:
                sentences = spacy.sentences_of(value)
            except BadLine:
                # Reported where lines are parsed.
                sentences = None
        if sentences is None:
            # A line end in JSON is white space: in strings it is escaped.
            yield line, raw.replace("\r", " ").replace("\n", " ").encode("utf-8")
            continue
        for sentence in sentences:
            yield line, encoded(sentence)


class _Items:
    """The items of an array, or objects one after the other: (1-based line, value, its text)."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.decoder = json.JSONDecoder()
        self.counted = 0
        self.line = 1

    def __iter__(self) -> Iterator[tuple[int, Any, str]]:
        at = self._skip(0)
        if self.text.startswith("[", at):
            yield from self._of_array(at)
        else:
            yield from self._in_a_row(at)

    def _of_array(self, at: int) -> Iterator[tuple[int, Any, str]]:
        at = self._skip(at + 1)
        ended = self.text.startswith("]", at)
        while not ended:
            value, end = self._decode(at)
            yield self._line_of(at), value, self.text[at:end]
            at = self._skip(end)
            ended = self.text.startswith("]", at)
            if not ended:
                if not self.text.startswith(",", at):
                    raise self._error("no comma between two items", at)
                at = self._skip(at + 1)
        at = self._skip(at + 1)
        if at < len(self.text):
            raise self._error("text after the end of the array", at)

    def _in_a_row(self, at: int) -> Iterator[tuple[int, Any, str]]:
        first = True
        while at < len(self.text):
            value, end = self._decode(at)
            after = self._skip(end)
            key = list_inside(value)
            if first and after == len(self.text) and key and not any(name in value for name in _EXAMPLE):
                raise CorpusError(
                    f"an object around the examples (its keys: {', '.join(list(value)[:8])})",
                    path=self.path,
                    line=self._line_of(at),
                    expected="an array of examples, or an example a line",
                    remedy=f"write its list alone, a line each: jq -c '.{key}[]' IN > OUT.jsonl",
                    code="D101",
                )
            first = False
            yield self._line_of(at), value, self.text[at:end]
            at = after

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _decode(self, at: int) -> tuple[Any, int]:
        try:
            return self.decoder.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            raise self._error(f"not JSON ({error.msg})", error.pos) from None
        except RecursionError:
            raise self._error("JSON nested too deep", at) from None
        except ValueError as error:
            # Of numbers with thousands of digits.
            raise self._error(f"not JSON that can be read ({error})", at) from None

    def _line_of(self, at: int) -> int:
        """Count the line of a place, not before the last place that was asked for."""
        self.line += self.text.count("\n", self.counted, at)
        self.counted = at
        return self.line

    def _error(self, found: str, at: int) -> CorpusError:
        length = len(self.text.rstrip())
        if at >= length:
            found += "; the file ends too early"
            at = length - 1
        begin, end = self.text.rfind("\n", 0, at) + 1, self.text.find("\n", at)
        line = self.text[begin : end if end >= 0 else len(self.text)]
        return CorpusError(
            found,
            path=self.path,
            line=self.text.count("\n", 0, at) + 1,
            expected="an array: [{...}, {...}]",
            remedy="correct the syntax, or copy the file again if it was cut off",
            shown=line[max(0, at - begin - 30) :],
            code="D101",
        )
