"""The static edition's speed in Chromium: steps beside torch's, loads over slow links, pointing, long tasks, memory.

    python -m benchmarks.browser SITE

SITE is a folder that `python -m precomputed.static_site` wrote. Both sides take a step in turns, on one thread.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from playwright.sync_api import Browser, Page, sync_playwright

from core.classifiers.registry import classifier_title, load_classifier
from core.data.classes import CIFAR10
from core.data.samples import load_samples
from core.images.masks import middle_square
from core.pgd.config import paper_inpainting
from core.pgd.objectives import Inpainting
from core.pgd.steps import pgd_steps
from core.runs.plan import inpainting_plan
from precomputed.static_site.check import served
from precomputed.static_site.engine import NETWORKS
from tests.chromium import find_chromium

LINKS = (4, 20)  # Mbit/s
STEPS, ROUNDS = 60, 3
_STEP = f"""
async ({{ names, run }}) => {{
  const {{ engine }} = laboratory, start = Float32Array.from(run.start);
  const given = {{ ...run, names, start, mask: Uint8Array.from(run.mask) }};
  const timed = async (what, asked) => {{
    const began = performance.now();
    await engine.ask(what, asked);
    return performance.now() - began;
  }};
  await engine.load(names);
  await timed("run", {{ ...given, steps: 3 }});
  const few = await timed("run", {{ ...given, steps: 3 }});
  const many = await timed("run", {{ ...given, steps: {STEPS} + 3 }});
  await engine.ask("predict", {{ names, pictures: [start] }});
  const predict = await timed("predict", {{ names, pictures: Array(50).fill(start) }});
  return {{ step: (many - few) / {STEPS}, predict: predict / 50 }};
}}
"""
# Loads four networks and asks each for a prediction.
FOUR = """
(async () => {
  const names = ["mini-clip", "mini-clip-robust", "mini-resnet", "mini-resnet-robust"];
  await laboratory.engine.load(names);
  await laboratory.engine.ask("predict", { names, pictures: [new Float32Array(3072).fill(0.5)] });
})()
"""
SETTLE_MS = 5000  # code that is compiled in the background


def main() -> None:
    """Measure and print JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("site", type=Path)
    given = options.parse_args()
    torch.set_num_threads(1)
    with served(given.site) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        found = {
            "classifiers": {
                classifier_title(name): _steps(browser, url, name) | _page_run(browser, url, name) for name in NETWORKS
            },
            "first answer, seconds": {f"{link} Mbit/s": _load(browser, url, link) for link in LINKS},
            **_pointing(browser, url),
            **_page_run(browser, url, "mini-clip", "mini-clip-robust"),
            **_held(browser, url),
        }
        browser.close()
    print(json.dumps(found, indent=1))


def _opened(browser: Browser, url: str) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url if "#" in url else f"{url}#waves")
    page.wait_for_selector("#live button", state="attached")
    return page


def _steps(browser: Browser, url: str, name: str) -> dict[str, float]:
    """Milliseconds of a step of Eq. 3 and of a prediction, here and in torch; medians of rounds in turns."""
    data, mask = load_samples("cifar10-samples"), middle_square(32)
    config = paper_inpainting(32, 16)
    plan = inpainting_plan(data.images[4][None], mask, ["deer"], config)
    run = {
        "penalty": "eq3", "start": plan.start.ravel().tolist(), "mask": mask.ravel().astype(int).tolist(), "target": 4,
        "size": config.step_size, "epsilon": config.epsilon, "steps": STEPS, "interval": STEPS, "sure": 0.9,
    }  # fmt: skip
    classifier, page = load_classifier(name, CIFAR10), _opened(browser, url)
    objective, start = Inpainting(torch.tensor([4]), torch.from_numpy(mask)), torch.from_numpy(plan.start)
    here: list[dict[str, Any]] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        here.append(page.evaluate(_STEP, {"names": [name], "run": run}))
        states = pgd_steps(classifier, objective, start, config)
        for _ in range(3):
            next(states)
        began = time.perf_counter()
        for _ in range(STEPS):
            next(states)
        theirs.append(1000 * (time.perf_counter() - began) / STEPS)
    page.close()
    step, predict = (statistics.median(one[name] for one in here) for name in ("step", "predict"))
    peer = statistics.median(theirs)
    return {"step, ms": step, "torch's step, ms": peer, "ratio": step / peer, "prediction, ms": predict}


def _load(browser: Browser, url: str, link: int) -> float:
    """Seconds from the click to the first prediction of two networks, over a slow link, nothing cached."""
    page = _opened(browser, url)
    network = page.context.new_cdp_session(page)
    speed = link * 1e6 / 8
    network.send("Network.enable")
    limits = {"offline": False, "latency": 40, "downloadThroughput": speed, "uploadThroughput": speed}
    network.send("Network.emulateNetworkConditions", limits)
    began = time.perf_counter()
    page.locator("#live button").first.click()
    page.wait_for_selector("#live table[data-wave]", timeout=120_000)
    page.close()
    return time.perf_counter() - began


def _pointing(browser: Browser, url: str) -> dict[str, Any]:
    """Milliseconds from the redrawn picture to the rows of two networks."""
    page = _opened(browser, url)
    page.locator("#live button").first.click()
    page.wait_for_selector("#live table[data-wave]", timeout=120_000)
    page.locator("#lab .plot").first.hover()  # once the page has scrolled
    box = page.locator("#lab .plot").first.bounding_box()
    assert box is not None
    found = []
    for k in range(60):
        page.mouse.move(box["x"] + 5 + 4 * k, box["y"] + 20 + 3 * k)
        page.wait_for_timeout(80)
        found.append(float(page.locator("#live table").get_attribute("data-milliseconds") or "nan"))
    page.close()
    return {
        "pointer to two predictions, ms": {"median": statistics.median(found), "90 %": float(np.quantile(found, 0.9))}
    }


def _page_run(browser: Browser, url: str, name: str, other: str = "") -> dict[str, Any]:
    """A whole inpainting run of one or two networks on the page: long tasks of the page, and memory of its process."""
    page = _opened(browser, f"{url}#inpainting")
    page.evaluate(
        "globalThis.long = []; new PerformanceObserver((list) => "
        "long.push(...list.getEntries().map((one) => one.duration))).observe({ entryTypes: ['longtask'] })"
    )
    section = page.locator("#inpainting")
    for label, wanted in (("Network", name), ("beside", other)):
        section.get_by_label(label).select_option(wanted)
    page.evaluate("names => laboratory.engine.load(names)", [one for one in (name, other) if one])
    page.evaluate("long.length = 0")
    began = time.perf_counter()
    page.locator("#inpainting .loader button").click()
    page.wait_for_selector("#inpainting .beside .buttons button", timeout=300_000)  # to save it, at the end
    seconds = time.perf_counter() - began
    long = page.evaluate("long")
    memory = memory_of_page(browser)
    page.close()
    return {"720 steps, s": seconds, "long tasks in them, ms": sorted(long)[-5:], "memory after them, MB": memory}


def _held(browser: Browser, url: str) -> dict[str, float]:
    """Memory of the page: without networks, with four that have predicted, and once they are let go."""
    page = _opened(browser, url)
    found = {}
    for name, script in {
        "idle": "0",
        "four networks": FOUR,
        "let go": "laboratory.engine.close()",
    }.items():
        page.evaluate(script)
        page.wait_for_timeout(SETTLE_MS)
        found[f"memory of the page, {name}, MB"] = memory_of_page(browser)
    page.close()
    return found


def memory_of_page(browser: Browser) -> float:
    """MB that the largest of this browser's pages holds, the browser's own code among them (Linux: VmRSS)."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    found = []
    for one in processes:
        status = Path(f"/proc/{one['id']}/status")
        if one["type"] == "renderer" and status.exists():
            found.append(int(status.read_text().partition("VmRSS:")[2].split()[0]) / 1000)
    return max(found)


if __name__ == "__main__":
    main()
