"""Speed of the static edition in Chromium: steps compared with torch, slow links, pointing, long tasks, memory.

    python -m benchmarks.browser SITE

SITE is a folder of `python -m precomputed.static_site`. Both sides take steps in turns, on one thread.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from playwright.sync_api import Browser, Locator, Page

from benchmarks.measure import Row, resident_mb, run_script, spread
from benchmarks.serving import chromium
from core.classifiers.registry import classifier_title, load_classifier
from core.data.sample_sets import SAMPLE_SETS
from core.data.samples import load_samples
from core.images.masks import middle_square, usual_side
from core.pgd.config import PGDConfig, paper_inpainting
from core.pgd.objectives import Generation, Inpainting
from core.pgd.settings import quick_settings, usual_settings
from core.pgd.steps import pgd_steps
from core.runs.plan import inpainting_plan
from precomputed.graph_weights import NETWORKS, class_set
from precomputed.static_site.check import run_request, served
from precomputed.static_site.engine import engine_facts
from precomputed.static_site.run_facts import SETS

LINKS = (4, 20)  # Mbit/s
STEPS, ROUNDS = 60, 3
SIDE = 32  # pixels
_STEP = """
async ({ names, run, steps }) => {
  const { engine } = laboratory, start = Float32Array.from(run.start);
  const [painter] = run.painters, mask = Uint8Array.from(run.mask);
  const painters = (steps) => [{ ...painter, config: { ...painter.config, steps } }];
  const request = (steps) => ({ ...run, start, mask, painters: painters(steps) });
  const timed = async (what, values) => {
    const began = performance.now();
    await engine.request(what, values);
    return performance.now() - began;
  };
  await engine.load(names);
  await timed("run", request(3));
  const few = await timed("run", request(3));
  const many = await timed("run", request(steps + 3));
  await engine.request("predict", { names, pictures: [start] });
  const predict = await timed("predict", { names, pictures: Array(50).fill(start) });
  return { step: (many - few) / steps, predict: predict / 50 };
}
"""
# Loads four networks and asks each for a prediction.
FOUR = """
(async () => {
  const names = ["mini-clip", "mini-clip-robust", "mini-resnet", "mini-resnet-robust"];
  await laboratory.engine.load(names);
  await laboratory.engine.request("predict", { names, pictures: [new Float32Array(3072).fill(0.5)] });
})()
"""
SETTLE_MS = 5000  # code that is compiled in the background


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Each network alone, loads over slow links, pointing, two networks at once, memory."""
    torch.set_num_threads(1)
    with served(args.site) as url, chromium() as browser:
        for name, side in NETWORKS.items():
            page_run = side == SIDE and not args.steps
            for row in (*_steps(browser, url, name), *(_page_run(browser, url, name) if page_run else ())):
                yield replace(row, name=f"{classifier_title(name)}, {row.name}")
        if args.steps:
            return
        for link in LINKS:
            for name, seconds, megabytes in (*_opening(browser, url, link), *_maps(browser, url, link)):
                yield Row(f"{name} over {link} Mbit/s", seconds, "s")
                yield Row(f"{name}, loaded", megabytes, "MB")
        yield from spread("pointer to two predictions", _pointing(browser, url), "ms")
        for row in _page_run(browser, url, "mini-clip", "mini-clip-robust"):
            yield replace(row, name=f"two networks, {row.name}")
        yield from _memory_rows(browser, url)


def _opened(browser: Browser, url: str) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url if "#" in url else f"{url}#waves")
    page.wait_for_selector("section:not([hidden]) .loader button", state="attached")
    return page


def _steps(browser: Browser, url: str, name: str) -> Iterator[Row]:
    """Steps here and in torch, by views as well where pictures are large, and a prediction; medians of rounds."""
    side = NETWORKS[name]
    data, mask = load_samples(SAMPLE_SETS[SETS[side]].dataset), middle_square(side)
    plan = inpainting_plan(data.images[4][None], mask, [4], config := paper_inpainting(side, usual_side(side)))
    classifier, page, target = load_classifier(name, class_set(side)), _opened(browser, url), torch.tensor([4])
    works = {"step of Eq. 3": (run_request(name, plan, 4, STEPS), Inpainting(target, torch.from_numpy(mask)), config)}
    if side != SIDE:
        settings = engine_facts()["sets"][side]["settings"]["generation"]["views"][0]["config"]
        painter = {"name": name, "config": settings, "penalty": None}
        usual = usual_settings("generation", side, search="views")
        by_views = run_request(name, plan, 4, STEPS) | {"painters": [painter]}
        works["step by views"] = (by_views, Generation(target), PGDConfig(**(quick_settings(usual) or usual)))
    steps, start = STEPS if side == SIDE else STEPS // 3, torch.from_numpy(plan.start)
    for work, (run, objective, config) in works.items():
        here: list[dict[str, Any]] = []
        theirs: list[float] = []
        for _ in range(ROUNDS):
            here.append(page.evaluate(_STEP, {"names": [name], "run": run, "steps": steps}))
            states = pgd_steps(classifier, objective, start, config)
            for _ in range(3):
                next(states)
            began = time.perf_counter()
            for _ in range(steps):
                next(states)
            theirs.append(1000 * (time.perf_counter() - began) / steps)
        step, peer = statistics.median(turn["step"] for turn in here), statistics.median(theirs)
        yield Row(work, step, "ms")
        yield Row(work, step / peer, "ratio", "", f"torch's, {peer:.3g} ms")
    yield Row("prediction", statistics.median(turn["predict"] for turn in here), "ms")
    page.close()


class _SlowLink:
    """A page over a slow link with an empty cache: times, and megabytes received."""

    def __init__(self, browser: Browser, link: int) -> None:
        self.page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.page.set_default_timeout(200_000)
        self._bytes, network = 0, self.page.context.new_cdp_session(self.page)
        network.on("Network.loadingFinished", self._count)
        network.send("Network.enable")
        speed = link * 1e6 / 8
        limits = {"offline": False, "latency": 40, "downloadThroughput": speed, "uploadThroughput": speed}
        network.send("Network.emulateNetworkConditions", limits)

    def _count(self, event: dict[str, Any]) -> None:
        self._bytes += event["encodedDataLength"]

    def timed(self, act: Callable[[], object], selector: str) -> tuple[float, float]:
        """Return the seconds from an action until an element appears, and the megabytes received meanwhile."""
        began, before = time.perf_counter(), self._bytes
        act()
        self.page.wait_for_selector(selector)
        return time.perf_counter() - began, (self._bytes - before) / 1e6


def _opening(browser: Browser, url: str, link: int) -> Iterator[tuple[str, float, float]]:
    """Time the opening's stored pair, and the first frame of a word drawn on this machine."""
    slow = _SlowLink(browser, link)
    page, scene = slow.page, "#story div.opening:not(.figure)"
    yield "the stored pair plays", *slow.timed(lambda: page.goto(url), f"{scene}[data-part]")
    page.wait_for_selector(f"{scene}[data-part='1']")
    page.get_by_label("Any of 1,000 words").fill("castle")
    press = page.get_by_role("button", name="Draw it here").click
    yield "first picture of one's own word", *slow.timed(press, f"{scene}:has(:text('Ask for a castle'))")
    page.context.close()


def _maps(browser: Browser, url: str, link: int) -> Iterator[tuple[str, float, float]]:
    """Time the first maps, the first prediction of two networks, and the picture's heat map by both."""
    slow = _SlowLink(browser, link)
    page = slow.page
    yield "the first maps", *slow.timed(lambda: page.goto(f"{url}#waves"), "#lab .plot")
    press = page.locator("#live button").first.click
    yield "first prediction of two networks", *slow.timed(press, "#live table[data-wave]")
    press = page.get_by_role("button", name="Heat map of this picture").click
    yield "481 waves by two networks", *slow.timed(press, "#lab figure.map >> nth=3")
    page.context.close()


def _pointing(browser: Browser, url: str) -> list[float]:
    """Milliseconds from the redrawn picture to the rows of two networks."""
    page = _opened(browser, url)
    page.locator("#live button").first.click()
    page.wait_for_selector("#live table[data-wave]", timeout=120_000)
    page.locator("#lab .plot").first.hover()  # once the page has scrolled
    box = page.locator("#lab .plot").first.bounding_box()
    assert box is not None
    milliseconds = []
    for k in range(60):
        page.mouse.move(box["x"] + 5 + 4 * k, box["y"] + 20 + 3 * k)
        page.wait_for_timeout(80)
        milliseconds.append(float(page.locator("#live table").get_attribute("data-milliseconds") or "nan"))
    page.close()
    return milliseconds


def _page_run(browser: Browser, url: str, name: str, other: str = "") -> Iterator[Row]:
    """Measure a whole inpainting run of one or two networks: the page's long tasks, and its process's memory."""
    page = _opened(browser, f"{url}#inpainting")
    page.evaluate(
        "globalThis.long = []; new PerformanceObserver((list) => "
        "long.push(...list.getEntries().map((one) => one.duration))).observe({ entryTypes: ['longtask'] })"
    )
    section = page.locator("#inpainting")
    _choose(page, section, {name, other})
    page.evaluate("names => laboratory.engine.load(names)", [network for network in (name, other) if network])
    page.evaluate("long.length = 0")
    began = time.perf_counter()
    page.locator("#inpainting .loader button").click()
    saved = "#inpainting .status .menu:not([hidden]) button"  # at the end
    page.wait_for_selector(saved, state="attached", timeout=300_000)
    seconds = time.perf_counter() - began
    long = page.evaluate("long")
    memory = memory_of_page(browser)
    page.close()
    yield Row("720 steps on the page", seconds, "s")
    yield Row("longest task in them over 50 ms", max(long, default=0), "ms", "= 0")
    yield Row("memory after them", memory, "MB", "<= 300")


def _choose(page: Page, section: Locator, networks: set[str]) -> None:
    """Choose a small picture and these networks."""
    section.get_by_role("button", name="Pictures").click()
    library = page.get_by_role("dialog")
    library.get_by_text("CIFAR-10").click()
    library.get_by_role("radio").filter(has=page.locator("canvas")).first.click()
    section.locator(".toolbar summary").first.click()
    boxes = section.locator(".toolbar .menu input").all()
    for chosen in (False, True):
        for box in boxes:
            if (box.get_attribute("value") in networks) == chosen:
                box.set_checked(chosen)
    page.keyboard.press("Escape")


def _memory_rows(browser: Browser, url: str) -> Iterator[Row]:
    """Measure the page's memory: without networks, with four that have predicted, and after releasing them."""
    page = _opened(browser, url)
    for name, script in {
        "idle": "0",
        "four networks": FOUR,
        "let go": "laboratory.engine.close()",
    }.items():
        page.evaluate(script)
        page.wait_for_timeout(SETTLE_MS)
        yield Row(f"memory of the page, {name}", memory_of_page(browser), "MB", "<= 300")
    page.close()


def memory_of_page(browser: Browser) -> float:
    """Return the memory of this browser's largest page in MB, including the browser's own code (Linux: VmRSS)."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pids = [process["id"] for process in processes if process["type"] == "renderer"]
    return max(resident_mb(pid) for pid in pids if Path(f"/proc/{pid}/status").exists())


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser")
    parser.add_argument("site", type=Path)
    parser.add_argument("--steps", action="store_true", help="steps and predictions alone: two minutes")
    run_script(rows, parser)


if __name__ == "__main__":
    main()
