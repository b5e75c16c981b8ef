"""Find the files of a corpus and the split that each belongs to.

`corpus.files` names the files of the splits. Without it a file belongs to a split if a word of its name
(`corpus.splits.names`) is the split's name or an alias, or if it lies in a sub-folder of that name; a name that
ends in a split's name without a gap (`wnut17train.conll`) counts if no file is train otherwise, one file or
several forms of it end so, and dev or test is there, with the same beginning or named outright. Which of several
files of one split are read: `corpus.splits.selection`. Then:

- train, dev and test: as they are;
- train, and one or none of the others: a missing split is cut from train by hash, with its share of
  `hash_split`;
- a single file of any name, or documents of brat: cut into train, dev and test by hash.

All three are needed: dev for early stopping, test for the model gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from corpus.errors import CorpusError
from corpus.formats.table import ENDINGS, plain_suffix
from corpus.options import SPLITS, ReadOptions, Shares
from corpus.splits.chosen import chosen_files
from corpus.splits.folders import corpus_files, entries, is_file, is_folder, listed
from corpus.splits.names import ALIASES, glued_split, is_file_name, read_name
from corpus.splits.selection import (
    DOCUMENT_ENDING,
    Ignored,
    ambiguous,
    companions,
    one_form_each,
    require_parallel,
    without_companions,
    without_leftovers,
)

_USES = {"dev": "stop training", "test": "bless a model"}
_REMEDY = "name the files train, dev and test (such as train.conll), name them in corpus.files, or give one single file"


class Layout(NamedTuple):
    """The files of a corpus.

    Attributes:
        root: the folder, or the folder of the single file.
        splits: files that belong to a split as a whole, in order of their names.
        unassigned: files whose sentences a hash assigns to splits.
        shares: the splits' shares for that hash; None if `unassigned` is empty.
        ignored: files with names of corpus files that are not read, and why.
    """

    root: Path
    splits: dict[str, tuple[Path, ...]]
    unassigned: tuple[Path, ...] = ()
    shares: Shares | None = None
    ignored: tuple[Ignored, ...] = ()

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

    def files_of(self, split: str) -> Iterator[Path]:
        """Yield the files with sentences of a split."""
        for path, name in self.files():
            if name == split or (name is None and split not in self.splits):
                yield path

    def companions(self) -> Iterator[Path]:
        """Yield the files that others are read with, such as the text of a file of annotations."""
        for path, _ in self.files():
            yield from companions(path)

    def train_files(self) -> tuple[Path, ...]:
        """Return the files with train sentences, those with sentences of several splits included."""
        return tuple(self.files_of("train"))


def find(data: str | Path, options: ReadOptions) -> Layout:
    """Find the files of a corpus. Files are opened only where one split has a name in several forms.

    Args:
        data: a folder, or a single file.
        options: `files` and `hash_split` are used; the others to compare files.

    Raises:
        CorpusError: nothing found, no train split, no way to make dev or test, a file name that names two
            splits, or several readings of the folder.
    """
    data = Path(data)
    if is_file(data):
        if options.files:
            raise CorpusError(
                "a file, and corpus.files names files of a folder",
                path=data,
                expected="a folder",
                remedy="give the folder, or leave corpus.files out",
            )
        return _split_by_hash(data.parent, (data,), options.hash_split)
    if not data.is_dir():
        what = "a pipe or a device" if data.exists() else "no such file or folder"
        raise CorpusError(
            what, path=data, expected="a folder or a regular file", remedy="check the path of the data"
        )
    if options.files:
        return _chosen(data, options)
    files: list[Path] = []
    folders: dict[str, list[Path]] = {}
    for path in entries(data):
        if is_folder(path):
            split = ALIASES.get(path.name.lower())
            if split:
                folders.setdefault(split, []).append(path)
        elif is_file_name(path.name):
            files.append(path)
    return _by_names(data, without_companions(files), folders, options)


def _chosen(root: Path, options: ReadOptions) -> Layout:
    named = chosen_files(root, options.files)
    read = {path for files in named.values() for path in files}
    read |= {other for path in read for other in companions(path)}
    ignored = [
        Ignored(path, "not named in corpus.files", "none needed")
        for path in corpus_files(root)
        if path not in read
    ]
    return _layout(root, {name: tuple(files) for name, files in named.items()}, [], ignored, options)


def _by_names(root: Path, files: list[Path], folders: dict[str, list[Path]], options: ReadOptions) -> Layout:
    in_folders: dict[str, list[tuple[Path, list[Path]]]] = {}
    ignored: list[Ignored] = []
    for split, paths in folders.items():
        for folder in paths:
            found, left = one_form_each(
                without_companions(corpus_files(folder)), options, split=split, by_words=False
            )
            ignored += left
            if found:
                in_folders.setdefault(split, []).append((folder, found))
    kept, left = without_leftovers([path for path in files if read_name(path.name).splits], in_folders)
    ignored += left
    by_split: dict[str, list[Path]] = {}
    for path in kept:
        by_split.setdefault(_split_named(path), []).append(path)
    unnamed = [path for path in files if not read_name(path.name).splits]
    if "train" not in by_split and "train" not in in_folders:
        unnamed = _add_glued(by_split, unnamed, in_folders)
    named: dict[str, tuple[Path, ...]] = {}
    for split in SPLITS:
        found, left = one_form_each(by_split.get(split, ()), options, split=split)
        ignored += left
        require_parallel(found, split)
        inside = in_folders.get(split, [])
        if len(inside) + bool(found) > 1:
            what = [*(path.name for path in found), *(f"the folder {folder.name}" for folder, _ in inside)]
            raise ambiguous(
                f"{' and '.join(what)} are all {split} by their names",
                split,
                found[0] if found else inside[0][0],
            )
        for paths in (found, *(paths for _, paths in inside)):
            if paths:
                named[split] = tuple(paths)
    if not named:
        unnamed, left = one_form_each(unnamed, options)
        ignored += left
    return _layout(root, named, unnamed, ignored, options)


def _add_glued(by_split: dict[str, list[Path]], unnamed: list[Path], folders: Iterable[str]) -> list[Path]:
    """Add files whose names end in a split's name without a gap; return the others."""
    glued = {path: parted for path in unnamed if (parted := glued_split(path.name))}
    beginnings = {beginning for beginning, split in glued.values() if split == "train"}
    if len(beginnings) != 1:
        return unnamed
    outright = {*by_split, *folders}
    taken = {
        path: split
        for path, (beginning, split) in glued.items()
        if beginning in beginnings and split not in outright
    }
    if not {*taken.values(), *outright} - {"train"}:
        return unnamed
    for path, split in taken.items():
        by_split.setdefault(split, []).append(path)
    return [path for path in unnamed if path not in taken]


def _layout(
    root: Path,
    named: dict[str, tuple[Path, ...]],
    unnamed: list[Path],
    ignored: list[Ignored],
    options: ReadOptions,
) -> Layout:
    shares = options.hash_split
    # Of brat, a file is a document of the corpus, whatever it is called.
    documents = bool(unnamed) and all(plain_suffix(path.name) == DOCUMENT_ENDING for path in unnamed)
    if not named and (len(unnamed) == 1 or documents):
        return _split_by_hash(root, tuple(unnamed), shares)._replace(ignored=tuple(ignored))
    if "train" not in named:
        raise _no_train(root, [*(path for files in named.values() for path in files), *unnamed])
    left = (*ignored, *(Ignored(path, "its name names no split") for path in unnamed))
    missing = [name for name in SPLITS if name not in named]
    if not missing:
        return Layout(root, named, ignored=left)
    shares = Shares(
        train=shares.train,
        dev=_share_from_train("dev", named, shares, root),
        test=_share_from_train("test", named, shares, root),
    )
    train = named.pop("train")
    return Layout(root, named, train, shares, left)


def _no_train(root: Path, paths: list[Path]) -> CorpusError:
    if paths:
        found = listed(path.relative_to(root).as_posix() for path in paths)
    else:
        seen = [inside.relative_to(root).as_posix() for path in entries(root) for inside in _inside(path)]
        found = f"no corpus file{' among ' + listed(seen) if seen else ''}"
    return CorpusError(
        f"no train split (found: {found})",
        path=root,
        expected=f"train, dev and test in the names of files or folders, files ending in "
        f"{', '.join(sorted(ENDINGS))} (or .gz of these)",
        remedy=_REMEDY,
    )


def _inside(path: Path) -> list[Path]:
    """Return what to show of a folder of a split: what lies in it."""
    if path.name.lower() in ALIASES and is_folder(path):
        return entries(path)
    return [path]


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


def _split_named(path: Path) -> str:
    splits = read_name(path.name).splits
    if len(splits) > 1:
        raise CorpusError(
            f"the file name stands for {' and '.join(sorted(splits))}",
            path=path,
            expected="one split in a file's name",
            remedy="rename the file, or name the files to read of every split (corpus.files.train and so on)",
        )
    return next(iter(splits))
