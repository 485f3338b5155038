"""Open a built static edition as a visitor would, in Chromium and Firefox, and compare its results with torch's.

The folder is served under a sub-path by a plain file server, and opened as a file. Needs requirements-dev.txt, and the
browsers on the PATH.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np

from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10
from core.data.samples import load_samples
from core.images.masks import middle_square
from core.pgd.config import paper_inpainting
from core.runs.plan import RunPlan, inpainting_plan

SUB_PATH = "spaces/lab"
WIDTHS = (1440, 390)
SECTIONS = ("story", "inpainting", "generation", "app", "waves")
STEPS = 20
NETWORK = "mini-clip"
Evaluate = Callable[[str], Any]
_Opened = tuple[Evaluate, Callable[[int], None], Callable[[str], Any]]  # evaluate, set the width, navigate
_NUMBERS = itertools.count(1)

# The page's own engine, called as the page calls it. `values` is defined before it.
_COMPUTE = """
(async () => {
  const began = performance.now(), float = (values) => Float32Array.from(values);
  const { engine } = laboratory, names = [values.network];
  await engine.load(names);
  const ready = performance.now() - began;
  const { logits } = await engine.request("predict", { names, pictures: values.pictures.map(float) });
  const states = [];
  let last;
  const run = { ...values.run, start: float(values.run.start), mask: Uint8Array.from(values.run.mask) };
  await engine.run(run, ({ states: newest, pictures }) => {
    states.push(...newest);
    last = pictures?.[0].last ?? last;
  });
  const [{ entropy, term }] = states.at(-1).networks;
  const all = logits[values.network].map((row) => [...row]);
  return JSON.stringify({ ready, logits: all, loss: entropy + term, images: [...last] });
})()
"""
# Once the page's height has rested for a while, after the components have updated their layout.
_LOOKS = """
new Promise((resolve) => {
  let height = 0, since = performance.now();
  const look = () => {
    const { scrollHeight } = document.documentElement;
    if (scrollHeight !== height) [height, since] = [scrollHeight, performance.now()];
    performance.now() - since > 200 ? resolve() : setTimeout(look, 20);
  };
  look();
}).then(() => JSON.stringify({
  dark: matchMedia("(prefers-color-scheme: dark)").matches, width: innerWidth,
  needs: document.documentElement.scrollWidth, background: getComputedStyle(document.body).backgroundColor,
  scrolled: scrollY,
}))
"""
# The text of the first button below the maps, once they are drawn.
_DRAWN = """new Promise((done) => {
    const look = () => (
      document.querySelector("#rings svg") ? done(document.querySelector("#live button")?.textContent ?? "")
      : setTimeout(look, 50)
    );
    look();
})"""


def check_site(folder: Path, browsers: Iterable[str] = ("chromium", "firefox")) -> str:
    """Return one sentence on the comparison.

    Raises:
        RuntimeError: a browser is missing, or its results differ; one sentence.
    """
    sentences = []
    with served(folder) as url:
        homes = {"": url, ", from a file": (folder.resolve() / "index.html").as_uri()}
        for name, (how, home), dark in itertools.product(browsers, homes.items(), (False, True)):
            compared = _check_pages(name, how, home, dark)
            if compared:
                sentences.append(f"{name}{how}: {compared}")
    return "; ".join(sentences)


def _check_pages(name: str, how: str, home: str, dark: bool) -> str:
    """Look at every section and at the findings, wide and narrow; in light, return the comparison with torch."""
    scheme = "dark" if dark else "light"
    with _BROWSERS[name](f"{home}#waves", dark) as (evaluate, resize, navigate):
        if not evaluate(_DRAWN).startswith("Predict here"):
            raise RuntimeError(f"{name}{how}: no button offers predictions; build the site without --stored")
        for width, section in itertools.product(WIDTHS, SECTIONS):
            resize(width)
            evaluate(f"(location.hash = '#{section}', 1)")
            _check_looks(json.loads(evaluate(_LOOKS)), f"{name}{how}, {scheme}, {width} px, {section}", dark)
        compared = "" if dark else _compared(evaluate)
        navigate(urljoin(home, "findings.html"))
        for width in WIDTHS:
            resize(width)
            _check_looks(json.loads(evaluate(_LOOKS)), f"{name}{how}, {scheme}, {width} px, findings", dark)
    return compared


def _check_looks(looks: dict[str, Any], where: str, dark: bool) -> None:
    if looks["needs"] > looks["width"]:
        raise RuntimeError(f"{where}: the page is {looks['needs']} px wide; look for what does not wrap")
    if looks["scrolled"]:
        raise RuntimeError(f"{where}: the page is scrolled by {looks['scrolled']} px; look for scroll-margin-top")
    if looks["dark"] != dark or (looks["background"] == "rgb(255, 255, 255)") == dark:
        raise RuntimeError(f"{where}: the background is {looks['background']}; look at page.css")


def _compared(evaluate: Evaluate) -> str:
    """Compare predictions and a short run of the page with torch's."""
    import torch

    from core.runs.run import Run

    data, mask = load_samples("cifar10-samples"), middle_square(32)
    plan = inpainting_plan(data.images[4][None], mask, ["deer"], paper_inpainting(32, 16))
    run = run_request(NETWORK, plan, CIFAR10.names.index("deer"), STEPS)
    images = data.images[:20].astype(np.float32) / 255
    values = {"network": NETWORK, "pictures": images.reshape(20, -1).tolist(), "run": run}
    result = json.loads(evaluate(f"(() => {{ const values = {json.dumps(values)}; return {_COMPUTE.strip()} }})()"))
    classifier = load_classifier(NETWORK, CIFAR10)
    with torch.inference_mode():
        logits = classifier(torch.from_numpy(images)).numpy()
    for states in Run(plan, lambda: [classifier]).states():
        if states[0].step == STEPS:
            break
    apart = {
        "logits": float(np.abs(np.array(result["logits"]) - logits).max()),
        "loss": abs(result["loss"] - float(states[0].loss)),
        "pixels": float(np.abs(np.array(result["images"]) - states[0].images.numpy().ravel()).max()),
    }
    text = ", ".join(f"{name} {value:.0e}" for name, value in apart.items())
    if max(apart.values()) > 1e-4:
        raise RuntimeError(f"predictions or a run of {STEPS} steps differ from torch's ({text}); expected 1e-4")
    return f"largest differences from torch: {text}; ready after {result['ready'] / 1000:.1f} s"


def run_request(name: str, plan: RunPlan, target: int, steps: int) -> dict[str, Any]:
    """Return the request to the page's worker for a run of Eq. 3 by one network, as JSON."""
    config = replace(plan.config, steps=steps).to_json()
    mask = np.ones(plan.start.shape[-2:], bool) if plan.mask is None else plan.mask
    return {
        "painters": [{"name": name, "config": config, "penalty": "eq3"}], "interval": steps, "sure": 0.9,
        "start": plan.start.ravel().tolist(), "mask": mask.ravel().astype(int).tolist(), "target": target,
        "weight": plan.weight,
    }  # fmt: skip


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the folder at a URL, only under `SUB_PATH`."""

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            inside = path.split("?")[0].removeprefix(f"/{SUB_PATH}/")
            return super().translate_path(f"/{inside}" if inside != path.split("?")[0] else "/nothing/there")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{SUB_PATH}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _chromium(url: str, dark: bool) -> Iterator[_Opened]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(color_scheme="dark" if dark else "light")
        page.goto(url)
        try:
            yield page.evaluate, lambda width: page.set_viewport_size({"width": width, "height": 900}), page.goto
        finally:
            browser.close()


@contextmanager
def _firefox(url: str, dark: bool) -> Iterator[_Opened]:
    """Any Firefox, over its own WebDriver BiDi: Playwright drives only its own build."""
    from websockets.sync.client import connect

    path = shutil.which("firefox") or shutil.which("firefox-esr")
    if path is None:
        raise RuntimeError("there is no Firefox on the PATH; apt-get install firefox-esr")
    with tempfile.TemporaryDirectory() as profile:
        (Path(profile) / "user.js").write_text(
            f'user_pref("layout.css.prefers-color-scheme.content-override", {int(not dark)});'
        )
        command = [path, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        log = Path(profile) / "log"
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            with connect(f"{_listening(log)}/session", max_size=None) as socket:
                send = functools.partial(_send, socket)
                send("session.new", {"capabilities": {}})
                context = send("browsingContext.create", {"type": "tab"})["context"]

                def navigate(target: str) -> None:
                    send("browsingContext.navigate", {"context": context, "url": target, "wait": "complete"})

                navigate(url)

                def evaluate(expression: str) -> Any:
                    parameters = {"expression": expression, "target": {"context": context}, "awaitPromise": True}
                    answer = send("script.evaluate", parameters)
                    if answer["type"] != "success":
                        raise RuntimeError(f"Firefox: {answer['exceptionDetails']['text']}")
                    return answer["result"].get("value")

                def resize(width: int) -> None:
                    send(
                        "browsingContext.setViewport", {"context": context, "viewport": {"width": width, "height": 900}}
                    )

                yield evaluate, resize, navigate
        finally:
            process.terminate()
            process.wait(timeout=20)


def _listening(log: Path) -> str:
    """Return the address that Firefox reports to listen on."""
    for _ in range(300):
        if address := re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text(errors="replace")):
            return address[1]
        time.sleep(0.1)
    raise RuntimeError("Firefox did not start within 30 s")


def _send(socket: Any, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Send a command and return its result; ignore events in between."""
    number = next(_NUMBERS)
    socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
    while (answer := json.loads(socket.recv())).get("id") != number:
        pass
    if answer["type"] == "error":
        raise RuntimeError(f"Firefox refused {method}: {answer['message']}")
    return answer["result"]


_BROWSERS = {"chromium": _chromium, "firefox": _firefox}
