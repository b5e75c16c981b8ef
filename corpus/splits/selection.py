"""Which of several files of one split are read. Files are merged only where their names are parallel.

In this order:

- Of documents in two files (`d1.txt` with `d1.ann`, `seq.out` with `seq.in`) one is read, with the other.
- A file whose name says that it is left over (`train_old.txt`, `test_predictions.txt`) is left out beside
  one with the same name without that word; without such a file the corpus is ambiguous.
- Of one name in several forms (`train.conll` beside `train.jsonl`, `trainset.tsv` or `train.conll.gz`): running
  text (`.txt`) is left out. The sentences of the others are compared; if they are the same, one of them is read
  (plain before packed, then in the order of the endings in the table of formats), else the corpus is ambiguous.
- A name beside the same with further words (`train.conll`, `train_extra.conll`), and a folder `train` beside a
  file: ambiguous.
- Parallel names (`train_news.conll`, `train_web.conll`; `train-00001-of-00002`), and the files in a folder
  `train`: all are read.

An ambiguous corpus is an error that names the files and the setting which chooses, `corpus.files`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import NamedTuple

from corpus.errors import CorpusError
from corpus.formats.table import ENDINGS, plain_suffix
from corpus.options import ReadOptions
from corpus.splits.folders import is_file, listed
from corpus.splits.names import read_name, stem
from corpus.splits.same_sentences import compare, is_running_text

_TEXT = ".txt"
# Of brat's documents; the text lies beside.
DOCUMENT_ENDING = ".ann"


class Ignored(NamedTuple):
    """A file that is not read.

    Attributes:
        path: the file.
        why: why not.
        remedy: what to do about it; None: what is said of all such files (`corpus.codes`).
        same_as: the file that is read instead, if that one holds the same sentences.
    """

    path: Path
    why: str
    remedy: str | None = None
    same_as: Path | None = None


def companions(path: Path) -> tuple[Path, ...]:
    """Return the files that a corpus file is read with, if they are there."""
    name = path.name
    ending = path.suffix.lower()
    beside: tuple[str, ...] = ()
    if ending == DOCUMENT_ENDING:
        beside = (name[: -len(ending)] + _TEXT,)
    elif ending == ".in":
        beside = (name[: -len(ending)] + ".out", *(("label",) if name == "seq.in" else ()))
    return tuple(path.with_name(other) for other in beside if is_file(path.with_name(other)))


def without_companions(paths: Iterable[Path]) -> list[Path]:
    """Leave out the files that are read with another of them."""
    paths = list(paths)
    beside = {other for path in paths for other in companions(path)}
    return [path for path in paths if path not in beside]


def without_leftovers(paths: list[Path], folders: Iterable[str]) -> tuple[list[Path], list[Ignored]]:
    """Leave out files whose names say that they are left over, beside the file they are left over from.

    Args:
        paths: files whose names name a split.
        folders: the splits that have a folder.

    Raises:
        CorpusError: there is no other file of the split.
    """
    names = {path: read_name(path.name) for path in paths}
    # A word that all files have says nothing of one of them.
    shared = frozenset.intersection(*(name.leftovers for name in names.values())) if names else frozenset()
    kept = [path for path, name in names.items() if name.leftovers <= shared]
    ignored = []
    for path, name in names.items():
        words = name.leftovers - shared
        if not words:
            continue
        rest = Counter(word for word in name.words if word not in words)
        beside = next((other for other in kept if Counter(names[other].words) <= rest), None)
        said = f"left over by its name ({', '.join(sorted(words))})"
        if beside is None and not name.splits & set(folders):
            split = sorted(name.splits)[0]
            raise CorpusError(
                f"{said}, and no file beside it is {split}",
                path=path,
                expected=f"a file named {split}",
                remedy=f"rename it, or name the files to read, as in corpus.files.{split}={path.name}",
            )
        ignored.append(Ignored(path, said, "none needed; corpus.files chooses other files"))
    return kept, ignored


def one_form_each(
    paths: Iterable[Path], options: ReadOptions, *, split: str = "train", by_words: bool = True
) -> tuple[list[Path], list[Ignored]]:
    """Of every name in several forms keep one.

    Args:
        paths: the files.
        options: how they are read.
        split: the split, for the error.
        by_words: whether names are the same if they say the same; else if their stems are equal.

    Raises:
        CorpusError: two forms hold different sentences, or cannot be read.
    """
    key: Callable[[Path], Hashable] = (
        (lambda path: read_name(path.name).words) if by_words else lambda path: stem(path.name)
    )
    groups: dict[Hashable, list[Path]] = {}
    for path in paths:
        groups.setdefault(key(path), []).append(path)
    kept: list[Path] = []
    ignored: list[Ignored] = []
    for group in groups.values():
        first, left = _one_form(group, options, split)
        kept.append(first)
        ignored += left
    return sorted(kept), ignored


def _one_form(group: list[Path], options: ReadOptions, split: str) -> tuple[Path, list[Ignored]]:
    ignored = []
    others = [path for path in group if plain_suffix(path.name) != _TEXT]
    if others:
        for path in [path for path in group if path not in others and is_running_text(path)]:
            group = [one for one in group if one != path]
            ignored.append(Ignored(path, f"running text, beside {others[0].name}", "none needed"))
    first, *rest = sorted(group, key=_preference)
    for path in rest:
        alike, same = compare(first, path, options)
        if not same:
            raise ambiguous(
                f"{first.name} and {path.name} are both {split} by their names and hold different sentences "
                f"(the first {alike} are the same)",
                split,
                first,
            )
        ignored.append(
            Ignored(
                path,
                f"holds the same {alike} sentence{'s' * (alike != 1)} as {first.name}",
                "remove one of the two, or name the one to read (corpus.files)",
                same_as=first,
            )
        )
    return first, ignored


def _preference(path: Path) -> tuple[bool, int, str]:
    endings, ending = list(ENDINGS), plain_suffix(path.name)
    order = endings.index(ending) if ending in ENDINGS else len(endings)
    return path.name.lower().endswith(".gz"), order, path.name


def require_parallel(paths: list[Path], split: str) -> None:
    """Require that no file's name is that of another with further words.

    Raises:
        CorpusError: one is.
    """
    words = {path: Counter(read_name(path.name).words) for path in paths}
    for path in paths:
        further = [other for other in paths if other != path and words[path] <= words[other]]
        if further:
            raise ambiguous(
                f"{path.name} and {listed(other.name for other in further)} are all {split} by their names"
                if len(further) > 1
                else f"{path.name} and {further[0].name} are both {split} by their names",
                split,
                path,
            )


def ambiguous(found: str, split: str, example: Path) -> CorpusError:
    """Make the error of a corpus that two readings are possible of."""
    return CorpusError(
        found,
        path=example.parent,
        expected=f"one file, or parallel names such as {split}_news and {split}_web",
        remedy="move what is not meant away, or name the files to read of every split, as in "
        f"corpus.files.{split}={example.name}",
    )
