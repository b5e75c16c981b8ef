"""The files of the splits as the setting `corpus.files` names them: a file, a folder or a pattern for each split."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath

from corpus.errors import CorpusError
from corpus.options import Split
from corpus.splits.folders import corpus_files, entries, is_file, is_folder, listed
from corpus.splits.selection import without_companions


def chosen_files(root: Path, files: Mapping[Split, str]) -> dict[str, list[Path]]:
    """Find the files of every split that is named; names and endings do not count.

    Args:
        root: the folder of the corpus.
        files: for each split a path or a glob pattern (`**` is any folder) below the folder.

    Raises:
        CorpusError: train is not named, a pattern matches nothing or leads out of the folder, or a file is
            matched for two splits.
    """
    if "train" not in files:
        raise CorpusError(
            f"corpus.files names {', '.join(files)} and not train",
            path=root,
            expected="files of train: dev and test can be cut from train, train from nothing",
            remedy="add corpus.files.train",
        )
    found: dict[str, list[Path]] = {}
    split_of: dict[Path, str] = {}
    for split, pattern in files.items():
        found[split] = without_companions(_matches(root, split, pattern))
        for path in found[split]:
            other = split_of.setdefault(path, split)
            if other != split:
                raise CorpusError(
                    f"corpus.files names it for {other} and for {split}",
                    path=path,
                    expected="a file of one split",
                    remedy=f"correct corpus.files.{other} or corpus.files.{split}",
                )
    return found


def _matches(root: Path, split: str, pattern: str) -> list[Path]:
    parts = PurePath(pattern).parts
    if not parts or ".." in parts or PurePath(pattern).is_absolute():
        raise CorpusError(
            f"corpus.files.{split} is {pattern!r}",
            path=root,
            expected="a file name or a pattern below the folder, such as train*.conll",
            remedy=f"correct corpus.files.{split}",
        )
    # A name may hold the signs of a pattern: `train[1].conll`.
    named = root / pattern
    if is_file(named):
        return [named]
    if is_folder(named):
        matches = corpus_files(named)
    else:
        hidden = parts[-1].startswith(".")
        try:
            matches = sorted(
                path for path in root.glob(pattern) if is_file(path) and (hidden or path.name[0] != ".")
            )
        except ValueError:
            matches = []
    if not matches:
        seen = [path.name + "/" * is_folder(path) for path in entries(root)]
        raise CorpusError(
            f"corpus.files.{split}: nothing matches {pattern!r}",
            path=root,
            expected=f"one of {listed(seen)}" if seen else "a file; the folder is empty",
            remedy="correct the name or the pattern",
        )
    return matches
