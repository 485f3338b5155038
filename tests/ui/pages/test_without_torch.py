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
from streamlit.testing.v1 import AppTest
from ui.server.cache import LOADING

def check(page, text="", errors=0, press=None, query=None, **state):
    app = AppTest.from_file(f"{{os.environ['HOME']}}/{{page}}_app.py", default_timeout=120)
    app.session_state[LOADING] = True
    app.query_params.update(query or {{}})
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    assert text in "".join([*(one.value for one in app.markdown), *(one.proto.body for one in app.get("html"))])
    if press:
        app.button(key=press).click().run()
        if (active := app.session_state[f"{{page}}.runs"].active) is not None:
            assert active.job.wait(60)
        app.run()
    assert not app.exception and app.get("bidi_component"), "the maps, or the stored run"
    told = [error.value for error in app.error if "Torch does not start on this machine ({REASON})" in error.value]
    assert len(told) == errors, (app.error, errors)

check("frequency")
check("frequency", errors=1, query={{"tab": "Your own words"}})
check("inpainting", "Mean change of the hole")
check("inpainting", errors=1, press="inpainting.start")
check("story")
check("story", query={{"chapter": "wave"}}, **{{"story.cell": (3, 4)}})
check("story", query={{"chapter": "hole"}})
check("generation", "Recognised by", query={{"generation-set": "CIFAR-10, 32 px"}})
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
