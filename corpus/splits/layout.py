"""Find the files of a corpus and the split that each belongs to.

A file belongs to a split if a part of its name (between `.`, `-` and `_`) is the split's name or an alias, or
if it lies in a sub-folder of that name. Then:

- train, dev and test: as they are;
- train, and one or none of the others: a missing split is cut from train by hash, with its share of
  `hash_split`;
- a single file of any name: cut into train, dev and test by hash.

All three are needed: dev for early stopping, test for the model gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from corpus.errors import CorpusError
from corpus.formats.table import ENDINGS
from corpus.options import SPLITS, ReadOptions, Shares

ALIASES: dict[str, str] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("dev", "devel", "development", "valid", "validation", "val", "eval", "testa"), "dev"),
    **dict.fromkeys(("test", "testing", "testb"), "test"),
}

_USES = {"dev": "stop training", "test": "bless a model"}
_REMEDY = "name the files train, dev and test (such as train.conll), or give one single file"


class Layout(NamedTuple):
    """The files of a corpus.

    Attributes:
        root: the folder, or the folder of the single file.
        splits: files that belong to a split as a whole, in order of their names.
        unassigned: files whose sentences a hash assigns to splits.
        shares: the splits' shares for that hash; None if `unassigned` is empty.
        ignored: files with the ending of a corpus file whose names name no split.
    """

    root: Path
    splits: dict[str, tuple[Path, ...]]
    unassigned: tuple[Path, ...] = ()
    shares: Shares | None = None
    ignored: tuple[Path, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the splits in the order train, dev, test; each of them must have sentences."""
        hashed = () if self.shares is None else [name for name in SPLITS if getattr(self.shares, name) > 0]
        return tuple(name for name in SPLITS if name in self.splits or name in hashed)

    def files(self) -> Iterator[tuple[Path, str | None]]:
        """Yield every file with its split, or None if a hash assigns its sentences; train files first."""
        for path in self.unassigned:
            yield path, None
        for name in SPLITS:
            for path in self.splits.get(name, ()):
                yield path, name

    def train_files(self) -> tuple[Path, ...]:
        """Return the files with train sentences, those with sentences of several splits included."""
        return self.unassigned + self.splits.get("train", ())


def is_file_name(name: str) -> bool:
    """Whether a file name has the ending of a corpus file. Does not look at the disk."""
    plain = name.lower().removesuffix(".gz")
    return Path(plain).suffix in ENDINGS or Path(plain).suffix[1:] in ALIASES


def find(data: str | Path, options: ReadOptions) -> Layout:
    """Find the files of a corpus.

    Args:
        data: a folder, or a single file.
        options: `hash_split` is used.

    Raises:
        CorpusError: nothing found, no train split, no way to make dev or test, or a file name that names two
            splits.
    """
    data = Path(data)
    if _is_file(data):
        return _split_by_hash(data.parent, (data,), options.hash_split)
    if not data.is_dir():
        what = "a pipe or a device" if data.exists() else "no such file or folder"
        raise CorpusError(
            what, path=data, expected="a folder or a regular file", remedy="check the path of the data"
        )
    named: dict[str, list[Path]] = {}
    unnamed: list[Path] = []
    for path in _entries(data):
        if path.name.startswith("."):
            continue
        if _is_folder(path):
            split = ALIASES.get(path.name.lower())
            if split:
                named.setdefault(split, []).extend(_corpus_files(path))
        elif is_file_name(path.name):
            split = _split_named(path)
            if split:
                named.setdefault(split, []).append(path)
            else:
                unnamed.append(path)
    return _layout(data, {name: tuple(files) for name, files in named.items() if files}, unnamed, options)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise _unreadable(path, error) from error


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        # The folder around it may be listed and not entered.
        raise _unreadable(path, error) from error


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise _unreadable(folder, error) from error


def _unreadable(path: Path, error: OSError) -> CorpusError:
    return CorpusError(
        error.strerror or str(error),
        path=path,
        expected="a folder that can be read",
        remedy="check the path and its permissions",
    )


def _layout(
    root: Path, named: dict[str, tuple[Path, ...]], unnamed: list[Path], options: ReadOptions
) -> Layout:
    shares = options.hash_split
    if not named and len(unnamed) == 1:
        return _split_by_hash(root, tuple(unnamed), shares)
    if "train" not in named:
        paths = [*(path for files in named.values() for path in files), *unnamed[:5]]
        found = ", ".join(path.name for path in paths) or "no corpus file"
        raise CorpusError(
            f"no train split (found: {found})",
            path=root,
            expected=f"train, dev and test in files ending in {', '.join(sorted(ENDINGS))} (or .gz of these)",
            remedy=_REMEDY,
        )
    ignored = tuple(unnamed)
    missing = [name for name in SPLITS if name not in named]
    if not missing:
        return Layout(root, named, ignored=ignored)
    shares = Shares(
        train=shares.train,
        dev=_share_from_train("dev", named, shares, root),
        test=_share_from_train("test", named, shares, root),
    )
    train = named.pop("train")
    return Layout(root, named, train, shares, ignored)


def _share_from_train(name: str, named: dict[str, tuple[Path, ...]], shares: Shares, root: Path) -> float:
    """Return the share of train that becomes a missing split; 0 if the split has files of its own."""
    if name in named:
        return 0.0
    share: float = getattr(shares, name)
    if share <= 0:
        raise CorpusError(
            f"no {name} split, and hash_split gives {name} nothing",
            path=root,
            expected=f"a {name} split, to {_USES[name]} by",
            remedy=f"add a {name} file, or set hash_split.{name} above 0",
        )
    return share


def _split_by_hash(root: Path, files: tuple[Path, ...], shares: Shares) -> Layout:
    for name in _USES:
        _share_from_train(name, {}, shares, root)
    return Layout(root, {}, files, shares)


def _corpus_files(folder: Path) -> list[Path]:
    return [
        path
        for path in _entries(folder)
        if not path.name.startswith(".") and is_file_name(path.name) and _is_file(path)
    ]


def _split_named(path: Path) -> str | None:
    splits = {ALIASES[part] for part in re.split(r"[._-]", path.name.lower()) if part in ALIASES}
    if len(splits) > 1:
        raise CorpusError(
            f"the file name stands for {' and '.join(sorted(splits))}",
            path=path,
            expected="one split in a file's name",
            remedy="rename the file",
        )
    return splits.pop() if splits else None
