"""Take screenshots of every page, 1440 x 900, light, and two animations, for the README and docs/.

    python -m benchmarks.screenshots docs/pictures            # all of them
    python -m benchmarks.screenshots docs/pictures --sketch   # only sketch.webp, which needs no browser

Writes sketch.webp: how a network paints a bundled sketch by many views, from seed 0, as *Save animation* stores it.
Then starts the app on a free port, opens each page in Chromium, waits until it is stable, and writes story.webp,
frequency.webp, inpainting.webp, generation.webp, findings.webp, models.webp (lossless) and play.webp: the wave running
outward.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from playwright.sync_api import Page, expect

from benchmarks.serving import APP, chromium, server
from core import draw, load_classifier
from core.data.sketches import FIRST_SKETCH, SKETCHES, draw_sketch, encode_sketch
from core.pgd.drawings import painter_name
from tests.browser.waiting import PATIENCE, wait_until_still
from ui.runs.export import animation_file

_PAGES = ("story", "frequency", "inpainting", "generation", "findings", "models")
_SIZE = {"width": 1440, "height": 900}
_PLAYED, FRAME_MS, FRAME_WIDTH = 22, 300, 900  # of the animation: a frame for each radius, 0 to 21


def paint_sketch(out: Path) -> Path:
    """Paint a bundled sketch and write the animation into the folder `out`; return its path."""
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # as for the stored paintings: with more, sums round differently
    sketch = draw_sketch(FIRST_SKETCH)
    run = draw(load_classifier(painter_name()), SKETCHES[FIRST_SKETCH].word, method="views", sketch=sketch, seed=0)
    # The app notes the sketch in a run's facts; the animation begins with it.
    images = {**run.metadata["images"], "sketch": encode_sketch(sketch)}
    path = out / "sketch.webp"
    path.write_bytes(animation_file([replace(run, metadata={**run.metadata, "images": images})], 0))
    return path


def take_screenshots(out: Path) -> list[Path]:
    """Write the pictures into the folder `out`; return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    with server(APP) as (url, _), chromium() as browser:
        for name in _PAGES:
            page = browser.new_page(viewport=_SIZE, color_scheme="light", reduced_motion="reduce")
            page.goto(f"{url}/{name}")
            expect(page.locator(".st-key-footer")).to_be_visible(timeout=PATIENCE)  # it is drawn last
            wait_until_still(page, frames=60)
            written.append(out / f"{name}.webp")
            _picture(page).save(written[-1], lossless=True, method=6)
            if name == "frequency":
                written.append(out / "play.webp")
                _play(page, written[-1])
            page.close()
    return written


def _picture(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def _play(page: Page, path: Path) -> None:
    """The animation that *Play* shows, of the upper part of the page."""
    page.get_by_role("button", name="Play").click()
    frames = []
    for _ in range(_PLAYED):
        page.wait_for_timeout(FRAME_MS)
        picture = _picture(page).crop((0, 60, _SIZE["width"], 660))
        frames.append(picture.resize((FRAME_WIDTH, FRAME_WIDTH * picture.height // picture.width)))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, quality=70, method=4)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of every page, for the README.")
    parser.add_argument("out", type=Path, help="folder to write them into")
    parser.add_argument("--sketch", action="store_true", help="write only sketch.webp, which needs no browser")
    arguments = parser.parse_args()
    print(paint_sketch(arguments.out))
    for path in () if arguments.sketch else take_screenshots(arguments.out):
        print(path)


if __name__ == "__main__":
    main()
