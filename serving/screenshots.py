"""Take the pictures of the demo page that the documents show: `python -m serving.screenshots [--model NAME]`.

Needs playwright and a Chromium, which the tests of the page need too, and a pushed model with the signature
`explain`.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from serving.server.process import start_server_process

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture: the text on the page, and the entity under the pointer."""

    name: str
    scheme: Literal["light", "dark"]
    width: int
    height: int
    text: str
    entity: str
    scale: float = 1


SHOTS = (
    Shot(
        name="demo-light",
        scheme="light",
        width=1280,
        height=940,
        text="Washington beat Victoria 3-1 in Boston, said Madison Wells of the Stafford Institute.",
        entity="Washington",
    ),
    Shot(
        name="demo-dark",
        scheme="dark",
        width=1280,
        height=940,
        text="The German minister met Karin Almeida in Cairo, and Bank of Nagoya paid Thornton Airlines "
        "34 million euros.",
        entity="Karin Almeida",
    ),
    Shot(
        name="demo-phone",
        scheme="light",
        width=360,
        height=780,
        text="Dr. Anna Keller flew from Berlin to the University of Oslo in May.",
        entity="Anna Keller",
        scale=2,
    ),
)


def main(arguments: list[str]) -> int:
    """Start a server and take all pictures; return 1 if no browser is installed."""
    parser = argparse.ArgumentParser(prog="python -m serving.screenshots", description=__doc__)
    parser.add_argument(
        "--models",
        type=Path,
        default=_ROOT / "serving_models",
        help="folder of models (default: serving_models)",
    )
    parser.add_argument("--model", default="sample", help="the model's name (default: sample)")
    parser.add_argument("--output", type=Path, default=_ROOT / "docs" / "images", help="default: docs/images")
    options = parser.parse_args(arguments)
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print(f"found none of {', '.join(BROWSERS)} on the PATH: install one of them", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        start_server_process(
            options.models / options.model,
            options.model,
            Path(folder, "log"),
            rest_api_port=-1,
            extra_flags=["--demo"],
        ) as server,
    ):
        take(f"http://{server.rest_target}/", program, options.output)
    return 0


def take(address: str, program: str, output: Path) -> None:
    """Write every picture of the page at `address` to `output`, by the browser `program`."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for shot in SHOTS:
            page = browser.new_page(
                viewport={"width": shot.width, "height": shot.height},
                color_scheme=shot.scheme,
                device_scale_factor=shot.scale,
            )
            # Twice: the page shows the time of an answer, and the first one takes longer.
            for _ in range(2):
                page.goto("about:blank")
                page.goto(f"{address}#text={quote(shot.text)}")
                page.locator("#sequences li").first.wait_for()
            mark = page.locator("#marked mark", has_text=shot.entity).first
            mark.locator(".word").first.hover()
            page.locator("#tip").wait_for()
            path = output / f"{shot.name}.png"
            picture = Image.open(io.BytesIO(page.screenshot()))
            # A page of few colours: a palette holds them, in a third of the bytes.
            picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
            print(f"{path}: {path.stat().st_size / 1024:.0f} KB")
        browser.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
