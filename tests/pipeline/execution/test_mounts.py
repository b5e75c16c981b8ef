"""Paths of a cluster as paths of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.execution.mounts import Mounts
from pipeline.settings import SettingsError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/tagline", "/w"),
        ("/tagline/runs/x", "/w/runs/x"),
        ("/tagline/sample/corpus", "/s/corpus"),
        ("/tagline/sampled", "/w/sampled"),
        ("/taglines/x", "/taglines/x"),
        ("/other/tagline/x", "/other/tagline/x"),
        ("image/tagline:latest", "image/tagline:latest"),
        ("--root=/tagline/runs --tmp=/tagline", "--root=/w/runs --tmp=/w"),
        (json.dumps({"a": json.dumps({"b": "/tagline/x"})}), json.dumps({"a": json.dumps({"b": "/w/x"})})),
        ("root: /tagline\nmodels: /tagline/m\n", "root: /w\nmodels: /w/m\n"),
        ("gs://bucket/x", "/g/x"),
        ("gs://bucket2/x", "gs://bucket2/x"),
    ],
)
def test_the_nearest_mount_counts(text: str, expected: str) -> None:
    mounts = Mounts(["/tagline=/w", "/tagline/sample=/s", "gs://bucket=/g"])
    assert mounts.translate(text) == expected


def test_a_folder_is_taken_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Mounts(["/v/=x"]).translate("/v/y") == f"{tmp_path}/x/y"
    assert Mounts().translate("/v/y") == "/v/y"


@pytest.mark.parametrize("wrong", ["/v", "v=x", "/v=", "/v=a b", '/v="', "http://h=x"])
def test_illegal_mounts_are_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match="--mount"):
        Mounts([wrong])
