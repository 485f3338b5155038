"""Cost of a PGD step in the app with its page open in a browser, frame rate, and time to stop.

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
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import torch
from playwright.sync_api import Page

from benchmarks.measure import Row, run_script, spread, stopwatch
from benchmarks.pgd import bare_step
from benchmarks.serving import APP, chromium, server, start_stopwatch, stopwatch_ms
from core.classifiers.registry import classifier_spec
from core.data.samples import load_samples
from core.images.masks import middle_square, square_side
from core.pgd.config import paper_inpainting
from core.runs.file import read_runs
from core.runs.plan import inpainting_plan
from core.runs.run import Run
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


def bare_ms(classifier: torch.nn.Module, image: torch.Tensor, passes: int) -> float:
    """Mean milliseconds of a forward and backward pass; the mean, as a run's time per step is a mean too."""
    target = torch.tensor([1])
    return 1000 * stopwatch(lambda: [bare_step(classifier, image, target) for _ in range(passes)]) / passes


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
    """Count the new steps that the page shows per second during a run."""
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
    """Milliseconds from a click on Stop until the page shows that the run has stopped."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function(GOES_ON, polling=LOOK_EVERY_MS, timeout=WAIT_MS)
    page.wait_for_timeout(1000)
    start_stopwatch(page, "text => document.body.innerText.includes(text)", "stopped by you")
    page.get_by_role("button", name="Stop the run").click()
    return stopwatch_ms(page)


def rows_of_run(name: str, address: str, page: Page, rounds: int) -> Iterator[Row]:
    """Yield the figures of one classifier."""
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
    before = bare_ms(classifier, image, STEPS[size])
    for _ in range(rounds):
        run = run_ms(page, STEPS[size])
        after = bare_ms(classifier, image, STEPS[size])
        # Before and after, since the machine's own pace drifts.
        turns.append(((before + after) / 2, run, alone_ms(name, class_set, data.images[0], STEPS[size])))
        before = after
    bare, step, alone = (statistics.median(column) for column in zip(*turns, strict=True))
    ratio = statistics.median(run / passed for passed, run, _ in turns)
    slower = statistics.median(run / unseen - 1 for _, run, unseen in turns)
    yield Row("bare forward and backward pass", bare, "ms")
    yield Row("live run, step with the page open", step, "ms")
    yield Row("live run, step with the page open", ratio, "ratio", "", "bare forward and backward pass")
    yield Row("live run, step without a page", alone, "ms")
    yield Row("live run, slower with the page open", 100 * slower, "%", "", "the same run without a page")
    yield Row("live run, redraws", frames_per_second(page), "1/s")
    yield from spread("live run, stop", [stop_ms(page) for _ in range(rounds)], "ms")


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the figures of each classifier."""
    with server(APP, {}) as (address, _, _), chromium(args.browser_nice) as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 1200})
        for name in args.classifiers:
            prefix = f"{name}, " if len(args.classifiers) > 1 else ""
            for row in rows_of_run(name, address, page, args.rounds):
                yield replace(row, name=prefix + row.name)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live")
    parser.add_argument("classifiers", nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--browser-nice", type=int, default=19, help="0 to 19; 19 gives way to everything else")
    run_script(rows, parser, argv)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
