"""Soak test of the app with many visitors and kills: errors, waiting times, memory, freed slots.

    python -m benchmarks.soak --minutes 10
    python -m benchmarks.soak --minutes 0              # memory alone: at rest, with one visitor, with all
    python -m benchmarks.soak --visitors 0 --kills 50  # kill -9 of saves, downloads and sweeps (`benchmarks/kills.py`)

Each visitor is a browser context of its own, which opens *Frequencies*. Then they click cells, go from tab to
tab, paint holes, open links, start runs, stop some, let some end and close the browser's tab in the middle of others,
and look at the result for `--pause` seconds on average. Times are those during runs: from a click on a map until its
prediction is there, from a click on a tab and from opening a link until the page is shown, and of the whole Frequency
page from the server alone, which visitors without a browser (`--raw`) ask for. The visitors' browser shares this
machine's cores with the server; with `--browser-nice 19` it gives way to it, and `--visitors 2 --raw 11` shows what one
of twelve would wait whose browser has a machine of its own. `--replicas 2` serves them by two processes behind HAProxy,
as compose.yaml does. The exit status is 1 if a row misses its target; speed has none, since others may use the machine.
Linux only; needs the packages of requirements-dev.txt, a Chromium, and HAProxy for replicas.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Browser, Error, Locator, Page, async_playwright

from benchmarks.kills import kill_often
from benchmarks.measure import Row, resident_mb, run_script, spread
from benchmarks.raw_visitor import seconds_to_open
from benchmarks.serving import APP, FLAGS, chromium_path, replicas, server

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
LEVEL_SECONDS = 5.0  # without another megabyte
WAITS = {
    "click": "click to prediction",
    "tab": "tab to page",
    "page": "link to page",
    "server": "server alone, whole Frequency page",
}


@dataclass
class SoakRecord:
    """Record of the visitors' measurements.

    waits: (what, seconds, whether a run was in progress). closed: times at which tabs with a run were closed. memory:
    (time, MB) while they acted. opened: MB at rest, with one visitor, with all.
    """

    waits: list[tuple[str, float, bool]] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    closed: list[datetime] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    opened: dict[str, float] = field(default_factory=dict)
    running: int = 0


class Visitor:
    """One visitor with a browser context of their own."""

    def __init__(self, browser: Browser, address: str, record: SoakRecord, seed: int, pause: float) -> None:
        self.browser, self.address, self.record, self.pause = browser, address, record, pause
        self.chance = random.Random(seed)

    async def arrive(self) -> None:
        """Open the first page and wait for its predictions."""
        context = await self.browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(WAIT_MS)
        self.page = await context.new_page()
        await self._open(self.page, "?pictures=CIFAR-10")
        await self.page.wait_for_selector(".prediction-rows")

    async def stay(self, until: float) -> None:
        """Act until the given time."""
        actions = {self.click: 5, self.look: 2, self.paint: 1, self.run: 3}
        while time.monotonic() < until:
            await self._rest()
            (action,) = self.chance.choices(list(actions), list(actions.values()))
            try:
                self.page = await action(self.page) or self.page
                self.record.did[action.__name__] += 1
            except Error as error:  # a wait that took too long: reported, and the visitor tries something else
                self.record.troubles.append(f"{action.__name__}: {str(error).splitlines()[0]}")
        await self.page.context.close()

    async def _rest(self) -> None:
        await asyncio.sleep(self.chance.uniform(0.2, 1.8) * self.pause)

    async def _open(self, page: Page, path: str) -> None:
        began = time.monotonic()
        await page.goto(f"{self.address}/{path}")
        await page.wait_for_function(DRAWN, polling=TIMED_EVERY_MS)
        self._note("page", began)

    async def _until(self, locator: Locator) -> None:
        """Poll for an element until it appears."""
        latest = time.monotonic() + WAIT_MS / 1000
        while not await locator.count():
            if time.monotonic() > latest:
                raise Error(f"{locator} did not appear within {WAIT_MS / 1000:.0f} s")
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    def _note(self, what: str, began: float) -> None:
        self.record.waits.append((what, time.monotonic() - began, self.record.running > 0))

    async def _choose(self, page: Page, tab: str) -> None:
        """Go to a page by its tab."""
        if (await page.title()).startswith(tab):
            return
        began = time.monotonic()
        await page.get_by_test_id("stTopNavLink").filter(has_text=tab).click()
        await page.wait_for_function(CHOSEN, arg=tab, polling=TIMED_EVERY_MS)
        self._note("tab", began)

    async def click(self, page: Page) -> None:
        """Click cells of a map."""
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
        """Look at another page."""
        await self._choose(page, self.chance.choice(TABS))

    async def paint(self, page: Page) -> None:
        """Paint a stroke of a hole."""
        await self._choose(page, "Fill a hole")
        box = await page.locator(".painter .stage").bounding_box()
        assert box is not None
        x, y = (box[at] + box[side] * self.chance.uniform(0.2, 0.8) for at, side in (("x", "width"), ("y", "height")))
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(x + 20, y + 10)
        await page.mouse.up()

    async def run(self, page: Page, end: str = "") -> Page | None:
        """Start a run; stop it, watch it to its end, leave for another page, or close the tab."""
        end = end or self.chance.choice(("stop", "watch", "leave", "close"))
        await self._open(page, f"inpainting?inpainting-steps={STEPS if end in ('watch', 'leave') else LONG}")
        await page.get_by_role("button", name="Run", exact=True).click()
        stop = page.get_by_role("button", name="Stop the run")
        await self._until(stop.or_(page.get_by_text("try again in a few minutes")))
        if not await stop.count():
            self.record.did["refused, as the line was full"] += 1
            return None
        self.record.running += 1
        try:
            if end == "close":
                return await self._close(page)
            await self._rest()
            if end == "stop":
                await stop.click()
            elif end == "watch":
                await self._until(page.get_by_text(f"Your run, {STEPS} steps"))
        finally:
            self.record.running -= 1
        return None

    async def _close(self, page: Page) -> Page:
        """Close the tab once its run has a slot; return a new one."""
        await self._until(page.locator(".replay .step", has_text="ms per step"))
        self.record.closed.append(datetime.now(UTC))
        context = page.context
        await page.close()
        return await context.new_page()


def _resident(pids: Sequence[int]) -> float:
    return sum(map(resident_mb, pids))


async def _watch_memory(pids: Sequence[int], record: SoakRecord, until: float) -> None:
    while time.monotonic() < until:
        record.memory.append((time.monotonic(), _resident(pids)))
        await asyncio.sleep(SAMPLE_SECONDS)


async def _level(pids: Sequence[int]) -> float:
    """Return the memory once it has stopped growing: the server loads its pages after its first answer."""
    last, now = 0.0, _resident(pids)
    while now > last + 1:
        await asyncio.sleep(LEVEL_SECONDS)
        last, now = now, _resident(pids)
    return now


async def _ask_server(address: str, record: SoakRecord, seed: int, pause: float, until: float) -> None:
    """Open the page that costs the server most, again and again, without a browser."""
    chance = random.Random(seed)
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(0.2, 1.8) * pause)
        cell = f"cell={chance.randint(-15, 15)},{chance.randint(0, 15)}"
        seconds = await seconds_to_open(address, "frequency", cell)
        record.waits.append(("server", seconds, record.running > 0))


async def _visit(address: str, pids: Sequence[int], logs: Sequence[Path], args: argparse.Namespace) -> SoakRecord:
    record, pause = SoakRecord(), args.pause
    with chromium_path(args.browser_nice) as path:
        async with async_playwright() as playwright:
            record.opened["at rest"] = await _level(pids)
            browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
            visitors = [Visitor(browser, address, record, seed, pause) for seed in range(args.visitors)]
            await visitors[0].arrive()
            record.opened["1 visitor"] = _resident(pids)
            await asyncio.gather(*(visitor.arrive() for visitor in visitors[1:]))
            record.opened[f"{len(visitors)} visitors"] = _resident(pids)
            if args.minutes:
                until = time.monotonic() + 60 * args.minutes
                raw = [_ask_server(address, record, seed, pause, until) for seed in range(args.raw)]
                stays = [visitor.stay(until) for visitor in visitors]
                await asyncio.gather(*stays, *raw, _watch_memory(pids, record, until))
                # At least one visitor leaves during a run, whatever the random actions were.
                last = Visitor(browser, address, record, len(visitors), pause)
                await last.arrive()
                await last.run(last.page, "close")
                until = time.monotonic() + FREED_SECONDS
                while _still_running(_events(_texts(logs))) and time.monotonic() < until:
                    await asyncio.sleep(0.5)
            await browser.close()
    return record


def _texts(logs: Sequence[Path]) -> str:
    return "".join(log.read_text() for log in logs)


def _events(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith('{"time"')]


def _still_running(events: Sequence[dict[str, Any]]) -> set[str]:
    """Runs that have started and not ended."""
    return {event["run"] for event in events if event["event"] == "run started"} - {
        event["run"] for event in events if event["event"] == "run ended"
    }


def _freed_after(closed: Sequence[datetime], events: Sequence[dict[str, Any]]) -> list[float]:
    """Seconds from each closed tab to the end of an abandoned run; infinite where none ended."""
    ends = [datetime.fromisoformat(event["time"]) for event in events if event.get("status") == "abandoned"]
    return [min(((end - when).total_seconds() for end in ends if end > when), default=float("inf")) for when in closed]


@contextmanager
def _served(args: argparse.Namespace) -> Iterator[tuple[str, list[int], list[Path]]]:
    """Serve the app to these visitors; yield its address, process ids and logs."""
    with ExitStack() as stack:
        logs = [stack.enter_context(tempfile.NamedTemporaryFile("w+")) for _ in range(args.replicas)]
        if args.replicas > 1:
            address, _, processes = stack.enter_context(replicas({}, logs))
        else:
            address, process, _ = stack.enter_context(server(APP, {}, logs[0]))
            processes = [process]
        for process in processes if args.data_mb is not None else ():
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (args.data_mb << 20, args.data_mb << 20))
        yield address, [process.pid for process in processes], [Path(log.name) for log in logs]


def memory_rows(record: SoakRecord) -> Iterator[Row]:
    """Yield the memory by number of visitors, and while they acted: level and slope after the first third."""
    for visitors, value in record.opened.items():
        yield Row(f"memory of the server, {visitors}", value, "MB")
    if len(record.memory) > 3:
        times, memory = np.array(record.memory).T
        steady = times > times[0] + (times[-1] - times[0]) / 3
        yield Row("memory of the server, level", float(np.median(memory[steady])), "MB")
        yield Row("memory of the server, highest", float(memory.max()), "MB")
        yield Row("memory of the server, slope", 3600 * float(np.polyfit(times[steady], memory[steady], 1)[0]), "MB/h")


def visit_rows(record: SoakRecord, logs: Sequence[str]) -> Iterator[Row]:
    """Yield waits during runs, counts of actions, and failures, from the record and each process's log."""
    for what, title in WAITS.items():
        yield from spread(title, [wait for kind, wait, busy in record.waits if kind == what and busy], "s")
    for action, count in sorted(record.did.items()):
        yield Row(f"visitors: {action}", count, "times")
    events = _events("".join(logs))
    started = [len({event["run"] for event in _events(log) if event["event"] == "run started"}) for log in logs]
    for process, count in enumerate(started if len(logs) > 1 else (), 1):
        yield Row(f"runs of process {process}", count, "runs")
    yield Row("runs", sum(started), "runs", "> 0")
    for status, count in Counter(event["status"] for event in events if event["event"] == "run ended").items():
        yield Row(f"runs, {status}", count, "runs")
    yield Row("slots still taken", len(_still_running(events)), "runs", "= 0")
    freed = max(_freed_after(record.closed, events), default=float("inf"))
    yield Row("closed tab to freed slot, slowest", freed, "s", f"< {FREED_SECONDS:.0f}")
    yield Row("waited in vain", len(record.troubles), "times", "= 0")
    yield Row("exceptions", len(_tracebacks("".join(logs))), "tracebacks", "= 0")


def _tracebacks(text: str) -> list[str]:
    """Return every complete traceback of a log."""
    return re.findall(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*\S?.*", text)


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Run the visitors, then the kills; print exceptions and failed waits in full."""
    if args.visitors:
        with _served(args) as (address, pids, logs):
            record = asyncio.run(_visit(address, pids, logs, args))
            texts = [log.read_text() for log in logs]  # before the server ends, which frees all slots
        print(*record.troubles, *_tracebacks("".join(texts)), sep="\n", end="", file=sys.stderr)
        yield from memory_rows(record)
        if args.minutes:
            yield from visit_rows(record, texts)
    if args.kills:
        third = args.kills // 3
        yield from kill_often({"saves": args.kills - 2 * third, "downloads": third, "sweeps": third})


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--visitors", type=int, default=12)
    parser.add_argument("--raw", type=int, default=5, help="visitors without a browser besides")
    parser.add_argument("--pause", type=float, default=10.0, help="mean seconds between two things a visitor does")
    parser.add_argument("--browser-nice", type=int, default=0, help="0 to 19; 19 gives way to everything else")
    parser.add_argument("--data-mb", type=int, help="limit of the server's memory (Linux: RLIMIT_DATA)")
    parser.add_argument("--replicas", type=int, default=1, help="processes of the app; several are behind HAProxy")
    parser.add_argument("--kills", type=int, default=0, help="a third of them of each kind of work")
    missed = [row.name for row in run_script(rows, parser, argv) if row.missed]
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
