"""Bytes of pushed versions are changed: none of them is loaded, and the last good version goes on answering."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from serving.client import Tagger
from serving.registry import pushing, signature
from serving.server.flags import Flags
from serving.server.versions.verified import check
from serving.server.wire.errors import ServingError
from tests.faults.conftest import Faults
from tests.serving import tiny_model
from tests.serving.folders import states, until
from tests.serving.keys import write_keys
from tests.serving.registry.test_pushing import push, source_in
from tests.serving.running import running
from tests.serving.server.background import BackgroundClients

FLIPS = 200


def flipped(path: Path, draw: random.Random) -> bytes:
    """Change one byte of a file at random; return what it was."""
    content = bytearray(path.read_bytes())
    was = bytes(content)
    content[draw.randrange(len(content))] ^= draw.randrange(1, 256)
    path.write_bytes(content)
    return was


def test_any_byte_of_any_file(tmp_path: Path, faults: Faults) -> None:
    private, public = write_keys(tmp_path / "keys")
    version = push(source_in(tmp_path / "model"), tmp_path / "base", 1)
    signature.sign(version, private)
    files = sorted(path for path in version.rglob("*") if path.is_file() and path.stat().st_size)
    assert len(files) == 8
    draw = random.Random(0)
    for number in range(FLIPS):
        path = files[number % len(files)]
        was = flipped(path, draw)
        with faults.tried(), pytest.raises(ServingError, match=path.name):
            check(version, public_key=public)
        path.write_bytes(was)
    check(version, public_key=public)


def test_the_last_good_version_goes_on(tmp_path: Path, faults: Faults) -> None:
    tiny_model.export(tmp_path / "model", "PER")
    tiny_model.export(tmp_path / "better", "ORG")
    base, draft = tmp_path / "base", tmp_path / "draft"
    good = pushing.push(tmp_path / "model", base, 1, extra={"settings.yaml": "a: 1\n"}, about={})
    pushing.push(tmp_path / "better", draft, 2, extra={"settings.yaml": "a: 1\n"}, about={})
    names = sorted(path.relative_to(draft / "2") for path in (draft / "2").rglob("*") if path.is_file())
    flags = Flags(
        model_base_path=str(base),
        model_name="tagger",
        port=0,
        file_system_poll_wait_seconds=0.05,
        max_num_load_retries=0,
        require_manifest=True,
    )
    draw = random.Random(1)
    with running(flags) as server, Tagger(server.target, retries=0) as tagger:
        with BackgroundClients(tagger) as clients:
            for number, name in enumerate(names, start=2):
                bad = Path(shutil.copytree(draft / "2", tmp_path / "staged"))
                if (bad / name).stat().st_size:
                    flipped(bad / name, draw)
                else:
                    (bad / name).unlink()
                with faults.tried():
                    bad.rename(base / str(number))
                    until(lambda number=number: states(tagger).get(number) == "END", f"{name} is refused")
                    (status,) = (one for one in tagger.status() if one.version == number)
                    assert name.name in status.error
                    assert states(tagger)[1] == "AVAILABLE"
            # What is served lies in memory: the files may be replaced, cut, and taken away.
            for damage in (b"another", b""):
                with faults.tried():
                    for path in [path for path in good.rglob("*") if path.is_file()]:
                        path.write_bytes(damage)
                    assert tagger.tag("Anna").entities[0].label == "PER"
            with faults.tried():
                shutil.rmtree(good)
                assert tagger.tag("Anna").entities[0].label == "PER"
            last = len(names) + 2
            with faults.tried():
                pushing.push(tmp_path / "better", base, last, extra={}, about={})
                until(lambda: states(tagger).get(last) == "AVAILABLE", "the good version is served")
        assert clients.labels <= {"PER", "ORG"}
        assert tagger.tag("Anna").entities[0].label == "ORG"
