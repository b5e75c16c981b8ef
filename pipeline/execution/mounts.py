"""Folders of this machine in place of a cluster's volumes: `--mount /tagline=build/cluster`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from pipeline.settings import SettingsError

# Paths stand inside JSON and YAML that is itself text in the spec, so they may hold nothing that needs quotes there.
_PLAIN = re.compile(r"/[A-Za-z0-9._/-]*[A-Za-z0-9._-]")
_SOURCE = re.compile(r"(/|(gs|s3|minio)://)[A-Za-z0-9._/-]*[A-Za-z0-9._-]")


class Mounts:
    """Turns paths below a volume, or a bucket, into paths of this machine, wherever they stand in a text.

    Of nested mounts the innermost counts, as in a kernel.
    """

    def __init__(self, assignments: Iterable[str] = ()) -> None:
        """Raises:
        SettingsError: not of the form PATH=DIR, or a folder whose path would need quotes.
        """
        self.folders: dict[str, str] = {}
        for assignment in assignments:
            source, equals, folder = assignment.partition("=")
            if not equals or not folder or not _SOURCE.fullmatch(source.rstrip("/")):
                raise SettingsError(
                    f"--mount {assignment}: expected PATH=DIR, such as /tagline=build/cluster"
                )
            local = os.path.abspath(folder)
            if not _PLAIN.fullmatch(local):
                raise SettingsError(
                    f"--mount {assignment}: found {local}; expected a folder whose path has letters, digits and "
                    "._/- alone; a symbolic link can give it such a path"
                )
            self.folders[source.rstrip("/")] = local
        longest_first = sorted(self.folders, key=len, reverse=True)
        names = "|".join(map(re.escape, longest_first))
        self._pattern = re.compile(rf"(?<![\w./-])({names})(?![\w.-])") if names else None

    def translate(self, text: str) -> str:
        """The text with every path below a mount as it is on this machine."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self.folders[match[1]], text)
