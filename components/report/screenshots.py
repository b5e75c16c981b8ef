"""Take the screenshots of a report for the documents: `python -m components.report.screenshots RUN_DIR`.

RUN_DIR is a pipeline's folder of runs, such as runs/sample, whose latest report is used, or a report's own folder.
Needs playwright and a Chromium, as the tests of the report do.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from serving.screenshots import BROWSERS

_ROOT = Path(__file__).resolve().parents[2]
_PAGE = "index.html"


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A screenshot: a part of the page in a colour scheme."""

    name: str
    scheme: Literal["light", "dark"]
    height: int
    part: str = ""


SHOTS = (
    Shot(name="report", scheme="light", height=1180),
    Shot(name="report-errors", scheme="dark", height=900, part="#errors"),
)
_WIDTH = 1400


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m components.report.screenshots", description=__doc__)
    parser.add_argument("run_dir", type=Path, help="such as runs/sample")
    parser.add_argument("--output", type=Path, default=_ROOT / "docs" / "images", help="default: docs/images")
    options = parser.parse_args(arguments)
    page = latest(options.run_dir)
    if page is None:
        print(
            f"{options.run_dir}: no report there; expected a folder such as runs/sample: run the pipeline first",
            file=sys.stderr,
        )
        return 1
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print(f"found none of {', '.join(BROWSERS)} on the PATH: install one of them", file=sys.stderr)
        return 1
    take(page, program, options.output)
    return 0


def latest(folder: Path) -> Path | None:
    """Find the page in `folder`, or the newest report below a pipeline's folder; None if there is no report."""
    if (folder / _PAGE).is_file():
        return folder / _PAGE
    pages = folder.glob(f"artifacts/Report/report/*/{_PAGE}")
    return max(pages, key=lambda page: page.stat().st_mtime, default=None)


def take(report: Path, program: str, output: Path) -> None:
    """Write every screenshot of `report` to the folder `output`, by the browser `program`."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    output.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for shot in SHOTS:
            page = browser.new_page(
                viewport={"width": _WIDTH, "height": shot.height}, color_scheme=shot.scheme
            )
            page.goto(f"{report.resolve().as_uri()}{shot.part}")
            path = output / f"{shot.name}.png"
            image = Image.open(io.BytesIO(page.screenshot()))
            # The page has few colours: with a palette the file has a third of the size.
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
            print(f"{path}: {path.stat().st_size / 1024:.0f} KB")
        browser.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
