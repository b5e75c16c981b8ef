"""Which report the pictures are taken of, and that they are pictures."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from components.report import screenshots
from components.report.run_page.page import render
from serving.screenshots import BROWSERS
from tests.components.report.handmade_runs import PUSHED


def test_the_newest_report_of_a_run_folder_is_taken(tmp_path: Path) -> None:
    assert screenshots.latest(tmp_path) is None
    reports = tmp_path / "artifacts" / "Report" / "report"
    # By time: artifact numbers are no order among text, 9 against 12.
    for number, when in (("9", 200), ("12", 100)):
        (reports / number).mkdir(parents=True)
        (reports / number / "index.html").write_text(number)
        os.utime(reports / number / "index.html", (when, when))
    assert screenshots.latest(tmp_path) == reports / "9" / "index.html"
    assert screenshots.latest(reports / "12") == reports / "12" / "index.html"


def test_a_folder_without_a_report_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert screenshots.main([str(tmp_path)]) == 1
    assert "run the pipeline first" in capsys.readouterr().err


def test_the_pictures_are_small_and_as_wide_as_they_should_be(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(render(PUSHED), encoding="utf-8")
    program = next(filter(None, map(shutil.which, BROWSERS)))
    screenshots.take(tmp_path / "index.html", program, tmp_path / "images")
    for shot in screenshots.SHOTS:
        path = tmp_path / "images" / f"{shot.name}.png"
        assert Image.open(path).size == (1400, shot.height)
        assert path.stat().st_size < 300_000
