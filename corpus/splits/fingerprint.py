"""One hash for a corpus: of its files' contents and of the split that each is used for."""

from __future__ import annotations

import hashlib
from pathlib import Path

from corpus.splits.layout import Layout
from files.sums import sha256_of


def fingerprint(layout: Layout) -> str:
    """Compute SHA-256, in hex, over the name, the split and the contents of every file. Reads all of them.

    Files that others are read with count too.

    Dates and the folder do not count: a copy of a corpus has the same fingerprint.
    """
    total = hashlib.sha256()
    for path, use in (*layout.files(), *((path, "beside") for path in layout.companions())):
        name = path.relative_to(layout.root) if path.is_relative_to(layout.root) else Path(path.name)
        line = f"{use or 'by hash'}\0{name.as_posix()}\0{sha256_of(path)}\n"
        # A file name may hold any bytes.
        total.update(line.encode("utf-8", "surrogateescape"))
    return total.hexdigest()
