"""What a PGD step costs in the app, with its page drawn in a browser; how often it is drawn, and how soon a run stops.

    python -m benchmarks.live mini-clip mini-resnet efficientnet-lite0

The page *Fill a hole* runs the bundled first picture with the paper's settings, in a real server and a real browser on
this machine; steps per second come from the run's own file. Before and after each run, with the page open and idle,
the same classifier's bare forward and backward pass is timed on one picture of that size, with as many threads as the
pages use; the ratio is the median over the runs. The same run without any page, in this process, tells what drawing
costs: `slower` is the share of time that it adds. Frames per second are counted in the browser, as changes of the step
that the page shows. A visitor's browser runs on another machine; this one shares the
server's cores, so it runs at the lowest priority (`--browser-nice 0` lets it compete). Stopping is timed inside the
browser, from the pointer's press to the sentence that says so. Needs the packages of requirements-dev.txt and a
Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import torch
from playwright.sync_api import Page, sync_playwright

from benchmarks.app import FLAGS, ROOT, server
from benchmarks.pgd import bare_step
from core.classifiers.registry import classifier_spec
from core.data.samples import load_samples
from core.images.masks import middle_square, square_side
from core.pgd.config import paper_inpainting
from core.runs.file import read_runs
from core.runs.plan import inpainting_plan
from core.runs.run import Run
from tests.chromium import find_chromium
from ui.server.model_cache import classifier_for

STEPS = {32: 1000, 224: 100}  # some seconds each, more than frames are counted for
WAIT_MS = 300_000
SHOWN = "() => document.body.innerText.includes('{}')"
FRAMES_MS = 4000  # frames are counted for so long
LOOK_EVERY_MS = 1000  # looking at every frame, as is the default, would keep a core busy by itself
# The replay and what it contains live in a shadow tree of their own.
REPLAY_STEP = """[...document.querySelectorAll("*")].map(one => one.shadowRoot?.querySelector(".replay .step"))
  .find(Boolean)"""
GOES_ON = f"() => {REPLAY_STEP}?.textContent.includes('ms per step')"
COUNT_FRAMES = f"""milliseconds => new Promise(resolve => {{
  const step = {REPLAY_STEP}, seen = new Set();
  const observer = new MutationObserver(() => seen.add(step.textContent.split(" ")[1]));
  observer.observe(step, {{childList: true, characterData: true, subtree: true}});
  setTimeout(() => resolve(1000 * seen.size / milliseconds), milliseconds);
}})"""
# Resolves with the milliseconds from the next press of the pointer to the first frame with the text.
STOPWATCH = """text => { window.waited = new Promise(resolve => {
  addEventListener("pointerdown", () => {
    const start = performance.now();
    const look = () => document.body.innerText.includes(text) ? resolve(performance.now() - start)
      : requestAnimationFrame(look);
    look();
  }, {once: true, capture: true});
}) }"""


def bare_ms(classifier: torch.nn.Module, image: torch.Tensor, seconds: float = 3.0) -> float:
    """Mean milliseconds of a forward and backward pass: the mean, because a run's time over its steps is one too."""
    target, passes = torch.tensor([1]), 0
    start = time.perf_counter()
    while (took := time.perf_counter() - start) < seconds:
        bare_step(classifier, image, target)
        passes += 1
    return 1000 * took / passes


def alone_ms(name: str, class_set: str, image: np.ndarray, steps: int) -> float:
    """Milliseconds per step of the page's first run without a page."""
    size = image.shape[-1]
    side = square_side(size)
    mask = middle_square(size, side)
    plan = inpainting_plan(image[None], mask, [0], replace(paper_inpainting(size), steps=steps))
    run = Run(plan, lambda: [classifier_for(name, class_set)])
    for _ in run.states():
        pass
    return 1000 * run.so_far()[0].metadata["source"]["wall_seconds"] / steps


def frames_per_second(page: Page) -> float:
    """How often the page shows another step while a run goes on."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function(GOES_ON, polling=LOOK_EVERY_MS, timeout=WAIT_MS)
    frames = page.evaluate(COUNT_FRAMES, FRAMES_MS)
    page.get_by_role("button", name="Stop the run").click()
    page.get_by_role("button", name="Run", exact=True).and_(page.locator(":enabled")).wait_for()
    return frames


def run_ms(page: Page, steps: int) -> float:
    """Milliseconds per step of one whole run."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Stop the run").wait_for()
    page.wait_for_function(SHOWN.format(f"Your run, {steps:,} steps"), polling=LOOK_EVERY_MS, timeout=WAIT_MS)
    page.locator("[class*=st-key-][class*=-download] button").first.click()
    with page.expect_download() as waiting:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name="Run file").click()
    page.keyboard.press("Escape")
    (run, *_) = read_runs(waiting.value.path().read_bytes(), name="the run")
    return 1000 * run.metadata["source"]["wall_seconds"] / steps


def stop_ms(page: Page) -> float:
    """Milliseconds from the press of the stop button to the page that says so."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function(GOES_ON, polling=LOOK_EVERY_MS, timeout=WAIT_MS)
    page.wait_for_timeout(1000)
    page.evaluate(STOPWATCH, "stopped by you")
    page.get_by_role("button", name="Stop the run").click()
    return page.evaluate("window.waited")


def measure(name: str, address: str, page: Page, rounds: int) -> dict[str, object]:
    """The figures of one classifier."""
    spec = classifier_spec(name)
    photographs = spec.vocabulary == "imagenet"
    size, class_set = (224, "imagenet") if photographs else (32, "cifar10")
    data = load_samples("photographs" if photographs else "cifar10-samples")
    classifier = classifier_for(name, class_set)  # as the pages load it, with their number of threads
    image = torch.from_numpy(data.images[:1].astype(np.float32) / 255)
    query = {
        "inpainting-pictures": "Photographs" if photographs else "CIFAR-10",
        f"inpainting-models-{class_set}": spec.title,
        "inpainting-steps": STEPS[size],
    }
    page.goto(f"{address}/inpainting?{urlencode(query)}")
    page.get_by_role("button", name="Run", exact=True).wait_for()
    run_ms(page, STEPS[size])  # loads the classifier
    turns = []
    before = bare_ms(classifier, image)
    for _ in range(rounds):
        run = run_ms(page, STEPS[size])
        after = bare_ms(classifier, image)
        # Before and after, since the machine's own pace drifts.
        turns.append(((before + after) / 2, run, alone_ms(name, class_set, data.images[0], STEPS[size])))
        before = after
    frames = frames_per_second(page)
    stops = [stop_ms(page) for _ in range(rounds)]
    return {
        "threads": torch.get_num_threads(),
        "bare_ms": round(statistics.median(bare for bare, _, _ in turns), 2),
        "step_ms": round(statistics.median(run for _, run, _ in turns), 2),
        "ratio": round(statistics.median(run / bare for bare, run, _ in turns), 3),
        "ratios": [round(run / bare, 3) for bare, run, _ in turns],
        "alone_ms": round(statistics.median(alone for _, _, alone in turns), 2),
        "slower": round(statistics.median(run / alone - 1 for _, run, alone in turns), 3),
        "frames_per_second": round(frames, 1),
        "stop_ms": {"median": round(statistics.median(stops)), "largest": round(max(stops))},
    }


def gentle_browser(folder: str, nice: int) -> str:
    """A script that starts Chromium with a lower priority, which it cannot take back."""
    keep = "setpriv --bounding-set=-sys_nice " if os.geteuid() == 0 else ""  # root may raise its priority, and does
    script = Path(folder) / "browser.sh"
    script.write_text(f'#!/bin/sh\nexec {keep}nice -n {nice} {shlex.quote(str(find_chromium()))} "$@"\n')
    script.chmod(0o755)
    return str(script)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.live")
    options.add_argument("classifiers", nargs="+")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--browser-nice", type=int, default=19, help="0 to 19; 19 gives way to everything else")
    given = options.parse_args(arguments)
    report: dict[str, object] = {"torch": torch.__version__, "browser_nice": given.browser_nice}
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        server(ROOT / "app.py", {}) as (address, _, _),
    ):
        browser = playwright.chromium.launch(executable_path=gentle_browser(folder, given.browser_nice), args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1200})
        for name in given.classifiers:
            report[name] = measure(name, address, page, given.rounds)
        browser.close()
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
