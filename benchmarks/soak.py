"""Many visitors for minutes: whether the app stays up, answers, keeps its memory flat and frees what it lent.

    python -m benchmarks.soak --minutes 10

Each visitor is a browser context of its own that clicks cells, goes from tab to tab, paints holes, opens links,
starts runs, stops some, lets some end and closes the browser's tab in the middle of others. They come one after the
other and look at what they got, for `--pause` seconds on average. Reported as JSON: exceptions in the server's log;
seconds from a click on a map until its answer is there, from a click on a tab and from opening a link until the page
is shown, of all and of those while a run went on, and of the whole Frequency page from the server alone, which
visitors without a browser (`--raw`) ask for; the server's memory, its level and its slope after the first third; how
runs ended, whether any slot is still taken, and how soon closed tabs freed theirs. The visitors' browser shares this
machine's cores with the server; with `--browser-nice 19` it gives way to it, and `--visitors 2 --raw 11` shows what
one of twelve would wait whose browser has a machine of its own. `--replicas 2` serves them by two processes behind
HAProxy, as compose.yaml does. The exit status is 1 if something is reported that must not be. Needs the packages of
requirements-dev.txt, a Chromium, and HAProxy for replicas.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Browser, Error, Locator, Page, async_playwright

from benchmarks.app import FLAGS, ROOT, server
from benchmarks.live import gentle_browser
from benchmarks.raw_visitor import seconds_to_open
from benchmarks.replicas import replicas

TABS = ("Frequencies", "Fill a hole", "Draw", "Findings", "Models and data")
DRAWN = "() => document.querySelector('.st-key-footer') && document.documentElement.dataset.shown"
ANSWERED = "wave => document.querySelector(`.prediction-rows[data-wave='${wave}']`)"
CHOSEN = f"tab => ({DRAWN})() === tab"
WAIT_MS = 180_000
# Looking at every frame, as is the default, would keep a core busy by itself.
TIMED_EVERY_MS, LOOK_EVERY_SECONDS = 50, 0.5
FREED_SECONDS = 20.0  # a closed tab's slot is free by then
STEPS, LONG = 150, 2000  # of a run; those that are stopped or whose tab is closed must not end before
SAMPLE_SECONDS = 2.0


@dataclass(frozen=True)
class Crowd:
    """Who comes. pause: mean seconds between two things a visitor does. data_mb: memory of each process's own data."""

    minutes: float
    visitors: int
    raw: int
    pause: float
    browser_nice: int
    data_mb: int | None
    replicas: int = 1


@dataclass
class Seen:
    """What the visitors noted. waits: (what, seconds, whether a run went on). closed: when tabs with a run were."""

    waits: list[tuple[str, float, bool]] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    closed: list[datetime] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    running: int = 0


class Visitor:
    """One visitor with a browser context of their own."""

    def __init__(self, browser: Browser, address: str, seen: Seen, seed: int, pause: float) -> None:
        self.browser, self.address, self.seen, self.pause = browser, address, seen, pause
        self.chance = random.Random(seed)

    async def stay(self, arrives: float, until: float) -> None:
        """Come after some seconds; then do one thing after the other until the time has come."""
        await asyncio.sleep(arrives)
        context = await self.browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(WAIT_MS)
        actions = {self.click: 5, self.look: 2, self.paint: 1, self.run: 3}
        page = await context.new_page()
        while time.monotonic() < until:
            (action,) = self.chance.choices(list(actions), list(actions.values()))
            try:
                page = await action(page) or page
                self.seen.did[action.__name__] += 1
            except Error as error:  # a wait that took too long: reported, and the visitor tries something else
                self.seen.troubles.append(f"{action.__name__}: {str(error).splitlines()[0]}")
            await self._rest()
        await context.close()

    async def _rest(self) -> None:
        await asyncio.sleep(self.chance.uniform(0.2, 1.8) * self.pause)

    async def _open(self, page: Page, path: str) -> None:
        began = time.monotonic()
        await page.goto(f"{self.address}/{path}")
        await page.wait_for_function(DRAWN, polling=TIMED_EVERY_MS)
        self._note("page", began)

    async def _until(self, shown: Locator) -> None:
        """Look for something now and then until it is there."""
        latest = time.monotonic() + WAIT_MS / 1000
        while not await shown.count():
            if time.monotonic() > latest:
                raise Error(f"{shown} did not come within {WAIT_MS / 1000:.0f} s")
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    def _note(self, what: str, began: float) -> None:
        self.seen.waits.append((what, time.monotonic() - began, self.seen.running > 0))

    async def _choose(self, page: Page, tab: str) -> None:
        """Go to a page by its tab."""
        if page.url == "about:blank":
            await self._open(page, "")
        if (await page.title()).startswith(tab):
            return
        began = time.monotonic()
        await page.get_by_test_id("stTopNavLink").filter(has_text=tab).click()
        await page.wait_for_function(CHOSEN, arg=tab, polling=TIMED_EVERY_MS)
        self._note("tab", began)

    async def click(self, page: Page) -> None:
        """Cells of a map."""
        await self._choose(page, "Frequencies")
        for _ in range(self.chance.randint(1, 4)):
            i, j = self.chance.randint(-15, 15), self.chance.randint(-15, 15)
            box = await page.locator(".plot").first.bounding_box()
            assert box is not None
            x, y = box["x"] + box["width"] * (j + 15.5) / 31, box["y"] + box["height"] * (i + 15.5) / 31
            began = time.monotonic()
            await page.mouse.click(x, y)
            await page.wait_for_function(ANSWERED, arg=f"{i},{j}", polling=TIMED_EVERY_MS)
            self._note("click", began)
            await self._rest()

    async def look(self, page: Page) -> None:
        """At another page."""
        await self._choose(page, self.chance.choice(TABS))

    async def paint(self, page: Page) -> None:
        """A stroke of a hole."""
        await self._choose(page, "Fill a hole")
        box = await page.locator(".painter .stage").bounding_box()
        assert box is not None
        x, y = (box[at] + box[side] * self.chance.uniform(0.2, 0.8) for at, side in (("x", "width"), ("y", "height")))
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(x + 20, y + 10)
        await page.mouse.up()

    async def run(self, page: Page, end: str = "") -> Page | None:
        """A run: stopped, watched to its end, left for another page, or left by closing the tab."""
        end = end or self.chance.choice(("stop", "watch", "leave", "close"))
        await self._open(page, f"inpainting?inpainting-steps={STEPS if end in ('watch', 'leave') else LONG}")
        await page.get_by_role("button", name="Run", exact=True).click()
        stop = page.get_by_role("button", name="Stop the run")
        await self._until(stop.or_(page.get_by_text("try again in a few minutes")))
        if not await stop.count():
            self.seen.did["refused, as the line was full"] += 1
            return None
        self.seen.running += 1
        try:
            if end == "close":
                return await self._close(page)
            await self._rest()
            if end == "stop":
                await stop.click()
            elif end == "watch":
                await self._until(page.get_by_text(f"Your run, {STEPS} steps"))
        finally:
            self.seen.running -= 1
        return None

    async def _close(self, page: Page) -> Page:
        """Close the tab when its run has its slot; returns a new one."""
        await self._until(page.locator(".replay .step", has_text="ms per step"))
        self.seen.closed.append(datetime.now(UTC))
        context = page.context
        await page.close()
        return await context.new_page()


async def _watch_memory(pids: Sequence[int], seen: Seen, until: float) -> None:
    while time.monotonic() < until:
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
        resident = sum(int(status.partition("VmRSS:")[2].split()[0]) for status in statuses)
        seen.memory.append((time.monotonic(), resident / 1024))
        await asyncio.sleep(SAMPLE_SECONDS)


async def _ask_server(address: str, seen: Seen, seed: int, pause: float, until: float) -> None:
    """A visitor without a browser, of the page that costs the server most."""
    chance = random.Random(seed)
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(0.2, 1.8) * pause)
        cell = f"cell={chance.randint(-15, 15)},{chance.randint(0, 15)}"
        seconds = await seconds_to_open(address, "frequency", cell)
        seen.waits.append(("server", seconds, seen.running > 0))


async def _visit(address: str, pids: Sequence[int], logs: Sequence[Path], crowd: Crowd) -> Seen:
    seen, pause = Seen(), crowd.pause
    with tempfile.TemporaryDirectory() as folder:
        async with async_playwright() as playwright:
            path = gentle_browser(folder, crowd.browser_nice)
            browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
            until = time.monotonic() + 60 * crowd.minutes
            people = [
                Visitor(browser, address, seen, seed, pause).stay(seed * pause / 2, until)
                for seed in range(crowd.visitors)
            ]
            people += [_ask_server(address, seen, seed, pause, until) for seed in range(crowd.raw)]
            await asyncio.gather(*people, _watch_memory(pids, seen, until))
            # At least once, whatever chance has done: a run whose visitor goes.
            context = await browser.new_context(viewport={"width": 1280, "height": 900})
            context.set_default_timeout(WAIT_MS)
            await Visitor(browser, address, seen, crowd.visitors, pause).run(await context.new_page(), "close")
            until = time.monotonic() + FREED_SECONDS
            while _still_running(_events(_texts(logs))) and time.monotonic() < until:
                await asyncio.sleep(0.5)
            await browser.close()
    return seen


def _texts(logs: Sequence[Path]) -> str:
    return "".join(log.read_text() for log in logs)


def _events(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith('{"time"')]


def _still_running(events: Sequence[dict[str, Any]]) -> set[str]:
    """Runs that have started and not ended."""
    return {one["run"] for one in events if one["event"] == "run started"} - {
        one["run"] for one in events if one["event"] == "run ended"
    }


def _freed_after(closed: Sequence[datetime], events: Sequence[dict[str, Any]]) -> list[float]:
    """Seconds from each closed tab to the end of an abandoned run; infinite where none ended."""
    ends = [datetime.fromisoformat(one["time"]) for one in events if one.get("status") == "abandoned"]
    return [min(((end - when).total_seconds() for end in ends if end > when), default=float("inf")) for when in closed]


def _spread(waits: Sequence[float]) -> dict[str, float]:
    if not waits:
        return {"n": 0}
    p95 = float(np.percentile(waits, 95))
    found = {"median": statistics.median(waits), "p95": p95, "worst": max(waits)}
    return {"n": len(waits)} | {name: round(value, 2) for name, value in found.items()}


@contextmanager
def _served(crowd: Crowd) -> Iterator[tuple[str, list[int], list[Path]]]:
    """Address, process ids and logs of what these visitors meet."""
    with ExitStack() as stack:
        logs = [stack.enter_context(tempfile.NamedTemporaryFile("w+")) for _ in range(crowd.replicas)]
        if crowd.replicas > 1:
            address, _, processes = stack.enter_context(replicas({}, logs))
        else:
            address, process, _ = stack.enter_context(server(ROOT / "app.py", {}, logs[0]))
            processes = [process]
        for process in processes if crowd.data_mb is not None else ():
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (crowd.data_mb << 20, crowd.data_mb << 20))
        yield address, [process.pid for process in processes], [Path(log.name) for log in logs]


def soak(crowd: Crowd) -> dict[str, Any]:
    """Serve these visitors; the report."""
    with _served(crowd) as (address, pids, logs):
        seen = asyncio.run(_visit(address, pids, logs, crowd))
        text = _texts(logs)  # before the server ends, which frees all slots
        shares = [len({one["run"] for one in _events(_texts([log])) if one["event"] == "run started"}) for log in logs]
    events = _events(text)
    started = {one["run"] for one in events if one["event"] == "run started"}
    ended = {one["run"]: one["status"] for one in events if one["event"] == "run ended"}
    times, memory = np.array(seen.memory).T
    steady = times > times[0] + (times[-1] - times[0]) / 3
    slope = round(3600 * np.polyfit(times[steady], memory[steady], 1)[0]) if steady.sum() > 2 else None
    return {
        "crowd": asdict(crowd),
        "did": dict(seen.did),
        "troubles": Counter(seen.troubles),
        "exceptions": _tracebacks(text),
        "seconds": {
            what: {
                "all": _spread([wait for kind, wait, _ in seen.waits if kind == what]),
                "during runs": _spread([wait for kind, wait, busy in seen.waits if kind == what and busy]),
            }
            for what in ("click", "tab", "page", "server")
        },
        "memory_mb": {
            "level": round(float(np.median(memory[steady]))),
            "highest": round(float(memory.max())),
            "slope_per_hour": slope,
        },
        "runs": {"started": len(started), "of each process": shares, "ended": Counter(ended.values())},
        "slots still taken": len(_still_running(events)),
        "closed tabs freed after seconds": [round(one, 1) for one in _freed_after(seen.closed, events)],
    }


def _tracebacks(text: str) -> list[str]:
    """Every traceback of a log, whole."""
    return re.findall(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*\S?.*", text)


def faults(report: Mapping[str, Any]) -> list[str]:
    """Names of what must not be in the report; speed is not among them, since others may use the machine."""
    freed = report["closed tabs freed after seconds"]
    holds = {
        "exceptions": not report["exceptions"],
        "troubles": not report["troubles"],
        "runs": report["runs"]["started"] > 0,
        "slots still taken": not report["slots still taken"],
        "closed tabs freed after seconds": bool(freed) and max(freed) < FREED_SECONDS,
    }
    return [name for name, held in holds.items() if not held]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--visitors", type=int, default=12)
    options.add_argument("--raw", type=int, default=5, help="visitors without a browser besides")
    options.add_argument("--pause", type=float, default=10.0, help="mean seconds between two things a visitor does")
    options.add_argument("--browser-nice", type=int, default=0, help="0 to 19; 19 gives way to everything else")
    options.add_argument("--data-mb", type=int, help="limit of the server's memory (Linux: RLIMIT_DATA)")
    options.add_argument("--replicas", type=int, default=1, help="processes of the app; several are behind HAProxy")
    report = soak(Crowd(**vars(options.parse_args(arguments))))
    print(json.dumps(report, indent=2))
    if found := faults(report):
        print(f"must not be: {', '.join(found)}", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
