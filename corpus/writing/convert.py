"""Convert a corpus to another form; a sentence at a time, and completely or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from corpus.codes import CODES
from corpus.errors import BadLine, CorpusError
from corpus.formats.table import ENDINGS, plain_suffix
from corpus.options import ReadOptions
from corpus.reading.sentences import records
from corpus.reading.training_tags import parse_tags
from corpus.recognition.reading import Reading, reading_of
from corpus.splits.layout import Layout, find
from corpus.splits.selection import Ignored
from corpus.staging import create, require_place, staged
from corpus.writing.losses import LEFT_OUT, SETTLED, Losses
from corpus.writing.table import FORMS, Form
from corpus.writing.tagged import Tagged, Target
from tagging.notation import Notation, notation_of_scheme


class Conversion(NamedTuple):
    """What was converted.

    Attributes:
        reading: how the corpus was read.
        files: the number of sentences of each file written.
        lost: what the form does not hold, a line each.
        ignored: files of the folder that were left out, each with the reason.
    """

    reading: Reading
    files: dict[Path, int]
    lost: list[str]
    ignored: tuple[Ignored, ...]


def convert(
    data: str | Path, out: str | Path, options: ReadOptions, *, form: str, scheme: str | None = None
) -> Conversion:
    """Write a corpus in another form: a file for a file, a folder with as many files for a folder.

    Args:
        data: a folder or a single file.
        out: the file or folder to create; it may exist if it is empty.
        options: how the corpus is read.
        form: a key of `FORMS`.
        scheme: a name that `alphabet_named` takes, for entity tags; None: BIO. Plain tags stay plain.

    Raises:
        CorpusError: the form does not take these tags, `out` is not empty or lies within the corpus, or one of the
            two cannot be read or written. Nothing is at `out` then.
    """
    data, out, row = Path(data), Path(out), FORMS[form]
    layout = find(data, options)
    single = os.path.isfile(data)
    require_place(data, out, "file" if single else "folder")
    names = {data: ""} if single else _names(layout, row)
    if single and ENDINGS.get(plain_suffix(out.name)) != ENDINGS[row.ending]:
        raise CorpusError(
            f"the name of a {form} file",
            path=out,
            expected=f"an ending that tells it, such as {row.ending}",
            remedy="name it otherwise",
        )
    reading = reading_of(layout, options)
    notation = _notation(reading.notation, data, form, scheme)
    losses = Losses()
    target = Target(notation, ReadOptions(tokenizer=reading.options.tokenizer), losses)
    files = {}
    with staged(out) as draft:
        for path, name in names.items():
            files[out / name] = _write_file(path, draft / name, row, reading, target)
    return Conversion(reading, files, losses.told(), () if single else layout.ignored)


def _notation(read: Notation, data: Path, form: str, scheme: str | None) -> Notation:
    """Return the notation to write in; raises `CorpusError` where plain tags would have to be entities, or entities
    plain tags.
    """
    if read.is_plain and (scheme is not None or not FORMS[form].has_tags):
        raise CorpusError(
            "plain tags, which mark no entities",
            path=data,
            expected="entity tags, for spans or a scheme",
            remedy="write them without a scheme as "
            + ", ".join(name for name, row in FORMS.items() if row.has_tags),
        )
    written = read if read.is_plain else notation_of_scheme(scheme or "BIO")
    if written.is_plain and not read.is_plain:
        raise CorpusError(
            f"entity tags ({read})", path=data, expected="plain tags, for PLAIN", remedy="name another scheme"
        )
    return written


def _names(layout: Layout, form: Form) -> dict[Path, str]:
    """Name the file that each file becomes: as it is called, below the same sub-folder, with the form's ending."""
    names = {}
    for path, _ in layout.files():
        packed = path.suffix if path.suffix.lower() == ".gz" else ""
        plain = path.with_suffix("") if packed else path
        # Of `eng.train` the ending is the name of the split.
        stem = plain.stem if plain.suffix.lower() in ENDINGS else plain.name
        names[path] = path.with_name(stem + form.ending + packed).relative_to(layout.root).as_posix()
    return names


def _write_file(path: Path, draft: Path, form: Form, reading: Reading, target: Target) -> int:
    """Write one file; return the number of its sentences."""
    opening, between, closing = (part.encode() for part in form.frame)
    draft.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with create(draft) as stream:
        stream.write(opening)
        for tagged in _sentences(path, reading, target.losses):
            stream.write((between if count else b"") + form.write(tagged, target).encode())
            count = tagged.number
        stream.write(closing)
    return count


def _sentences(path: Path, reading: Reading, losses: Losses) -> Iterator[Tagged]:
    number = 0
    for line, record in records(path, reading.options):
        if record.sentence is None:
            losses.add(LEFT_OUT, count=len(record.notes))
            continue
        losses.add(SETTLED, count=sum(CODES[note.code].severity != "info" for note in record.notes))
        try:
            parsed = parse_tags(record, reading.notation)
        except BadLine as error:
            raise error.located(path, line) from None
        losses.add(SETTLED, count=len(parsed.repairs))
        number += 1
        yield Tagged(number, record.sentence, None if reading.notation.is_plain else parsed.spans)
