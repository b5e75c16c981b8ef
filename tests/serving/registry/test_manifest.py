"""The files of a version compared with its manifest, on versions that a real push has made."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.registry import pushing
from serving.registry.manifest import BrokenManifest, Verdict, file_sums, holds, manifest, verify
from serving.registry.version_folder import MANIFEST, MANIFEST_SUM, size


@pytest.fixture
def pushed(tmp_path: Path) -> Path:
    source = tmp_path / "model"
    (source / "variables").mkdir(parents=True)
    (source / "saved_model.pb").write_bytes(b"graph")
    (source / "variables" / "variables.data").write_bytes(bytes(3_000_000))
    return pushing.push(source, tmp_path / "pushed", 1, extra={"settings.yaml": "a: 1\n"}, about={})


def test_a_pushed_version_is_intact(pushed: Path) -> None:
    read: list[int] = []
    verdict = verify(pushed, read.append)
    assert verdict == Verdict(3)
    assert verdict.is_intact
    # In pieces, so that a large file shows progress.
    assert sum(read) == size(pushed) - sum(
        (pushed / name).stat().st_size for name in (MANIFEST, MANIFEST_SUM)
    )
    assert len(read) > 3


def test_missing_extra_and_changed_files_are_listed(pushed: Path) -> None:
    (pushed / "saved_model.pb").unlink()
    (pushed / "variables" / "more").touch()
    data = bytearray((pushed / "variables" / "variables.data").read_bytes())
    data[1_500_000] ^= 1  # one bit, the size unchanged
    (pushed / "variables" / "variables.data").write_bytes(data)
    verdict = verify(pushed)
    assert verdict == Verdict(
        3, missing=("saved_model.pb",), extra=("variables/more",), changed=("variables/variables.data",)
    )
    assert not verdict.is_intact


def test_without_a_manifest_there_is_nothing_to_compare(pushed: Path) -> None:
    (pushed / MANIFEST).unlink()
    assert "holds its sum" in verify(pushed).broken
    (pushed / MANIFEST_SUM).unlink()
    assert manifest(pushed) == {}
    assert verify(pushed) == Verdict(None)


@pytest.mark.parametrize("text", ["{", "[]", '{"files": []}', "\xff"])
def test_a_broken_manifest_is_named(pushed: Path, text: str) -> None:
    (pushed / MANIFEST).write_bytes(text.encode("latin-1"))
    verdict = verify(pushed)
    assert str(pushed / MANIFEST) in verdict.broken
    assert not verdict.is_intact
    with pytest.raises(
        BrokenManifest, match=r"manifest\.json: (not the JSON of a manifest|expected an object)"
    ):
        manifest(pushed)


def test_a_version_holds_a_model_if_the_files_are_the_same_and_intact(pushed: Path, tmp_path: Path) -> None:
    sums = file_sums(tmp_path / "model")
    assert holds(pushed, sums)
    assert not holds(pushed, {**sums, "saved_model.pb": "0"})
    assert not holds(pushed, {**sums, "another": "0"})
    (pushed / "saved_model.pb").write_bytes(b"grapH")
    assert not holds(pushed, sums)
    assert not holds(tmp_path / "model", sums)  # without a manifest


@pytest.mark.parametrize("content", [b"", b'{"version": 1, "fi', b"\xff\0\xfe"])
def test_a_version_whose_manifest_is_damaged_holds_no_model_and_is_told(
    pushed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (pushed / MANIFEST).write_bytes(content)
    assert not holds(pushed, file_sums(tmp_path / "model"))
    assert [line.partition(":")[0] for line in caplog.messages] == [str(pushed / MANIFEST)]
