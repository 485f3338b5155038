"""Without torch, maps, waves and charts still work; everything else is explained in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ui.page_runner import PAGE

ROOT = Path(__file__).parents[3]
REASON = "libgomp.so.1: cannot open shared object file"
# Simulate a system without libgomp: torch is installed, and its import ends in an OSError.
TORCH = f"raise OSError({REASON!r})"
# One server, as in the app: one page after another, each in its own session.
SCRIPT = f"""
import os
import time
from streamlit.testing.v1 import AppTest
from ui.server.cache import LOADING

def opened(page, query=None, **state):
    app = AppTest.from_file(f"{{os.environ['HOME']}}/{{page}}_app.py", default_timeout=120)
    app.session_state[LOADING] = True
    app.query_params.update(query or {{}})
    for key, value in state.items():
        app.session_state[key] = value
    return app.run()

def check(app, errors):
    assert not app.exception, app.exception
    assert app.get("bidi_component"), "the maps, or the stored run"
    told = "Torch does not start on this machine ({REASON})"
    assert sum(told in error.value for error in app.error) == errors, (app.error, errors)

def says(app, text):
    told = [one.value for one in app.markdown] + [one.proto.body for one in app.get("html")]
    return any(text in one for one in told)

check(opened("frequency"), errors=1)
check(opened("frequency", {{"tab": "Your own words"}}), errors=1)

inpainting = opened("inpainting")
assert says(inpainting, "Mean change of the hole")
check(inpainting, errors=0)
inpainting.button(key="inpainting.start").click().run()
deadline = time.monotonic() + 60
while not inpainting.error and time.monotonic() < deadline:
    time.sleep(0.05)
    inpainting.run()
check(inpainting, errors=1)

check(opened("story"), errors=0)
check(opened("story", {{"chapter": "wave"}}, **{{"story.cell": (3, 4)}}), errors=0)

generation = opened("generation", {{"generation-set": "CIFAR-10, 32 px"}})
assert says(generation, "Recognised by")
check(generation, errors=0)
print("all pages")
"""


@pytest.mark.slow
def test_pages_work_without_torch(tmp_path):
    (tmp_path / "torch.py").write_text(TORCH)
    for page in ("frequency", "inpainting", "generation", "story"):
        (tmp_path / f"{page}_app.py").write_text(PAGE.format(page))
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=240,
        # With the scripts' folder; else Streamlit adds and removes it while a run's thread looks for torch (`app.py`).
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert ended.returncode == 0 and ended.stdout.endswith("all pages\n"), ended.stderr[-3000:]
