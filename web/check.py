"""Compare what a built article computes with torch, in Chromium and Firefox.

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

import numpy as np

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.holes import middle_square
from core.data.sample_sets import CIFAR10
from core.pgd.plan import inpainting_plan
from core.pgd.settings import paper_inpainting

SUB_PATH = "spaces/lab"
STEPS = 20
NETWORK = "mini-clip"
Evaluate = Callable[[str], Any]
_NUMBERS = itertools.count(1)

# The page's own engine, called as the page calls it. `values` is defined before it.
_COMPUTE = """
(async () => {
  const began = performance.now(), float = (values) => Float32Array.from(values);
  const { engine } = article, names = [values.network];
  await engine.load(names);
  const ready = performance.now() - began;
  const { logits } = await engine.request("predict", { names, pictures: values.pictures.map(float) });
  let state;
  const run = { ...values.run, start: float(values.run.start), mask: Uint8Array.from(values.run.mask) };
  const { last } = await engine.run(run, (part) => (state = part));
  const all = logits[values.network].map((row) => [...row]);
  return JSON.stringify({ ready, logits: all, loss: state.entropy + state.term, images: [...last] });
})()
"""


def check_article(folder: Path, browsers: Iterable[str] = ("chromium", "firefox")) -> str:
    """Return one sentence on the comparison.

    Raises:
        RuntimeError: a browser is missing, or its results differ; one sentence.
    """
    sentences = []
    with served(folder) as url:
        homes = {"": url, ", from a file": (folder.resolve() / "index.html").as_uri()}
        for name, (how, home) in itertools.product(browsers, homes.items()):
            with _BROWSERS[name](home) as evaluate:
                sentences.append(f"{name}{how}: {_compared(evaluate)}")
    return "; ".join(sentences)


def _compared(evaluate: Evaluate) -> str:
    """Compare predictions and a short run of the page with torch's."""
    import torch

    from core.pgd.live import Run

    data, mask = load_samples("cifar10-samples"), middle_square(32)
    plan = inpainting_plan(data.images[4][None], mask, ["deer"], paper_inpainting(32, 16))
    images = data.images[:20].astype(np.float32) / 255
    config = replace(plan.config, steps=STEPS).to_json()
    run = {
        "painters": [{"name": NETWORK, "config": config, "penalty": "eq3"}], "interval": STEPS, "weight": plan.weight,
        "start": plan.start.ravel().tolist(), "mask": mask.ravel().astype(int).tolist(),
        "target": CIFAR10.names.index("deer"),
    }  # fmt: skip
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
def _chromium(url: str) -> Iterator[Evaluate]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(url)
        try:
            yield page.evaluate
        finally:
            browser.close()


@contextmanager
def _firefox(url: str) -> Iterator[Evaluate]:
    """Any Firefox, over its own WebDriver BiDi: Playwright drives only its own build."""
    from websockets.sync.client import connect

    path = shutil.which("firefox") or shutil.which("firefox-esr")
    if path is None:
        raise RuntimeError("there is no Firefox on the PATH; apt-get install firefox-esr")
    with tempfile.TemporaryDirectory() as profile:
        command = [path, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        log = Path(profile) / "log"
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            with connect(f"{_listening(log)}/session", max_size=None) as socket:
                send = functools.partial(_send, socket)
                send("session.new", {"capabilities": {}})
                context = send("browsingContext.create", {"type": "tab"})["context"]

                send("browsingContext.navigate", {"context": context, "url": url, "wait": "complete"})

                def evaluate(expression: str) -> Any:
                    parameters = {"expression": expression, "target": {"context": context}, "awaitPromise": True}
                    answer = send("script.evaluate", parameters)
                    if answer["type"] != "success":
                        raise RuntimeError(f"Firefox: {answer['exceptionDetails']['text']}")
                    return answer["result"].get("value")

                yield evaluate
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
