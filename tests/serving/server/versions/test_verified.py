"""A version is loaded only if it is what was pushed, and signed where a key is given."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from serving.registry import signature
from serving.server.graph.servable import Servable
from serving.server.versions.verified import check, verified
from serving.server.wire.errors import Code, ServingError
from tests.serving.keys import write_keys
from tests.serving.registry.test_pushing import push, source_in

pytestmark = pytest.mark.embedded


@pytest.fixture
def version(tmp_path: Path) -> Path:
    return push(source_in(tmp_path / "model"), tmp_path / "base", 3)


def refusal(version: Path, **options: Any) -> ServingError:
    with pytest.raises(ServingError) as caught:
        check(version, **options)
    assert str(version) in caught.value.message
    return caught.value


def test_an_intact_version_is_loaded_and_the_cost_is_told(
    version: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        check(version, require_manifest=True)
    (line,) = caplog.messages
    assert line.startswith(f"Verified {version}: 6 files, 0.0 MB, in 0.0")


def test_what_differs_is_named(version: Path) -> None:
    (version / "saved_model.pb").write_bytes(b"grapH")
    (version / "variables" / "variables.index").unlink()
    (version / "more").touch()
    error = refusal(version)
    assert error.code is Code.DATA_LOSS
    assert "missing variables/variables.index, extra more, changed saved_model.pb; push" in error.message


def test_a_version_without_a_manifest_is_told_or_refused(
    version: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("manifest.json", "manifest.json.sha256"):
        (version / name).unlink()
    check(version)
    assert caplog.messages == [f"{version} has no manifest.json: it is loaded as it is, unverified"]
    assert refusal(version, require_manifest=True).code is Code.FAILED_PRECONDITION


@pytest.mark.parametrize("damage", [b"", b'{"version": 3, "fil', b"\xff\0\xfe", None])
def test_a_damaged_manifest_is_refused_and_so_is_a_lost_one_whose_sum_is_there(
    version: Path, damage: bytes | None
) -> None:
    (version / "manifest.json").unlink()
    if damage is not None:
        (version / "manifest.json").write_bytes(damage)
    assert refusal(version).code is Code.DATA_LOSS


def test_a_change_of_what_the_manifest_says_of_the_model_is_refused(version: Path) -> None:
    path = version / "manifest.json"
    path.write_text(path.read_text().replace('"run_id": "r"', '"run_id": "s"'))
    assert "changed manifest.json, or manifest.json.sha256" in refusal(version).message
    (version / "manifest.json.sha256").unlink()
    check(version)  # a version of before it was kept


def test_links_that_lead_out_are_refused(version: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.move(version / "saved_model.pb", outside / "saved_model.pb")
    (version / "saved_model.pb").symlink_to(outside / "saved_model.pb")
    assert "is a link to" in refusal(version).message
    (version.parent / "4").symlink_to(outside)
    assert refusal(version.parent / "4").code is Code.FAILED_PRECONDITION
    # The base path itself may be a link, and a link within it leads nowhere else.
    (tmp_path / "link").symlink_to(version.parent)
    shutil.copy(outside / "saved_model.pb", version.parent / ".shared")
    (version / "saved_model.pb").unlink()
    (version / "saved_model.pb").symlink_to("../.shared")
    check(tmp_path / "link" / "3")


def test_a_linked_folder_whose_files_nobody_summed_is_refused(version: Path) -> None:
    (version.parent / ".other").mkdir()
    (version / "assets").symlink_to("../.other")
    assert "extra assets" in refusal(version).message


def test_only_what_the_key_signed_is_loaded(version: Path, tmp_path: Path) -> None:
    private, public = write_keys(tmp_path / "ours")
    stranger, _ = write_keys(tmp_path / "theirs")
    assert "it was never signed" in refusal(version, public_key=public).message
    signature.sign(version, stranger)
    assert refusal(version, public_key=public).code is Code.PERMISSION_DENIED
    signature.sign(version, private)
    check(version, public_key=public, require_manifest=True)
    shutil.copytree(version, version.parent / "9")
    assert "is that of version 3" in refusal(version.parent / "9", public_key=public).message
    (version / "empty").write_bytes(b"x")
    assert "changed empty" in refusal(version, public_key=public).message
    assert refusal(version.parent / "9", public_key=private).code is Code.INVALID_ARGUMENT


def test_a_version_that_changes_while_it_is_loaded_is_not_served(version: Path) -> None:
    closed: list[bool] = []

    class Loaded:
        def close_when_unused(self) -> None:
            closed.append(True)

    def load(_: str, __: int, path: Path) -> Servable:
        (path / "saved_model.pb").write_bytes(b"another")
        return cast(Servable, Loaded())

    with pytest.raises(ServingError, match="was changed while it was loaded"):
        verified(load)("tagger", 3, version)
    assert closed == [True]
